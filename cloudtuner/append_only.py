"""Tables that only grow: a migration operation that makes PostgreSQL refuse every UPDATE, DELETE and TRUNCATE.

The app role is refused twice, by the missing grant and by the trigger; the owner by the trigger.
"""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

# The name is how migrate_all knows which tables to withhold UPDATE and DELETE on.
FUNCTION = "refuse_change_of_append_only_table"

_CREATE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % refused: the table is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'Correct an entry with a new one.';
END $$
"""


class AppendOnly(RunSQL):
    """Makes a table append-only: `AppendOnly("accounts_auditentry")` among a migration's operations.

    The function is created in the schema that is being migrated, so that an organisation's tables depend on nothing
    outside their schema.
    """

    def __init__(self, table: str) -> None:
        triggers = [
            f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW EXECUTE FUNCTION {FUNCTION}()',
            f'CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()',
        ]
        drops = [f'DROP TRIGGER {table}_append_only ON "{table}"', f'DROP TRIGGER {table}_no_truncate ON "{table}"']
        super().__init__(sql=[_CREATE_FUNCTION, *triggers], reverse_sql=[*drops])
        self.table = table

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        """The operation as the migration writer prints it."""
        return (self.__class__.__name__, [self.table], {})

    def describe(self) -> str:
        return f"Make {self.table} append-only"
