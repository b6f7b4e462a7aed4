"""Rows by their micrograms, so that the page of the largest does not sort the whole ledger."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("emissions", "0003_batches_hold")]

    operations = [
        migrations.AddIndex(
            model_name="ledgerhour",
            index=models.Index(F("operational_ug") + F("embodied_ug"), name="ledger_ug", condition=Q(sign=1)),
        )
    ]
