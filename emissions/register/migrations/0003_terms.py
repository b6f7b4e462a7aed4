from django.db import migrations, models


class Migration(migrations.Migration):
    """What scores are worth, as the chain says."""

    dependencies = [("emissions_register", "0002_work")]

    operations = [
        migrations.CreateModel(
            name="PublishedTerms",
            fields=[
                ("from_hour", models.BigIntegerField(primary_key=True, serialize=False)),
                ("units_per_ug", models.BigIntegerField(help_text="TUNER base units of a microgram at score 1.")),
                ("avoided_weight_bp", models.BigIntegerField(help_text="The weight of avoided micrograms, in basis points.")),
                ("score_floor_bp", models.IntegerField(help_text="The lowest score, in basis points.")),
            ],
        ),
    ]
