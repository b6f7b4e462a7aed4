"""AWS Cost and Usage Report, the legacy one: CSV with `lineItem/UsageType`, Parquet with `line_item_usage_type`.

Sources: AWS Cost and Usage Reports user guide, column lists; a public report of November 2023 with 94 columns. Which
`product/…` columns there are varies by month, and `product/region` may be filled where `product/regionCode` is not.
"""

from __future__ import annotations

from emissions.billing.aws import ENERGY_LINE_TYPES, UNITS
from emissions.billing.formats import BillFormat, Idle
from emissions.billing.places import First, first


def _both(slashed: str, snake: str) -> First:
    return first(slashed, snake)


CUR = BillFormat(
    name="cur",
    title="AWS CUR (legacy)",
    provider="aws",
    columns={
        "payer": _both("bill/PayerAccountId", "bill_payer_account_id"),
        "account": _both("lineItem/UsageAccountId", "line_item_usage_account_id"),
        "invoice": _both("bill/InvoiceId", "bill_invoice_id"),
        "period_start": _both("bill/BillingPeriodStartDate", "bill_billing_period_start_date"),
        "line_id": _both("identity/LineItemId", "identity_line_item_id"),
        "line_type": _both("lineItem/LineItemType", "line_item_line_item_type"),
        "start": _both("lineItem/UsageStartDate", "line_item_usage_start_date"),
        "end": _both("lineItem/UsageEndDate", "line_item_usage_end_date"),
        "service": _both("lineItem/ProductCode", "line_item_product_code"),
        "usage_type": _both("lineItem/UsageType", "line_item_usage_type"),
        "operation": _both("lineItem/Operation", "line_item_operation"),
        "unit": _both("pricing/unit", "pricing_unit"),
        "region": first("product/regionCode", "product/region", "product_region_code", "product_region"),
        "instance_type": _both("product/instanceType", "product_instance_type"),
        "quantity": _both("lineItem/UsageAmount", "line_item_usage_amount"),
        "cost": _both("lineItem/UnblendedCost", "line_item_unblended_cost"),
        "currency": _both("lineItem/CurrencyCode", "line_item_currency_code"),
    },
    optional=frozenset({"instance_type", "operation", "currency", "region"}),
    energy_line_types=ENERGY_LINE_TYPES,
    idle=(
        Idle("splitLineItem/ParentResourceId", "SplitLineItem"),
        Idle("split_line_item_parent_resource_id", "SplitLineItem"),
    ),
    effective_costs={
        "DiscountedUsage": _both("reservation/EffectiveCost", "reservation_effective_cost"),
        "SavingsPlanCoveredUsage": _both("savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost"),
    },
    units=UNITS,
)
