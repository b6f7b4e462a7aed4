from django.db import migrations, models


class Migration(migrations.Migration):
    """Reports say how much work they stand for."""

    dependencies = [("emissions_register", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="reportcommitment",
            name="work_uwh",
            field=models.BigIntegerField(
                default=0, help_text="Energy at reference consumption: the work of the efficiency score."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="reportcommitment",
            name="scored_ug",
            field=models.BigIntegerField(default=0, help_text="Operational µg on the score's basis."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="reportcommitment",
            name="coverage_bp",
            field=models.IntegerField(default=0, help_text="Share of energy-bearing spend with a model, in basis points."),
            preserve_default=False,
        ),
    ]
