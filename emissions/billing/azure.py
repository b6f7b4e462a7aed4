"""Azure cost and usage details (EA, MCA and pay-as-you-go; actual and amortised): what its columns mean.

Sources: Microsoft's "Understand cost details fields", 2025, and public exports of the FinOps toolkit. The same column is
spelt differently by agreement and version, in Pascal or camel case. `Date` is a day in UTC, written MM/DD/YYYY or ISO;
a line stands for the whole day. `UnitOfMeasure` carries a multiplier ("10K", "100 Hours").
"""

from __future__ import annotations

from emissions.billing.formats import BillFormat
from emissions.billing.places import COMPACT, LAST_PART, LOWER, first, fixed, joined

MOMENTS = ("%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%Y%m%d")
# Exports of enterprise agreements never name an invoice: what a month cost is settled when it has ended, and restated
# by a later export.
NO_INVOICES = "settled when the month ends"

# Price sheets and some exports name a region by its meters' words, which `COMPACT` has made one.
REGION_NAMES = {
    "useast": "eastus",
    "useast2": "eastus2",
    "uswest": "westus",
    "uswest2": "westus2",
    "uswest3": "westus3",
    "uscentral": "centralus",
    "usnorthcentral": "northcentralus",
    "ussouthcentral": "southcentralus",
    "uswestcentral": "westcentralus",
    "cacentral": "canadacentral",
    "caeast": "canadaeast",
    "brsouth": "brazilsouth",
    "eunorth": "northeurope",
    "euwest": "westeurope",
    "frcentral": "francecentral",
    "dewestcentral": "germanywestcentral",
    "noeast": "norwayeast",
    "chnorth": "switzerlandnorth",
    "secentral": "swedencentral",
    "incentral": "centralindia",
    "insouth": "southindia",
    "inwest": "westindia",
    "jaeast": "japaneast",
    "jawest": "japanwest",
    "krcentral": "koreacentral",
    "krsouth": "koreasouth",
    "apeast": "eastasia",
    "apsoutheast": "southeastasia",
    "aueast": "australiaeast",
    "ausoutheast": "australiasoutheast",
    "aenorth": "uaenorth",
    "zanorth": "southafricanorth",
}

AZURE = BillFormat(
    name="azure",
    title="Azure cost export",
    provider="azure",
    columns={
        "payer": first("BillingAccountId", "EnrollmentNumber", "SubscriptionId", "SubscriptionGuid", forms=(LAST_PART,)),
        "account": first("SubscriptionId", "SubscriptionGuid", forms=(LOWER,)),
        "invoice": first("invoiceId", default=NO_INVOICES),
        "period_start": first("BillingPeriodStartDate"),
        "line_type": first("ChargeType", default="Usage"),
        "start": first("Date", "UsageDate", "UsageDateTime"),
        "service": first("MeterCategory"),
        "usage_type": joined(first("MeterSubCategory"), first("MeterName")),
        "operation": fixed(""),
        "unit": first("UnitOfMeasure", "unit"),
        "region": first("ResourceLocation", "MeterRegion", forms=(COMPACT,), renamed=REGION_NAMES),
        "instance_type": first("AdditionalInfo[ServiceType]"),
        "quantity": first("Quantity", "UsageQuantity", "ConsumedQuantity"),
        "cost": first("CostInBillingCurrency", "Cost", "PreTaxCost", "ExtendedCost"),
        "currency": first("BillingCurrency", "BillingCurrencyCode", "Currency"),
    },
    optional=frozenset({"invoice", "period_start", "line_type", "region", "instance_type", "currency"}),
    energy_line_types=frozenset({"Usage"}),
    moments=MOMENTS,
    lasts_hours=24,
    absent=("", "NULL", "Unassigned", "Unknown", "N/A"),
)
