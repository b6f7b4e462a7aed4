"""The sample bills are the same bytes every time, quick, small, and hold what they say."""

from __future__ import annotations

import time

import pytest

from cloudtuner.clock import month_hours
from emissions.engine.estimate import estimate
from emissions.engine.recompute import recompute
from emissions.engine.work import weigh
from emissions.poce.live import LiveReport
from emissions.poce.score import scores
from emissions.samples import ANALYTICS, WEB, write_sample_bills


@pytest.mark.slow
def test_samples__same_seed__same_bytes(samples, tmp_path):
    started = time.process_time()
    again = write_sample_bills(tmp_path)
    assert time.process_time() - started < 3
    for ours, theirs in zip(samples.all, again.all, strict=True):
        assert ours.path.read_bytes() == theirs.path.read_bytes()
        assert ours.path.stat().st_size < 1_000_000
    other = write_sample_bills(tmp_path / "other", seed=1)
    assert other.first.path.read_bytes() != again.first.path.read_bytes()


def test_samples__deliveries__restate_duplicate_and_invoice_as_declared(samples, slow):
    identity = ("line_item_usage_account_id", "line_item_usage_type", "line_item_line_item_type", "line_item_usage_start_date")
    first, second, lowered = (
        {tuple(row[name] for name in identity): row for row in slow.rows(delivery.path)}
        for delivery in (samples.first, samples.second, samples.lowered)
    )
    changes = [float(second[at]["line_item_usage_amount"]) - float(first[at]["line_item_usage_amount"]) for at in first]
    assert (sum(change > 0 for change in changes), sum(change < 0 for change in changes)) == (
        samples.second.up,
        samples.second.down,
    )
    assert samples.second.up > 100 < samples.second.down
    falls = [float(lowered[at]["line_item_usage_amount"]) - float(second[at]["line_item_usage_amount"]) for at in second]
    assert not any(change > 0 for change in falls)
    assert sum(change < 0 for change in falls) == samples.lowered.down > 100
    assert samples.first.duplicates > 0
    assert {row["bill_invoice_id"] for row in slow.rows(samples.uninvoiced.path)} == {""}
    assert all(row["bill_invoice_id"] for row in slow.rows(samples.following.path))
    assert {row["product_region_code"] for row in slow.rows(samples.first.path)} == {"ap-south-1", "us-east-1", "eu-north-1", ""}


def test_samples__past__is_twelve_months_by_day_and_invoiced(samples, slow):
    assert [delivery.month for delivery in samples.past] == [*((2025, month) for month in range(2, 13)), (2026, 1)]
    assert all(delivery.lines < 700 for delivery in samples.past)
    rows = slow.rows(samples.past[0].path)
    assert all(row["bill_invoice_id"] for row in rows)
    assert {row["line_item_usage_start_date"][10:] for row in rows} == {"T00:00:00Z"}


def test_samples__following__has_all_of_analytics_in_stockholm(samples, slow):
    rows = [row for row in slow.rows(samples.following.path) if row["line_item_line_item_type"] not in ("Tax", "Credit")]
    regions = {row["line_item_usage_account_id"]: set() for row in rows}
    for row in rows:
        regions[row["line_item_usage_account_id"]].add(row["product_region_code"])
    assert regions[ANALYTICS] == regions[WEB] == {"eu-north-1"}


@pytest.mark.slow
def test_samples__account_that_moved__scores_exactly_20000(samples, factors):
    months = []
    for place, delivery in enumerate((*samples.past[-6:], samples.following)):
        with estimate([delivery.path], factor_set=factors) as found:
            lines = found.stripped(ANALYTICS)
        figures, work = recompute(lines, factors), weigh(lines, factors)
        hours = month_hours(*delivery.month)
        months.append(
            LiveReport("0x", place, *hours, figures.ug, 0, work_uwh=work.work_uwh, scored_ug=work.scored_ug, coverage_bp=9_900)
        )
    moved = scores(months)[-1]
    assert (moved.refusal, moved.score_bp) == (None, 20_000)
    assert moved.base is not None
    assert 9 < moved.base.intensity / moved.intensity < 10
