"""The pages of bills, ledger and nodes, on an organisation's host."""

from __future__ import annotations

from django.urls import path

from emissions.views import bills, ledger, nodes

app_name = "emissions"

urlpatterns = [
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger.csv", ledger.ledger_file, {"form": "csv"}, name="ledger_csv"),
    path("ledger.parquet", ledger.ledger_file, {"form": "parquet"}, name="ledger_parquet"),
    path("bills/", bills.bills, name="bills"),
    path("bills/import/", bills.bill_import, name="bill_import"),
    path("bills/sample/", bills.bill_sample, name="bill_sample"),
    path("bills/uploads/<uuid:upload_id>/", bills.upload, name="upload"),
    path("bills/versions/<uuid:version_id>/", bills.version, name="bill_version"),
    path("bills/versions/<uuid:version_id>/confirm/", bills.confirm, name="bill_confirm"),
    path("bills/versions/<uuid:version_id>/discard/", bills.discard, name="bill_discard"),
    path("nodes/", nodes.nodes, name="nodes"),
]
