"""The ledger only grows: PostgreSQL itself refuses to change what was posted."""

from __future__ import annotations

from django.db import migrations

from cloudtuner.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("emissions", "0001_initial")]

    operations = [
        AppendOnly("emissions_ledgerbatch"),
        AppendOnly("emissions_ledgerseries"),
        AppendOnly("emissions_ledgerhour"),
    ]
