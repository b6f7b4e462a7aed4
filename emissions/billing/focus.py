"""FOCUS 1.0, 1.1 and 1.2 of four providers: what its columns mean, and what each provider adds.

Source: FinOps Open Cost and Usage Specification v1.0, v1.1, v1.2; the providers' own columns (`x_…`, `oci_…`) from their
FOCUS export pages. FOCUS names a service and a region; what was used says `SkuMeter` (since 1.1) or a column of the
provider. Where neither is there the description of the charge is all there is.
"""

from __future__ import annotations

from collections.abc import Mapping

from emissions.billing import aws
from emissions.billing.azure import MOMENTS, NO_INVOICES
from emissions.billing.formats import BillFormat, Corrects, Idle
from emissions.billing.places import COMPACT, LAST_PART, LOWER, Source, first, fixed, joined
from emissions.billing.units import Unit

_COLUMNS: Mapping[str, Source] = {
    "payer": first("BillingAccountId", forms=(LAST_PART,)),
    "account": first("SubAccountId", "BillingAccountId", forms=(LAST_PART,)),
    "invoice": first("InvoiceId", "x_InvoiceId", default=NO_INVOICES),
    "period_start": first("BillingPeriodStart"),
    "line_type": first("ChargeCategory"),
    "start": first("ChargePeriodStart"),
    "end": first("ChargePeriodEnd"),
    "service": first("ServiceName"),
    "usage_type": first("SkuMeter", "ChargeDescription"),
    "operation": fixed(""),
    "unit": first("ConsumedUnit", "PricingUnit"),
    "region": first("RegionId"),
    "instance_type": first("SkuPriceDetails[InstanceType]"),
    "quantity": first("ConsumedQuantity", "PricingQuantity"),
    "cost": first("EffectiveCost", "BilledCost"),
    "currency": first("BillingCurrency"),
}


def _focus(
    provider: str,
    title: str,
    spellings: set[str],
    columns: Mapping[str, Source],
    *,
    units: Mapping[str, Unit] | None = None,
    corrects: Corrects | None = None,
) -> BillFormat:
    return BillFormat(
        name="focus",
        title=f"FOCUS ({title})",
        provider=provider,
        columns={**_COLUMNS, **columns},
        optional=frozenset({"invoice", "region", "instance_type", "operation", "line_id"} & {*_COLUMNS, *columns}),
        told_by=first("ProviderName", "ServiceProviderName", "HostProviderName"),
        spellings=frozenset(spellings),
        energy_line_types=frozenset({"Usage"}),
        idle=(Idle("CommitmentDiscountStatus", "UnusedCommitment", ("Unused",)),),
        corrects=corrects,
        units=units or {},
        moments=MOMENTS,
        lasts_hours=24,
    )


FOCUS_AWS = _focus(
    "aws",
    "AWS",
    {"aws", "amazon web services", "amazon web services, inc.", "amazon web services inc."},
    {
        "service": first("x_ServiceCode", "ServiceName", renamed=aws.PRODUCT_CODES),
        "usage_type": first("SkuMeter", "x_UsageType", "ChargeDescription"),
        "operation": first("x_Operation"),
        "instance_type": first("SkuPriceDetails[InstanceType]", "SkuPriceDetails[x_InstanceType]", "x_InstanceType"),
    },
    units=aws.UNITS,
)
FOCUS_AZURE = _focus(
    "azure",
    "Azure",
    {"microsoft", "azure", "microsoft azure"},
    {
        "account": first("SubAccountId", "x_SubscriptionId", "BillingAccountId", forms=(LAST_PART, LOWER)),
        "service": first("x_SkuMeterCategory", "ServiceName"),
        "usage_type": joined(first("x_SkuMeterSubcategory"), first("x_SkuMeterName", "SkuMeter", "ChargeDescription")),
        "region": first("RegionId", "RegionName", forms=(COMPACT,)),
        "instance_type": first(
            "x_SkuDetails[ServiceType]", "SkuPriceDetails[InstanceType]", "SkuPriceDetails[x_InstanceType]", "x_SkuType"
        ),
    },
)
FOCUS_GCP = _focus(
    "gcp",
    "Google Cloud",
    {"google", "google cloud", "google cloud platform", "gcp"},
    {
        "usage_type": first("x_SkuDescription", "SkuMeter", "ChargeDescription"),
        "instance_type": first("SkuPriceDetails[InstanceType]", "SkuPriceDetails[machine_spec]", "x_MachineSpec"),
    },
)
FOCUS_OCI = _focus(
    "oci",
    "OCI",
    {"oracle", "oracle cloud", "oracle cloud infrastructure", "oci"},
    {
        "line_id": first("oci_ReferenceNumber", "oci_ReferenceNo"),
        "service": first("ServiceName"),
        "usage_type": first("ChargeDescription", "SkuId"),
        "region": first("RegionId", forms=(LOWER,)),
    },
    corrects=Corrects(first("oci_BackReferenceNumber", "oci_BackReferenceNo"), "ChargeClass", ("Correction",)),
)
