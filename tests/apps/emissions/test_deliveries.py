"""Files that belong together or do not: hours that stand in another file, and two copies of a month."""

from __future__ import annotations

import pytest

from cloudtuner.clock import hour_start, month_hours
from emissions import selectors
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.models import LedgerHour
from emissions.sample_exports import csv_bytes, gcp_text_rows

JULY = month_hours(2026, 7)[0]
TEMPLATE = gcp_text_rows()[0]


def usage(hours, *, invoice: str, cost: float = 0.1) -> list[dict]:
    """A machine of Google Cloud, billed by the hour."""
    times = ((f"{hour_start(hour):%Y-%m-%d %H:%M:%S} UTC", f"{hour_start(hour + 1):%Y-%m-%d %H:%M:%S} UTC") for hour in hours)
    return [
        {**TEMPLATE, "usage_start_time": start, "usage_end_time": end, "invoice.month": invoice, "cost": cost}
        for start, end in times
    ]


@pytest.fixture
def ug_of(tmp_path):
    """µg of some lines by the engine alone."""

    def figures(*parts: list[dict]) -> int:
        path = tmp_path / "alone.csv"
        path.write_bytes(csv_bytes([row for rows in parts for row in rows]))
        with estimate([path], factor_set=load_factor_set()) as found:
            return found.ug

    return figures


def reviewed(upload) -> dict[int, object]:
    """The versions of an upload by their month."""
    return {bill.period_from: selectors.bill_version(summary.id) for bill, summary in upload.versions}


def test_invoice_months__hours_spilled_into_the_next__are_not_replaced_without_a_word(room, ug_of):
    """Google's invoice of June follows Pacific time: it ends seven hours into July, UTC."""
    june, spilled = usage(range(JULY - 5, JULY), invoice="202606"), usage(range(JULY, JULY + 7), invoice="202606")
    july = usage(range(JULY + 7, JULY + 30), invoice="202607")
    room.upload(csv_bytes([*june, *spilled]), name="june.csv")
    assert room.total() == ug_of(june, spilled)

    alone = reviewed(room.upload(csv_bytes(july), name="july.csv"))[JULY]
    assert alone.state == "review"
    (flag,) = alone.flags
    assert flag.code == "hours.missing"
    assert flag.text.startswith("7 hours that had lines have none: 2026-07-01 00:00 to 07:00 UTC.")
    assert "upload both files together" in flag.text
    assert room.total() == ug_of(june, spilled), "nothing is lost before somebody confirms it"

    upload = room.upload(csv_bytes([*june, *spilled]), csv_bytes(july), name="june.csv")
    assert "bill.unchanged" in [note.code for note in upload.notes], "June"
    together = reviewed(upload)[JULY]
    assert (together.state, together.flags) == ("review", ())
    room.confirm(together)
    assert room.total() == ug_of(june, spilled, july)


def test_copies_of_a_month__under_two_names_without_line_ids__wait_until_somebody_says_which(room, ug_of):
    older = usage(range(JULY, JULY + 40), invoice="")
    newer = usage(range(JULY, JULY + 50), invoice="202607", cost=0.2)
    version = reviewed(room.upload(csv_bytes(older), csv_bytes(newer), name="july.csv"))[JULY]
    assert version.state == "review"
    (flag,) = version.flags
    assert flag.code == "files.repeated"
    assert flag.text.startswith("1-july.csv says again about 100 % of what july.csv says, and both count.")
    assert not LedgerHour.objects.exists()
    room.confirm(version)
    assert room.total() == ug_of(older, newer), "they are added up only on somebody's word"


def test_parts_of_a_month__without_line_ids__count_together_at_once(room, ug_of):
    first, second = usage(range(JULY, JULY + 20), invoice="202607"), usage(range(JULY + 18, JULY + 40), invoice="202607")
    version = reviewed(room.upload(csv_bytes(first), csv_bytes(second), name="july.csv"))[JULY]
    assert (version.state, version.flags) == ("confirmed", ())
    assert room.total() == ug_of(first, second)
