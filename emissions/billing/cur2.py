"""AWS Cost and Usage Report 2.0 (Data Exports, COST_AND_USAGE_REPORT): what its columns mean.

Source of the column list: AWS Data Exports column list, 2026-07. Times are UTC. An export is a query, so it may leave
out `product_region_code` for the map `product`.
"""

from __future__ import annotations

from emissions.billing.aws import ENERGY_LINE_TYPES, UNITS
from emissions.billing.formats import BillFormat, Idle
from emissions.billing.places import first

CUR2 = BillFormat(
    name="cur2",
    title="AWS CUR 2.0",
    provider="aws",
    columns={
        "payer": first("bill_payer_account_id"),
        "account": first("line_item_usage_account_id"),
        "invoice": first("bill_invoice_id"),
        "period_start": first("bill_billing_period_start_date"),
        "line_id": first("identity_line_item_id"),
        "line_type": first("line_item_line_item_type"),
        "start": first("line_item_usage_start_date"),
        "end": first("line_item_usage_end_date"),
        "service": first("line_item_product_code"),
        "usage_type": first("line_item_usage_type"),
        "operation": first("line_item_operation"),
        "unit": first("pricing_unit"),
        "region": first("product_region_code", "product[region_code]", "product[region]"),
        "instance_type": first("product_instance_type", "product[instance_type]"),
        "quantity": first("line_item_usage_amount"),
        "cost": first("line_item_unblended_cost"),
        "currency": first("line_item_currency_code"),
    },
    optional=frozenset({"instance_type", "operation", "currency"}),
    # The legacy report in Parquet has all of these columns and this one.
    unlike=("product_region",),
    energy_line_types=ENERGY_LINE_TYPES,
    # A container's share of an instance that has a line of its own.
    idle=(Idle("split_line_item_parent_resource_id", "SplitLineItem"),),
    effective_costs={
        "DiscountedUsage": first("reservation_effective_cost"),
        "SavingsPlanCoveredUsage": first("savings_plan_savings_plan_effective_cost"),
    },
    units=UNITS,
)
