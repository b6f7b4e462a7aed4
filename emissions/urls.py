"""The pages of bills, ledger and nodes, on an organisation's host."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from emissions.views import bills, coverage, documents, efficiency, factors, instruments, ledger, nodes

app_name = "emissions"

# What the public host shows as well, for any member.
_open = permission_required(None)

urlpatterns = [
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger.csv", ledger.ledger_file, {"form": "csv"}, name="ledger_csv"),
    path("ledger.parquet", ledger.ledger_file, {"form": "parquet"}, name="ledger_parquet"),
    path("bills/", bills.bills, name="bills"),
    path("bills/import/", bills.bill_import, name="bill_import"),
    path("bills/sample/", bills.bill_sample, name="bill_sample"),
    path("bills/uploads/<uuid:upload_id>/", bills.upload, name="upload"),
    path("bills/uploads/<uuid:upload_id>/confirm/", bills.confirm_upload, name="upload_confirm"),
    path("bills/versions/<uuid:version_id>/", bills.version, name="bill_version"),
    path("bills/versions/<uuid:version_id>/confirm/", bills.confirm, name="bill_confirm"),
    path("bills/versions/<uuid:version_id>/discard/", bills.discard, name="bill_discard"),
    path("coverage/", coverage.coverage_page, name="coverage"),
    path("efficiency/", efficiency.efficiency_page, name="efficiency"),
    path("instruments/", instruments.instruments_page, name="instruments"),
    path("instruments/new/", instruments.instrument_new, name="instrument_new"),
    path("instruments/<uuid:instrument_id>/reverse/", instruments.reverse_instrument, name="instrument_reverse"),
    path("instruments/<uuid:instrument_id>/evidence/", instruments.evidence, name="instrument_evidence"),
    path("nodes/", nodes.nodes, name="nodes"),
    path("factors/", require_safe(_open(factors.explorer)), name="factors"),
    path("factors/row/", require_safe(_open(factors.factor_row)), name="factor_row"),
    path("factors/diff/", require_safe(_open(factors.factors_diff)), name="factors_diff"),
    path("docs/<slug:name>/", require_safe(_open(documents.document)), name="document"),
]
