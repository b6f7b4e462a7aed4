"""The explorer's pages by micrograms: an index in their order, so that no page sorts the ledger."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("emissions", "0005_instruments")]

    operations = [
        migrations.AddIndex("ledgerhour", models.Index(F("operational_ug") + F("embodied_ug"), name="ledger_ug", condition=Q(sign=1))),
    ]
