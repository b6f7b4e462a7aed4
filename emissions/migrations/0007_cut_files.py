"""Files that were cut out of an uploaded file with lines of several bills."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("emissions", "0005_instruments")]

    operations = [
        migrations.AddField(
            model_name="uploadfile",
            name="cut_from",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cuts",
                to="emissions.uploadfile",
            ),
        ),
    ]
