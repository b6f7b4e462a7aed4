"""What confirming a version would change, and what a person should see before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db.models import Sum

from cloudtuner.clock import hour_start
from emissions.models import AccountDay, BillVersion, LedgerMonth
from emissions.services.grouping import FILES_REPEATED
from emissions.services.ledger import Replaced, periods_touched
from emissions.store import default_store

_SHOWN = 5
_TOGETHER = "If another file has them, as where files follow invoices and not the calendar (UTC), upload both files together."

_Days = dict[int, int]
"""Which hours of an account's days have lines: bit n of a day (hour // 24) is set when hour n has."""


def version_compare(version: BillVersion) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """What confirming the version would change, by account, and what a person should see before.

    Flags: `account.missing`, `days.missing` and `hours.missing` (the ledger has what the version lacks),
    `account.other_bill` (another export's figures would be replaced), and those that its files gave it when they were
    sorted (`files.repeated`).
    """
    bill = version.bill
    touched = periods_touched(version)
    months = LedgerMonth.objects.filter(series__provider=bill.provider, series__period_from=bill.period_from)
    by_account = months.values_list("series__account").annotate(ug=Sum("operational_ug") + Sum("embodied_ug"))
    old_ug = dict(by_account.values_list("series__account", "ug"))
    old_days = _days_in_ledger(version)
    new_days = _days_in_version(version) if old_days else {}
    new = {row.account: row for row in version.accounts.all()}
    diff: list[dict[str, Any]] = []
    flags = [flag for flag in version.flags if flag["code"] == FILES_REPEATED]
    others = _accounts_of_other_bills(version, touched)
    for slot in touched:
        account, row = slot.account, new.get(slot.account)
        before = old_days.get(account, {})
        diff.append(
            {
                "account": account,
                "old_ug": int(old_ug.get(account) or 0),
                "new_ug": row.ug + row.by_cost_ug if row else 0,
                "old_days": len(before),
                "new_days": len(row.days) if row else 0,
            }
        )
        told = [("account.missing", "The ledger has this account; this version does not.")]
        if row:
            told = list(_missing(before, new_days.get(account, {})))
        if account in others:
            told.append(("account.other_bill", f"Confirming replaces the figures of the export {others[account]}."))
        flags.extend({"code": code, "account": account, "text": text} for code, text in told)
    return diff, flags


def _days_in_ledger(version: BillVersion) -> dict[str, _Days]:
    bill = version.bill
    found: dict[str, _Days] = {}
    there = AccountDay.objects.filter(provider=bill.provider, period_from=bill.period_from)
    for account, hour, hours in there.values_list("account", "hour", "hours"):
        found.setdefault(account, {})[hour // 24] = hours
    return found


def _days_in_version(version: BillVersion) -> dict[str, _Days]:
    hours = pq.read_table(default_store().path(version.hours_digest), columns=["account", "hour"])
    told = hours.group_by(["account", "hour"]).aggregate([])
    bits = pc.shift_left(pa.scalar(1, pa.int64()), pc.subtract(told["hour"], pc.multiply(pc.divide(told["hour"], 24), 24)))
    days = pa.table([told["account"], pc.divide(told["hour"], 24), bits], ["account", "day", "bits"])
    found: dict[str, _Days] = {}
    for row in days.group_by(["account", "day"]).aggregate([("bits", "sum")]).to_pylist():
        found.setdefault(row["account"], {})[row["day"]] = row["bits_sum"]
    return found


def _missing(before: Mapping[int, int], after: Mapping[int, int]) -> Iterator[tuple[str, str]]:
    """The flags of an account for the days, and for the hours of other days, that had lines and have none."""
    if days := [day * 24 for day in sorted(before) if day not in after]:
        shown = _listed([f"{hour_start(hour):%Y-%m-%d}" for hour in days])
        yield "days.missing", f"{_counted(days, 'day')} that had lines have none: {shown}. {_TOGETHER}"
    hours = [
        day * 24 + hour for day in sorted(before) if day in after for hour in range(24) if before[day] & ~after[day] & 1 << hour
    ]
    if hours:
        yield "hours.missing", f"{_counted(hours, 'hour')} that had lines have none: {_listed(_spans(hours))}. {_TOGETHER}"


def _spans(hours: Sequence[int]) -> Iterator[str]:
    """Hours that follow each other, as people say them: from the beginning of the first to the end of the last, UTC."""
    for _, following in groupby(zip(hours, count(), strict=False), lambda pair: pair[0] - pair[1]):
        span = [hour for hour, _ in following]
        yield f"{hour_start(span[0]):%Y-%m-%d %H:%M} to {hour_start(span[-1] + 1):%H:%M} UTC"


def _counted(found: Sequence[int], word: str) -> str:
    return f"{len(found)} {word}{'' if len(found) == 1 else 's'}"


def _listed(told: Iterable[str]) -> str:
    texts = list(told)
    shown = ", ".join(texts[:_SHOWN])
    return f"{shown} and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else shown


def _accounts_of_other_bills(version: BillVersion, touched: Sequence[Replaced]) -> dict[str, str]:
    """Accounts whose period the ledger follows by another bill's version now → that bill's export."""
    old = {slot.old_version for slot in touched if slot.old_version is not None}
    owners = {
        row.pk: row.bill for row in BillVersion.objects.filter(pk__in=old).exclude(bill=version.bill_id).select_related("bill")
    }
    return {slot.account: str(owners[slot.old_version]) for slot in touched if slot.old_version in owners}
