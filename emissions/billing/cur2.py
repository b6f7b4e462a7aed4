"""AWS Cost and Usage Report 2.0 (Data Exports, COST_AND_USAGE_REPORT): what its columns mean.

Source of the column list: AWS Data Exports column list, 2026-07. Times are UTC. Line types other than the three below
(Tax, Fee, RIFee, Credit, Refund, SavingsPlanNegation, …) move money, not electrons.
"""

from __future__ import annotations

from fractions import Fraction

from emissions.billing.formats import BillFormat, Unit

_UNITS = {
    "hrs": Unit("hour", Fraction(1)),
    "hour": Unit("hour", Fraction(1)),
    "hours": Unit("hour", Fraction(1)),
    "instance-hrs": Unit("hour", Fraction(1)),
    "vcpu-hours": Unit("hour", Fraction(1)),
    "acu-hr": Unit("hour", Fraction(1)),
    "dpu-hour": Unit("hour", Fraction(1)),
    "rpu-hr": Unit("hour", Fraction(1)),
    "gb-mo": Unit("gb_month", Fraction(1)),
    "gb-month": Unit("gb_month", Fraction(1)),
    "tb-mo": Unit("gb_month", Fraction(1000)),
    "gb-hours": Unit("gb_hour", Fraction(1)),
    "gb-hr": Unit("gb_hour", Fraction(1)),
    "gb": Unit("gb", Fraction(1)),
    "gigabytes": Unit("gb", Fraction(1)),
    "gigabyte": Unit("gb", Fraction(1)),
    "tb": Unit("gb", Fraction(1000)),
    "lambda-gb-second": Unit("second", Fraction(1)),
    "gb-second": Unit("second", Fraction(1)),
    "gb-seconds": Unit("second", Fraction(1)),
    "second": Unit("second", Fraction(1)),
    "seconds": Unit("second", Fraction(1)),
}

CUR2 = BillFormat(
    name="cur2",
    title="AWS CUR 2.0",
    provider="aws",
    columns={
        "payer": "bill_payer_account_id",
        "account": "line_item_usage_account_id",
        "invoice": "bill_invoice_id",
        "period_start": "bill_billing_period_start_date",
        "line_id": "identity_line_item_id",
        "line_type": "line_item_line_item_type",
        "start": "line_item_usage_start_date",
        "end": "line_item_usage_end_date",
        "service": "line_item_product_code",
        "usage_type": "line_item_usage_type",
        "operation": "line_item_operation",
        "unit": "pricing_unit",
        "region": "product_region_code",
        "instance_type": "product_instance_type",
        "quantity": "line_item_usage_amount",
        "cost": "line_item_unblended_cost",
        "currency": "line_item_currency_code",
    },
    optional=frozenset({"instance_type", "operation", "currency"}),
    energy_line_types=frozenset({"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"}),
    units=_UNITS,
    effective_costs={
        "DiscountedUsage": "reservation_effective_cost",
        "SavingsPlanCoveredUsage": "savings_plan_savings_plan_effective_cost",
    },
)
