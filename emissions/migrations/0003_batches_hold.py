"""Series and rows join only the batch that comes next, and a batch is what it says: checked once per statement."""

from __future__ import annotations

from django.db import migrations

# `closed` is the last series of the last batch. Series are numbered without a gap, so every number between it and the last
# one of all is a series of the coming batch: rows are checked without looking any of them up.
CREATE = """
CREATE FUNCTION emissions_series_join_the_next_batch() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  coming bigint := (SELECT coalesce(max(number), 0) + 1 FROM emissions_ledgerbatch);
  closed integer := coalesce((SELECT series_through FROM emissions_ledgerbatch ORDER BY number DESC LIMIT 1), 0);
BEGIN
  IF EXISTS (SELECT 1 FROM added WHERE batch_id <> coming OR id <= closed) THEN
    RAISE EXCEPTION 'series join batch % only: the others are closed', coming USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER emissions_ledgerseries_next_batch AFTER INSERT ON emissions_ledgerseries
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION emissions_series_join_the_next_batch();

CREATE FUNCTION emissions_rows_join_the_next_batch() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  coming bigint := (SELECT coalesce(max(number), 0) + 1 FROM emissions_ledgerbatch);
  closed integer := coalesce((SELECT series_through FROM emissions_ledgerbatch ORDER BY number DESC LIMIT 1), 0);
  last integer := coalesce((SELECT max(id) FROM emissions_ledgerseries), 0);
BEGIN
  IF EXISTS (SELECT 1 FROM added WHERE series_id <= closed OR series_id > last) THEN
    RAISE EXCEPTION 'rows join batch % only: the others are closed', coming USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER emissions_ledgerhour_next_batch AFTER INSERT ON emissions_ledgerhour
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION emissions_rows_join_the_next_batch();

CREATE FUNCTION emissions_batch_is_what_it_says() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  closed integer := coalesce((SELECT series_through FROM emissions_ledgerbatch ORDER BY number DESC LIMIT 1), 0);
  there bigint := (SELECT count(*) FROM emissions_ledgerhour WHERE series_id > closed);
BEGIN
  IF there <> NEW.row_count THEN
    RAISE EXCEPTION 'batch % says % rows and has %', NEW.number, NEW.row_count, there USING ERRCODE = 'restrict_violation';
  END IF;
  IF (SELECT count(*) <> NEW.series_through - closed OR coalesce(max(id), closed) <> NEW.series_through
        OR coalesce(sum(row_count), 0) <> there
      FROM emissions_ledgerseries WHERE id > closed) THEN
    RAISE EXCEPTION 'batch % does not have the series % to %', NEW.number, closed + 1, NEW.series_through
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER emissions_ledgerbatch_holds BEFORE INSERT ON emissions_ledgerbatch
  FOR EACH ROW EXECUTE FUNCTION emissions_batch_is_what_it_says();
"""

DROP = """
DROP TRIGGER emissions_ledgerbatch_holds ON emissions_ledgerbatch;
DROP FUNCTION emissions_batch_is_what_it_says();
DROP TRIGGER emissions_ledgerhour_next_batch ON emissions_ledgerhour;
DROP FUNCTION emissions_rows_join_the_next_batch();
DROP TRIGGER emissions_ledgerseries_next_batch ON emissions_ledgerseries;
DROP FUNCTION emissions_series_join_the_next_batch();
"""


class Migration(migrations.Migration):
    dependencies = [("emissions", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
