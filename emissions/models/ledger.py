"""The hourly ledger: rows are only ever added, and every batch names the one before it.

A row is short: the number of its series, its hour and eight integers. What all hours of a series share (account, region,
service …) is said once, in the series. The texts in every row took more room and time than the figures.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from emissions.models.bills import BillVersion

SERIES_KEY = ("account", "region", "service", "category", "quality", "basis")
# The narrow one stands last, so that no byte of a row is padding.
MEASURES = ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul", "cost_micro", "lines")
# What single rows can be sorted by; `least` and `most` of a series are in this order. "ug" is operational and embodied.
BOUNDED = ("ug", "operational_ug", "embodied_ug", "energy_uwh", "water_ul", "lines", "cost_micro")


class LedgerBatch(models.Model):
    """What one confirmed version added. A version is posted at most once; triggers refuse UPDATE, DELETE and TRUNCATE.

    `batch_hash` covers every other column and `prev_hash`, so that a batch cannot be changed, dropped or put between
    others without changing all that follow.
    """

    number = models.BigIntegerField(primary_key=True)
    version = models.OneToOneField(BillVersion, on_delete=models.PROTECT, related_name="batch")
    prev_hash = models.CharField(max_length=66)
    merkle_root = models.CharField(max_length=66)
    row_count = models.BigIntegerField()
    series_through = models.IntegerField(help_text="Number of its last series; those of the next batch come after it.")
    engine = models.CharField(max_length=66)
    factor_set = models.CharField(max_length=66)
    bill_digest = models.CharField(max_length=66)
    posted_by = models.CharField(max_length=320)
    posted_at = models.DateTimeField()
    batch_hash = models.CharField(max_length=66, unique=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="batch_number_from_one"),
            models.CheckConstraint(condition=Q(row_count__gte=0), name="batch_rows_not_negative"),
            models.UniqueConstraint(fields=["prev_hash"], name="batch_chain_does_not_fork"),
        ]

    def __str__(self) -> str:
        return f"batch {self.number}"


class LedgerSeries(models.Model):
    """The hours of one row key as one batch states them, or the reversal of another series, every amount negated.

    A series is reversed at most once. One that states and was not reversed is live: live series are what is true now.
    `least` and `most` bound its rows by each of BOUNDED, so that a page of the largest rows need not read all.
    """

    id = models.IntegerField(primary_key=True, help_text="1, 2, 3 … through all batches, without a gap.")
    batch = models.ForeignKey(LedgerBatch, on_delete=models.PROTECT, related_name="series", db_constraint=False)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversal", db_constraint=False)
    provider = models.CharField(max_length=16)
    period_from = models.BigIntegerField(help_text="First hour of the billing period that states it.")
    account = models.CharField(max_length=128)
    region = models.CharField(max_length=64)
    service = models.CharField(max_length=128)
    category = models.CharField(max_length=64)
    quality = models.CharField(max_length=16)
    basis = models.CharField(max_length=16)
    row_count = models.IntegerField()
    hour_from = models.IntegerField()
    hour_through = models.IntegerField()
    daily = models.BooleanField(help_text="Billed by the day: all rows of its account, region, service and category begin one.")
    least = ArrayField(models.BigIntegerField(), default=list, help_text="Empty in reversals.")
    most = ArrayField(models.BigIntegerField(), default=list, help_text="Empty in reversals.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", *SERIES_KEY], condition=Q(reverses=None), name="series_once_per_batch"),
            models.CheckConstraint(condition=Q(basis__in=["direct", "lifecycle"]), name="series_basis_known"),
            models.CheckConstraint(condition=Q(hour_through__gte=F("hour_from")), name="series_hours_in_order"),
            models.CheckConstraint(condition=Q(row_count__gte=1), name="series_has_rows"),
        ]
        indexes = [models.Index(fields=["account", "period_from"], name="series_account_period")]

    def __str__(self) -> str:
        return f"{self.account} {self.service} {self.region}"


class Figures(models.Model):
    """The amounts of a series in an hour, or in all its hours of a stretch that begins there.

    No foreign key is checked, since checking one took longer than all of the copying: a trigger per statement lets rows
    join only the batch that comes next, and a batch is refused unless its series are there and its count is that of its
    rows.
    """

    pk = models.CompositePrimaryKey("series_id", "hour")
    series = models.ForeignKey(LedgerSeries, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    hour = models.IntegerField()
    energy_uwh = models.BigIntegerField()
    operational_ug = models.BigIntegerField()
    embodied_ug = models.BigIntegerField()
    low_ug = models.BigIntegerField()
    high_ug = models.BigIntegerField()
    water_ul = models.BigIntegerField()
    cost_micro = models.BigIntegerField()
    lines = models.IntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.series_id} {self.hour}"


class LedgerHour(Figures):
    """One hour of a series. A plain sum over all rows is what is true now; triggers refuse UPDATE, DELETE and TRUNCATE."""


class LedgerDay(Figures):
    """Live series by day: written again whenever a batch touches their account and period. `hour` is the day's first."""


class LedgerMonth(Figures):
    """Live series by calendar month, UTC: what dashboards and totals read. `hour` is the month's first."""


class AccountPeriod(models.Model):
    """Which version the ledger follows for an account's billing period: the pointer that a restatement moves.

    `version` may hold no line of the account any more: then the account was reversed to nothing.
    """

    provider = models.CharField(max_length=16)
    account = models.CharField(max_length=128)
    period_from = models.BigIntegerField()
    period_through = models.BigIntegerField()
    version = models.ForeignKey(BillVersion, on_delete=models.PROTECT, related_name="periods")

    class Meta:
        ordering = ["period_from", "account"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "account", "period_from"], name="account_period_once"),
            models.CheckConstraint(condition=Q(period_through__gte=F("period_from")), name="account_period_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.period_from}"


class AccountDay(models.Model):
    """Which hours of a day have lines, as 24 bits: what completeness counts. And what they hold, by the hour.

    `ug` leaves out what is billed by the day, and has NULL at an hour without any other row.
    """

    provider = models.CharField(max_length=16)
    period_from = models.BigIntegerField()
    account = models.CharField(max_length=128)
    hour = models.BigIntegerField(help_text="First hour of the day.")
    hours = models.IntegerField(help_text="Bit n is set when hour n of the day has lines.")
    ug = ArrayField(models.BigIntegerField(null=True), size=24)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "period_from", "account", "hour"], name="account_day_once"),
            models.CheckConstraint(condition=Q(hours__range=(0, (1 << 24) - 1)), name="account_day_24_bits"),
        ]
        indexes = [models.Index(fields=["hour"], name="account_day_hour")]

    def __str__(self) -> str:
        return f"{self.account} {self.hour}"
