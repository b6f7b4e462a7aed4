"""Google Cloud billing export, standard and detailed: what its columns mean.

Source: Google's schemas of the standard and the detailed usage cost data, 2026. BigQuery writes them to Parquet as
structs; flattened queries write dotted or underscored columns, and CSV holds JSON texts. `usage.unit` is a base unit
(seconds, byte-seconds, bytes, requests). Invoices follow Pacific time, so a line belongs to the month (UTC) it starts in.
"""

from __future__ import annotations

from emissions.billing.formats import BillFormat
from emissions.billing.places import First, first, fixed


def _nested(path: str) -> First:
    return first(path, path.replace(".", "_"))


GCP = BillFormat(
    name="gcp",
    title="Google Cloud billing export",
    provider="gcp",
    columns={
        "payer": first("billing_account_id"),
        # Charges beyond projects (support, commitments) carry no energy, but each line needs an owner.
        "account": first("project.id", "project_id", "billing_account_id"),
        "invoice": _nested("invoice.month"),
        "line_type": first("cost_type", default="regular"),
        "start": first("usage_start_time"),
        "end": first("usage_end_time"),
        "service": _nested("service.description"),
        "usage_type": _nested("sku.description"),
        "operation": fixed(""),
        "unit": _nested("usage.unit"),
        "region": first("location.region", "location_region", "location.location", "location_location"),
        "instance_type": first(
            "system_labels[compute.googleapis.com/machine_spec]", "labels[compute.googleapis.com/machine_spec]", "machine_spec"
        ),
        "quantity": _nested("usage.amount"),
        "cost": first("cost"),
        "currency": first("currency"),
    },
    optional=frozenset({"invoice", "line_type", "region", "instance_type", "currency"}),
    energy_line_types=frozenset({"regular"}),
)
