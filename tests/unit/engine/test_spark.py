"""The same query on Apache Spark gives the same integers. Slow to start, so only in the deep tests; needs Java."""

from __future__ import annotations

import pytest

from cloudtuner.errors import BillError
from emissions.engine.estimate import estimate

pytestmark = [
    pytest.mark.deep,
    # Spark's own Python code and its sockets warn about themselves.
    pytest.mark.filterwarnings("ignore"),
]


def test_estimate__on_spark__equals_duckdb(samples, factors):
    for delivery in (samples.first, samples.second):
        with (
            estimate([delivery.path], factor_set=factors) as here,
            estimate([delivery.path], factor_set=factors, engine="spark") as there,
        ):
            assert here.hours.num_rows > 1000
            assert here.hours.equals(there.hours)
            assert here.accounts == there.accounts


def test_estimate__on_spark_with_hours_of_the_day__equals_duckdb(samples, factors, hourly):
    with (
        estimate([samples.first.path], factor_set=hourly) as here,
        estimate([samples.first.path], factor_set=hourly, engine="spark") as there,
        estimate([samples.first.path], factor_set=factors) as flat,
    ):
        assert here.hours.equals(there.hours)
        assert not here.hours.equals(flat.hours)


def test_estimate__on_spark__leaves_out_what_cannot_be_valued_and_refuses_what_does_not_fit(write_bill, factors):
    amounts = ["1", "-0.3141592653", "1e20", "x", "0", "7.5", "1e-7", "123456.789"]
    costs = ["1", "free", "-2", "0.0000005"]
    path = write_bill(
        [
            {"line_item_usage_amount": amount, "line_item_unblended_cost": cost, "line_item_usage_type": usage_type}
            for amount in amounts
            for cost in costs
            for usage_type in ("APS3-BoxUsage:m5.large", "APS3-Mystery")
        ]
    )
    with estimate([path], factor_set=factors) as here, estimate([path], factor_set=factors, engine="spark") as there:
        assert here.counts.quarantined > 0
        assert here.counts == there.counts
        assert here.quarantined == there.quarantined
        assert here.hours.equals(there.hours)
    with pytest.raises(BillError, match="do not fit 64 bits"):
        estimate([write_bill([{"line_item_usage_amount": "2e8"}] * 2400)], factor_set=factors, engine="spark")
