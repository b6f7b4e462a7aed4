"""The hourly ledger: rows are only ever added, and every batch names the one before it."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from emissions.models.bills import BillVersion

ROW_KEY = ("account", "hour", "region", "service", "category", "quality", "basis")
MEASURES = ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul", "lines", "cost_micro")
# What a batch's root covered before there was water; batches of that form stay as they were hashed.
FORM_WITHOUT_WATER, FORM = 1, 2


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
    form = models.SmallIntegerField(default=FORM, db_default=FORM_WITHOUT_WATER, help_text="Which columns the root covers.")
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
            models.CheckConstraint(condition=Q(form__in=[FORM_WITHOUT_WATER, FORM]), name="batch_form_known"),
            models.UniqueConstraint(fields=["prev_hash"], name="batch_chain_does_not_fork"),
        ]

    def __str__(self) -> str:
        return f"batch {self.number}"


class LedgerHour(models.Model):
    """One row key as one version states it (`sign` 1), or the reversal of such a row (`sign` -1, every amount negated).

    `version` is the one that states, or stated, the row. A plain sum over all rows is therefore what is true now.

    Two foreign keys checked a row at a time took longer than the COPY itself. Instead a trigger per statement lets rows
    join only the batch that comes next, and a batch is refused unless its count is that of its rows.
    """

    batch = models.ForeignKey(LedgerBatch, on_delete=models.PROTECT, related_name="rows", db_index=False, db_constraint=False)
    version = models.ForeignKey(BillVersion, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    provider = models.CharField(max_length=16)
    period_from = models.BigIntegerField(help_text="First hour of the billing period that states the row.")
    account = models.CharField(max_length=128)
    hour = models.BigIntegerField()
    region = models.CharField(max_length=64)
    service = models.CharField(max_length=128)
    category = models.CharField(max_length=64)
    quality = models.CharField(max_length=16)
    basis = models.CharField(max_length=16)
    sign = models.SmallIntegerField()
    energy_uwh = models.BigIntegerField()
    operational_ug = models.BigIntegerField()
    embodied_ug = models.BigIntegerField()
    low_ug = models.BigIntegerField()
    high_ug = models.BigIntegerField()
    water_ul = models.BigIntegerField(db_default=0, help_text="Micro-litres; 0 in rows older than the measure.")
    lines = models.BigIntegerField()
    cost_micro = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sign__in=[1, -1]), name="ledger_sign_plus_or_minus"),
            models.CheckConstraint(condition=Q(basis__in=["direct", "lifecycle"]), name="ledger_basis_known"),
        ]
        indexes = [
            models.Index(fields=["account", "hour"], name="ledger_account_hour"),
            BrinIndex(fields=["batch", "hour"], name="ledger_batch_hour_brin", autosummarize=True),
            # Every page of the largest rows, first or last, without sorting the ledger.
            models.Index(F("operational_ug") + F("embodied_ug"), name="ledger_ug", condition=Q(sign=1)),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.hour} {self.service}"


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


class LedgerDay(models.Model):
    """The ledger by day for dashboards: written again from the ledger whenever a batch touches its account and period.

    `hour` is the first hour of the day, so that one query text serves this table and LedgerHour.
    """

    provider = models.CharField(max_length=16)
    period_from = models.BigIntegerField()
    account = models.CharField(max_length=128)
    hour = models.BigIntegerField()
    region = models.CharField(max_length=64)
    service = models.CharField(max_length=128)
    category = models.CharField(max_length=64)
    quality = models.CharField(max_length=16)
    basis = models.CharField(max_length=16)
    energy_uwh = models.BigIntegerField()
    operational_ug = models.BigIntegerField()
    embodied_ug = models.BigIntegerField()
    low_ug = models.BigIntegerField()
    high_ug = models.BigIntegerField()
    water_ul = models.BigIntegerField(db_default=0, help_text="Micro-litres; 0 in rows older than the measure.")
    lines = models.BigIntegerField()
    cost_micro = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "period_from", *ROW_KEY],
                name="ledger_day_once",
            ),
            models.CheckConstraint(condition=Q(hour__gte=0), name="ledger_day_hour_not_negative"),
        ]
        indexes = [models.Index(fields=["hour"], name="ledger_day_hour")]

    def __str__(self) -> str:
        return f"{self.account} {self.hour}"


class AccountDay(models.Model):
    """Which hours of a day have lines, as 24 bits: what completeness counts."""

    provider = models.CharField(max_length=16)
    period_from = models.BigIntegerField()
    account = models.CharField(max_length=128)
    hour = models.BigIntegerField(help_text="First hour of the day.")
    hours = models.IntegerField(help_text="Bit n is set when hour n of the day has lines.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "period_from", "account", "hour"], name="account_day_once"),
            models.CheckConstraint(condition=Q(hours__range=(0, (1 << 24) - 1)), name="account_day_24_bits"),
        ]
        indexes = [models.Index(fields=["hour"], name="account_day_hour")]

    def __str__(self) -> str:
        return f"{self.account} {self.hour}"
