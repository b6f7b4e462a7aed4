"""The sample bills are the same bytes every time, quick, small, and hold what they say."""

from __future__ import annotations

import time

from emissions.samples import write_sample_bills


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
