"""A ledger row opens to the bill lines that make it up."""

from __future__ import annotations

from fractions import Fraction

import pytest

from emissions.engine.estimate import estimate
from emissions.engine.trace import trace_lines
from emissions.samples import ANALYTICS, PRODUCTION

HOUR = 491640


def test_trace__every_row_of_an_hour__adds_up(samples, factors):
    with estimate([samples.first.path], factor_set=factors) as found:
        rows = [row for row in found.hours.to_pylist() if row["hour"] == HOUR]
    for account in (PRODUCTION, ANALYTICS):
        traced = trace_lines([samples.first.path], factor_set=factors, account=account, hour=HOUR)
        for row in (row for row in rows if row["account"] == account):
            lines = [
                line
                for line in traced
                if (line.region, line.service, line.category, line.quality)
                == (row["region"], row["service"], row["category"], row["quality"])
            ]
            assert len(lines) == row["lines"]
            for name in ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul"):
                assert sum(getattr(line.figures, name) for line in lines) == row[name]


def test_trace__copies_of_a_line_under_two_accounts__only_one_account_has_it(write_bill, factors):
    bill = write_bill(
        [{"line_item_usage_account_id": account, "identity_line_item_id": "one"} for account in ("1" * 12, "2" * 12)]
    )
    with estimate([bill], factor_set=factors) as found:
        (row,) = found.hours.to_pylist()
    traced = {
        account: trace_lines([bill], factor_set=factors, account=account, hour=row["hour"]) for account in ("1" * 12, "2" * 12)
    }
    assert {account for account, lines in traced.items() if lines} == {row["account"]}


def test_trace__line_too_large_to_be_valued__is_not_among_the_rows_lines(write_bill, factors):
    bill = write_bill([{"identity_line_item_id": "one"}, {"identity_line_item_id": "two", "line_item_usage_amount": "9e29"}])
    with estimate([bill], factor_set=factors) as found:
        assert [bad.code for bad in found.quarantined] == ["line.too_large"]
        (row,) = found.hours.to_pylist()
    (line,) = trace_lines([bill], factor_set=factors, account=row["account"], hour=row["hour"])
    assert line.figures.ug == row["operational_ug"] + row["embodied_ug"]


def test_trace__line__names_file_line_and_every_factor(samples, factors, slow):
    (line,) = trace_lines(
        [samples.first.path], factor_set=factors, account=PRODUCTION, hour=HOUR, service="AmazonRDS", category="database"
    )
    row = slow.rows(samples.first.path)[line.line - 2]
    assert row["line_item_usage_type"] == line.usage_type
    assert row["line_item_usage_amount"] == line.quantity
    assert line.file.endswith(".csv.gz")
    parts = {term.part: term.value for term in line.terms}
    product = Fraction(line.quantity) * parts["power"] * parts["copies"] * parts["PUE"] * parts["grid"] * 10**6
    assert line.figures.operational_ug == round(product)
    assert all(term.source for term in line.terms)


@pytest.mark.parametrize(("narrow", "count"), [({"limit": 2}, 2), ({"region": "eu-north-1"}, 0), ({"service": "AmazonS3"}, 2)])
def test_trace__narrowed__gives_that_part(samples, factors, narrow, count):
    traced = trace_lines([samples.first.path], factor_set=factors, account=PRODUCTION, hour=HOUR, **narrow)
    assert len(traced) == count
