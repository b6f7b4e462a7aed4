"""Market-based instruments and their reversals: two tables that only grow."""

from __future__ import annotations

import django.db.models.deletion
import uuid
from django.db import migrations, models

from cloudtuner.append_only import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('emissions', '0003_batches_hold'),
    ]

    operations = [
        migrations.CreateModel(
            name='MarketInstrument',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('rec', 'Renewable energy certificate (REC)'), ('i_rec', 'International REC (I-REC)'), ('go', 'Guarantee of origin (GO)'), ('ppa', 'Power purchase agreement (PPA)'), ('supplier', "Supplier's own factor")], max_length=16)),
                ('energy_uwh', models.BigIntegerField(help_text='Micro-watt-hours; 1 MWh is 10^12.')),
                ('factor_kg_per_kwh', models.DecimalField(decimal_places=9, max_digits=18)),
                ('hour_from', models.BigIntegerField(help_text='First hour of the first calendar month (UTC) that it answers for.')),
                ('hour_through', models.BigIntegerField(help_text='Last hour of the last one, included.')),
                ('accounts', models.JSONField(blank=True, default=list, help_text='Usage accounts that it is for; empty: all.')),
                ('regions', models.JSONField(blank=True, default=list, help_text='Regions that it is for; empty: all.')),
                ('registry', models.CharField(blank=True, default='', max_length=128)),
                ('serials', models.CharField(blank=True, default='', max_length=512)),
                ('note', models.CharField(blank=True, default='', max_length=512)),
                ('evidence_name', models.CharField(max_length=255)),
                ('evidence_digest', models.CharField(help_text='sha256 of the file in the content store.', max_length=64)),
                ('evidence_size', models.BigIntegerField()),
                ('recorded_by', models.UUIDField()),
                ('recorded_by_name', models.CharField(max_length=320)),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['recorded_at', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('energy_uwh__gt', 0)), name='instrument_energy_positive'), models.CheckConstraint(condition=models.Q(('factor_kg_per_kwh__gte', 0)), name='instrument_factor_not_negative'), models.CheckConstraint(condition=models.Q(('hour_through__gte', models.F('hour_from'))), name='instrument_hours_in_order'), models.CheckConstraint(condition=models.Q(('kind__in', ['rec', 'i_rec', 'go', 'ppa', 'supplier'])), name='instrument_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='InstrumentReversal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=512)),
                ('reversed_by', models.UUIDField()),
                ('reversed_by_name', models.CharField(max_length=320)),
                ('reversed_at', models.DateTimeField()),
                ('instrument', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='emissions.marketinstrument')),
            ],
        ),
        AppendOnly("emissions_marketinstrument"),
        AppendOnly("emissions_instrumentreversal"),
    ]
