"""Rows join only the batch that comes next, and a batch counts its rows: checked once per statement, not once per row."""

from __future__ import annotations

from django.db import migrations

CREATE = """
CREATE FUNCTION emissions_rows_join_the_next_batch() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  coming bigint := (SELECT coalesce(max(number), 0) + 1 FROM emissions_ledgerbatch);
BEGIN
  IF EXISTS (SELECT 1 FROM added WHERE batch_id <> coming) THEN
    RAISE EXCEPTION 'rows join batch % only: the others are closed', coming USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER emissions_ledgerhour_next_batch AFTER INSERT ON emissions_ledgerhour
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION emissions_rows_join_the_next_batch();

CREATE FUNCTION emissions_batch_counts_its_rows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  there bigint := (SELECT count(*) FROM emissions_ledgerhour WHERE batch_id = NEW.number);
BEGIN
  IF there <> NEW.row_count THEN
    RAISE EXCEPTION 'batch % says % rows and has %', NEW.number, NEW.row_count, there USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER emissions_ledgerbatch_counts BEFORE INSERT ON emissions_ledgerbatch
  FOR EACH ROW EXECUTE FUNCTION emissions_batch_counts_its_rows();
"""

DROP = """
DROP TRIGGER emissions_ledgerbatch_counts ON emissions_ledgerbatch;
DROP FUNCTION emissions_batch_counts_its_rows();
DROP TRIGGER emissions_ledgerhour_next_batch ON emissions_ledgerhour;
DROP FUNCTION emissions_rows_join_the_next_batch();
"""


class Migration(migrations.Migration):
    dependencies = [("emissions", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
