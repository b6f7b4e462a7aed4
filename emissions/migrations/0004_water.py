"""Water beside carbon: a measure of every ledger row. Rows and roots that were posted before it stay as they are."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("emissions", "0003_batches_hold")]

    operations = [
        migrations.AddField("ledgerhour", "water_ul", models.BigIntegerField(db_default=0, help_text="Micro-litres; 0 in rows older than the measure.")),
        migrations.AddField("ledgerday", "water_ul", models.BigIntegerField(db_default=0, help_text="Micro-litres; 0 in rows older than the measure.")),
        migrations.AddField("ledgerbatch", "form", models.SmallIntegerField(default=2, db_default=1, help_text="Which columns the root covers.")),
        migrations.AddConstraint("ledgerbatch", models.CheckConstraint(condition=Q(form__in=[1, 2]), name="batch_form_known")),
        migrations.AddField("billversion", "currency", models.CharField(max_length=8, default="", db_default="", blank=True, help_text="What its costs are counted in.")),
    ]
