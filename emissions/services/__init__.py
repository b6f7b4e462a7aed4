"""Writes: uploads, versions, the ledger and its reports. One function per use case."""

from emissions.register.services import report_accept
from emissions.services.batches import ledger_verify
from emissions.services.ingest import upload_read
from emissions.services.nodes import node_enrol
from emissions.services.reports import reports_build
from emissions.services.uploads import bill_upload
from emissions.services.versions import bill_version_confirm, bill_version_discard

__all__ = [
    "bill_upload",
    "bill_version_confirm",
    "bill_version_discard",
    "ledger_verify",
    "node_enrol",
    "report_accept",
    "reports_build",
    "upload_read",
]
