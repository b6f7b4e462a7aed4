"""Oracle Cloud Infrastructure cost report (reports/cost-csv): what its columns mean.

Source: Oracle's cost report schema, 2025, and a public report of November 2023. Times are UTC, lines are hourly. A
correction is a new line that names the line it stands in for; `lineItem/backreferenceNo` alone says nothing.
"""

from __future__ import annotations

from emissions.billing.azure import NO_INVOICES
from emissions.billing.formats import BillFormat, Corrects
from emissions.billing.places import first, fixed

OCI = BillFormat(
    name="oci",
    title="OCI cost report",
    provider="oci",
    columns={
        "payer": first("cost/subscriptionId", "lineItem/tenantId"),
        "account": first("lineItem/tenantId"),
        "invoice": fixed(NO_INVOICES),
        "line_id": first("lineItem/referenceNo"),
        "line_type": fixed("Usage"),
        "start": first("lineItem/intervalUsageStart"),
        "end": first("lineItem/intervalUsageEnd"),
        "service": first("product/service"),
        "usage_type": first("product/Description", "cost/productSku"),
        "operation": fixed(""),
        "unit": first("cost/billingUnitReadable", "cost/skuUnitDescription"),
        "region": first("product/region"),
        "instance_type": fixed(""),
        "quantity": first("usage/billedQuantity"),
        "cost": first("cost/myCost"),
        "currency": first("cost/currencyCode"),
    },
    optional=frozenset({"line_id", "region", "currency"}),
    energy_line_types=frozenset({"Usage"}),
    corrects=Corrects(first("lineItem/backreferenceNo"), "lineItem/isCorrection", ("true", "TRUE", "True")),
)
