"""What the admin calls a row of the register; no table changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("certificates_register", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="certificateindex", options={"ordering": ["certificate_id", "edition"], "verbose_name": "certificate"}
        ),
    ]
