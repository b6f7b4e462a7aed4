"""A little usage of each provider, written as each of its exports writes it. Deterministic, for tests and first looks.

The same lines in every shape of a provider: what differs between files is spelling, never usage.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from emissions.sample_uses import AWS_USES, AZURE_USES, GCP_USES, MONTH, NEXT, OCI_USES, SampleUse

Row: TypeAlias = dict[str, Any]


def _zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _spaced(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _line_id(number: int) -> str:
    return f"line{number:05d}"


def _cur(uses: Iterable[SampleUse], names: Mapping[str, str], when: Callable[[datetime], str]) -> list[Row]:
    return [
        {
            names["line_id"]: _line_id(number),
            names["invoice"]: "INV-2026-02",
            names["payer"]: "900011112222",
            names["period"]: when(MONTH),
            names["account"]: use.account,
            names["line_type"]: use.kind,
            names["start"]: when(use.start),
            names["end"]: when(use.end),
            names["service"]: use.service,
            names["usage_type"]: use.usage_type,
            names["operation"]: use.operation,
            names["quantity"]: use.quantity,
            names["currency"]: "USD",
            names["cost"]: use.cost,
            names["unit"]: use.unit,
            names["region"]: use.region,
            names["instance_type"]: use.instance_type,
        }
        for number, use in enumerate(uses)
    ]


_SLASHED = {
    "line_id": "identity/LineItemId",
    "invoice": "bill/InvoiceId",
    "payer": "bill/PayerAccountId",
    "period": "bill/BillingPeriodStartDate",
    "account": "lineItem/UsageAccountId",
    "line_type": "lineItem/LineItemType",
    "start": "lineItem/UsageStartDate",
    "end": "lineItem/UsageEndDate",
    "service": "lineItem/ProductCode",
    "usage_type": "lineItem/UsageType",
    "operation": "lineItem/Operation",
    "quantity": "lineItem/UsageAmount",
    "currency": "lineItem/CurrencyCode",
    "cost": "lineItem/UnblendedCost",
    "unit": "pricing/unit",
    "region": "product/region",
    "instance_type": "product/instanceType",
}
_SNAKE = {
    "line_id": "identity_line_item_id",
    "invoice": "bill_invoice_id",
    "payer": "bill_payer_account_id",
    "period": "bill_billing_period_start_date",
    "account": "line_item_usage_account_id",
    "line_type": "line_item_line_item_type",
    "start": "line_item_usage_start_date",
    "end": "line_item_usage_end_date",
    "service": "line_item_product_code",
    "usage_type": "line_item_usage_type",
    "operation": "line_item_operation",
    "quantity": "line_item_usage_amount",
    "currency": "line_item_currency_code",
    "cost": "line_item_unblended_cost",
    "unit": "pricing_unit",
    "region": "product_region",
    "instance_type": "product_instance_type",
}


def cur_rows(uses: Iterable[SampleUse] = AWS_USES) -> list[Row]:
    """Legacy CUR as CSV: slashed names; the region stands in `product/region`, a container's line is there too."""
    rows = _cur(uses, _SLASHED, _zulu)
    for row in rows:
        row["product/regionCode"] = "NULL"
        row["splitLineItem/ParentResourceId"] = ""
    container = {**rows[0], "identity/LineItemId": "pod", "lineItem/UsageType": "APS3-ECS-EC2-vCPU-Hours"}
    return [*rows, {**container, "splitLineItem/ParentResourceId": "i-0abc"}]


def cur_parquet_rows(uses: Iterable[SampleUse] = AWS_USES) -> list[Row]:
    """Legacy CUR as Parquet: snake case."""
    return _cur(uses, _SNAKE, _zulu)


def cur2_rows(uses: Iterable[SampleUse] = AWS_USES) -> list[Row]:
    """CUR 2.0 as CSV: the region and the instance type stand in the map `product`, as JSON."""
    rows = _cur(uses, _SNAKE, _spaced)
    for row in rows:
        product = {"region": row.pop("product_region"), "instance_type": row.pop("product_instance_type"), "vcpu": "2"}
        row["product"] = json.dumps(product)
    return rows


def cur2_table(uses: Iterable[SampleUse] = AWS_USES) -> pa.Table:
    """CUR 2.0 as Data Exports types it in Parquet: a map, timestamps and doubles."""
    rows = _cur(uses, _SNAKE, _spaced)
    times = ("line_item_usage_start_date", "line_item_usage_end_date", "bill_billing_period_start_date")
    for row in rows:
        row["product"] = list({"region": row.pop("product_region"), "instance_type": row.pop("product_instance_type")}.items())
        row |= {name: datetime.fromisoformat(row[name]) for name in times}
        row |= {name: float(row[name] or 0) for name in ("line_item_usage_amount", "line_item_unblended_cost")}
    kinds = {"product": pa.map_(pa.string(), pa.string()), **dict.fromkeys(times, pa.timestamp("ms"))}
    return pa.table({name: pa.array([row[name] for row in rows], kinds.get(name)) for name in rows[0]})


def _focus(uses: Iterable[SampleUse], provider: str, payer: str, **more: Callable[[SampleUse], str]) -> list[Row]:
    categories = {"Unused": "Usage"}
    return [
        {
            "BilledCost": use.cost,
            "BillingAccountId": payer,
            "BillingAccountName": "Aravali",
            "BillingCurrency": "USD",
            "BillingPeriodStart": _zulu(MONTH),
            "BillingPeriodEnd": _zulu(NEXT),
            "ChargeCategory": categories.get(use.kind, use.kind),
            "ChargeClass": "NULL",
            "ChargeDescription": f"{use.usage_type} used",
            "ChargePeriodStart": _zulu(use.start),
            "ChargePeriodEnd": _zulu(use.end),
            "CommitmentDiscountStatus": "Unused" if use.kind == "Unused" else "",
            "ConsumedQuantity": use.quantity,
            "ConsumedUnit": use.unit,
            "ContractedCost": use.cost,
            "EffectiveCost": use.cost,
            "ListCost": use.cost,
            "PricingQuantity": use.quantity,
            "PricingUnit": use.unit,
            "ProviderName": provider,
            "PublisherName": provider,
            "RegionId": use.region,
            "ServiceName": use.service,
            "SubAccountId": use.account,
            "Id": "7",
            **{name: value(use) for name, value in more.items()},
        }
        for use in uses
    ]


def focus_aws_rows(uses: Iterable[SampleUse] = AWS_USES, version: str = "1.2") -> list[Row]:
    """FOCUS of AWS with AWS's own columns: 1.0 names the usage type `x_UsageType`, 1.2 `SkuMeter` and the invoice."""
    more: dict[str, Callable[[SampleUse], str]] = {
        "x_ServiceCode": lambda use: use.service,
        "x_Operation": lambda use: use.operation,
        "SkuPriceDetails": lambda use: json.dumps({"InstanceType": use.instance_type}) if use.instance_type else "",
        "x_UsageType" if version == "1.0" else "SkuMeter": lambda use: use.usage_type,
    }
    if version == "1.2":
        more["InvoiceId"] = lambda use: "INV-2026-02"
    return _focus(uses, "AWS", "900011112222", **more)


def azure_rows(uses: Iterable[SampleUse] = AZURE_USES, style: str = "ea") -> list[Row]:
    """Azure cost details: `ea` in Pascal case with MM/DD/YYYY, `mca` in camel case with ISO dates."""
    kinds = {"Unused": "UnusedReservation"}
    rows = [
        {
            "BillingAccountId": "8611537",
            "BillingPeriodStartDate": "02/01/2026",
            "SubscriptionId": use.account.upper(),
            "Date": use.start.strftime("%m/%d/%Y"),
            "MeterCategory": use.service,
            "MeterSubCategory": use.usage_type.partition(" - ")[0],
            "MeterName": use.usage_type.partition(" - ")[2],
            "MeterRegion": "",
            "Quantity": use.quantity,
            "CostInBillingCurrency": use.cost,
            "BillingCurrencyCode": "USD",
            "ResourceLocation": use.region.upper(),
            "AdditionalInfo": json.dumps({"ServiceType": use.instance_type, "VCPUs": 2}) if use.instance_type else "",
            "Tags": '"org": "aravali"',
            "UnitOfMeasure": use.unit,
            "ChargeType": kinds.get(use.kind, use.kind),
        }
        for use in uses
    ]
    if style == "ea":
        return rows
    for row, use in zip(rows, uses, strict=True):
        row["Date"], row["BillingPeriodStartDate"] = use.start.date().isoformat(), "2026-02-01"
        row["InvoiceId"] = "G012345678"
    names = {"CostInBillingCurrency": "costInBillingCurrency", "BillingCurrencyCode": "billingCurrency", "Date": "date"}
    return [{names.get(key, key[0].lower() + key[1:]): value for key, value in row.items()} for row in rows]


def focus_azure_rows(uses: Iterable[SampleUse] = AZURE_USES) -> list[Row]:
    """FOCUS of Azure: ids are paths, meters stand in Microsoft's own columns."""
    rows = _focus(
        uses,
        "Microsoft",
        "/providers/Microsoft.Billing/billingAccounts/8611537",
        SubAccountId=lambda use: f"/subscriptions/{use.account}",
        x_SkuMeterCategory=lambda use: use.service,
        x_SkuMeterSubcategory=lambda use: use.usage_type.partition(" - ")[0],
        x_SkuMeterName=lambda use: use.usage_type.partition(" - ")[2],
        x_SkuDetails=lambda use: json.dumps({"ServiceType": use.instance_type}) if use.instance_type else "",
    )
    return [{**row, "ServiceName": "Virtual Machines and more"} for row in rows]


def gcp_rows(uses: Iterable[SampleUse] = GCP_USES) -> list[Row]:
    """Google's detailed export as BigQuery nests it."""
    kinds = {"Usage": "regular", "Tax": "tax"}
    return [
        {
            "billing_account_id": "010101-F0FFF0-61C528",
            "service": {"id": "6F81-5844-456A", "description": use.service},
            "sku": {"id": "0000-0000-0000", "description": use.usage_type},
            "usage_start_time": use.start,
            "usage_end_time": use.end,
            "project": {"id": use.account, "number": "1", "name": use.account},
            "labels": [{"key": "team", "value": "web"}],
            "system_labels": [{"key": "compute.googleapis.com/machine_spec", "value": use.instance_type}]
            if use.instance_type
            else [],
            "location": {"location": use.region, "country": "IN", "region": use.region, "zone": None},
            "cost": float(use.cost),
            "currency": "USD",
            "usage": {"amount": float(use.quantity), "unit": use.unit, "pricing_unit": "hour"},
            "credits": [{"name": "none", "amount": 0.0}],
            "invoice": {"month": "202602"},
            "cost_type": kinds[use.kind],
            "export_time": NEXT,
        }
        for use in uses
    ]


def gcp_text_rows(uses: Iterable[SampleUse] = GCP_USES, style: str = "dotted") -> list[Row]:
    """The same as text: `dotted` columns for the parts of a struct, or the structs as `json`."""
    rows: list[Row] = []
    for use, nested in zip(uses, gcp_rows(uses), strict=True):
        row: Row = {}
        for name, value in nested.items():
            if isinstance(value, dict) and style == "dotted":
                row |= {f"{name}.{part}": "" if inner is None else inner for part, inner in value.items()}
            else:
                row[name] = json.dumps(value) if isinstance(value, dict | list) else value
        row |= {name: f"{_spaced(row[name])} UTC" for name in ("usage_start_time", "usage_end_time", "export_time")}
        if style == "dotted":
            row["usage.amount"] = use.quantity
        rows.append(row)
    return rows


def json_lines(rows: list[Row]) -> bytes:
    """Rows as BigQuery exports them to JSON: times as text, numbers of type NUMERIC as text, null values left out."""
    told = [{name: value for name, value in row.items() if value not in (None, [])} for row in rows]
    return "".join(json.dumps(row, default=lambda moment: f"{_spaced(moment)} UTC") + "\n" for row in told).encode()


def focus_gcp_rows(uses: Iterable[SampleUse] = GCP_USES) -> list[Row]:
    """FOCUS of Google Cloud."""
    return _focus(
        uses,
        "Google Cloud",
        "010101-F0FFF0-61C528",
        SkuMeter=lambda use: use.usage_type,
        SkuPriceDetails=lambda use: json.dumps({"machine_spec": use.instance_type}) if use.instance_type else "",
    )


def oci_rows(uses: Iterable[SampleUse] = OCI_USES) -> list[Row]:
    """An OCI cost report; its last line corrects its first."""
    rows = [
        {
            "lineItem/referenceNo": _line_id(number),
            "lineItem/tenantId": use.account,
            "lineItem/intervalUsageStart": use.start.strftime("%Y-%m-%dT%H:%MZ"),
            "lineItem/intervalUsageEnd": _zulu(use.end),
            "product/service": use.service,
            "product/compartmentId": "ocid1.compartment.oc1..prod",
            "product/region": use.region,
            "usage/billedQuantity": use.quantity,
            "cost/subscriptionId": "ocid1.organizationssubscription.oc1..one",
            "cost/productSku": "B00000",
            "product/Description": use.usage_type,
            "cost/myCost": use.cost,
            "cost/currencyCode": "USD",
            "cost/billingUnitReadable": use.unit,
            "lineItem/isCorrection": "false",
            "lineItem/backreferenceNo": "17053",
        }
        for number, use in enumerate(uses)
    ]
    wrong = {**rows[0], "usage/billedQuantity": "9", "lineItem/referenceNo": "old"}
    right = {**rows[0], "lineItem/isCorrection": "true", "lineItem/backreferenceNo": "old"}
    return [wrong, *rows[1:], right]


def focus_oci_rows(uses: Iterable[SampleUse] = OCI_USES) -> list[Row]:
    """FOCUS of OCI."""
    rows = _focus(uses, "Oracle", "ocid1.organizationssubscription.oc1..one")
    return [
        {**row, "ChargeDescription": use.usage_type, "oci_ReferenceNumber": _line_id(n)}
        for n, (row, use) in enumerate(zip(rows, uses, strict=True))
    ]


def csv_bytes(rows: list[Row], *, line_end: str = "\n", mark: bool = False) -> bytes:
    """Rows as CSV in UTF-8, with a byte-order mark if asked."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig" if mark else "utf-8")


def write_parquet(rows: list[Row] | pa.Table, path: Path) -> Path:
    """Rows as Parquet, nested values as structs and lists."""
    pq.write_table(rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows), path)
    return path
