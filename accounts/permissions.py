"""What each role may do, as data: a role is a bundle of permission strings, and nothing else decides.

Preparing and approving are different permissions, so that from two members on they can be different people.
"""

from __future__ import annotations

from django.db import models

LEDGER_VIEW = "ledger.view"
BILL_VIEW = "bill.view"
BILL_UPLOAD = "bill.upload"
BILL_CONFIRM = "bill.confirm"
INSTRUMENT_RECORD = "instrument.record"
CLAIM_VIEW = "claim.view"
RETIRE_PREPARE = "retire.prepare"
RETIRE_APPROVE = "retire.approve"
CERTIFICATE_VIEW = "certificate.view"
CERTIFICATE_DOWNLOAD = "certificate.download"
MEMBER_MANAGE = "member.manage"
ORGANIZATION_MANAGE = "organization.manage"
AUDIT_VIEW = "audit.view"

ALL = frozenset(
    {
        LEDGER_VIEW, BILL_VIEW, BILL_UPLOAD, BILL_CONFIRM, INSTRUMENT_RECORD, CLAIM_VIEW, RETIRE_PREPARE,
        RETIRE_APPROVE, CERTIFICATE_VIEW, CERTIFICATE_DOWNLOAD, MEMBER_MANAGE, ORGANIZATION_MANAGE, AUDIT_VIEW,
    }
)  # fmt: skip

# What the API's endpoints ask for: a key that names more opens no more.
API_SCOPES = (CERTIFICATE_VIEW, CERTIFICATE_DOWNLOAD)

# What a person would call it, after "your role does not include".
DEEDS: dict[str, str] = {
    LEDGER_VIEW: "reading the ledger",
    BILL_VIEW: "looking into bills",
    BILL_UPLOAD: "bringing in bills",
    BILL_CONFIRM: "confirming a newer version of a bill",
    INSTRUMENT_RECORD: "recording market-based instruments",
    CLAIM_VIEW: "seeing claims and lots",
    RETIRE_PREPARE: "preparing a retirement",
    RETIRE_APPROVE: "approving a retirement",
    CERTIFICATE_VIEW: "seeing certificates",
    CERTIFICATE_DOWNLOAD: "downloading certificates",
    MEMBER_MANAGE: "inviting and changing members",
    ORGANIZATION_MANAGE: "changing the organisation's settings",
    AUDIT_VIEW: "reading the audit log",
}


class Role(models.TextChoices):
    """The roles a member can have."""

    OWNER = "owner", "Owner"
    LEAD = "lead", "Lead"
    ANALYST = "analyst", "Analyst"
    TREASURY = "treasury", "Treasury"
    CONNECTOR = "connector", "Connector"
    AUDITOR = "auditor", "Auditor"
    VIEWER = "viewer", "Viewer"


_READ = frozenset({LEDGER_VIEW, BILL_VIEW, CLAIM_VIEW, CERTIFICATE_VIEW, CERTIFICATE_DOWNLOAD})

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OWNER: ALL,
    Role.LEAD: _READ | {BILL_UPLOAD, BILL_CONFIRM, INSTRUMENT_RECORD, RETIRE_PREPARE, RETIRE_APPROVE, AUDIT_VIEW},
    Role.ANALYST: _READ | {BILL_UPLOAD, INSTRUMENT_RECORD, RETIRE_PREPARE},
    Role.TREASURY: frozenset({LEDGER_VIEW, CLAIM_VIEW, RETIRE_APPROVE, CERTIFICATE_VIEW, CERTIFICATE_DOWNLOAD}),
    # One page: brings bills in, sees no emissions and no tokens.
    Role.CONNECTOR: frozenset({BILL_UPLOAD}),
    Role.AUDITOR: _READ | {AUDIT_VIEW},
    Role.VIEWER: frozenset({LEDGER_VIEW, CLAIM_VIEW, CERTIFICATE_VIEW}),
}

SUMMARIES: dict[str, str] = {
    Role.OWNER: "Everything, including members and settings.",
    Role.LEAD: "Brings in and confirms bills, records instruments, prepares and approves retirements.",
    Role.ANALYST: "Brings in bills, records instruments, and prepares retirements that somebody else approves.",
    Role.TREASURY: "Approves and signs retirements.",
    Role.CONNECTOR: "Brings in bills; sees no emissions and no tokens.",
    Role.AUDITOR: "Reads ledger, evidence, certificates and the audit log until a set day.",
    Role.VIEWER: "Reads the ledger, claims and certificates.",
}

# An auditor's access always ends; 90 days unless the invitation says another day.
EXPIRING_ROLES = frozenset({Role.AUDITOR})
DEFAULT_EXPIRY_DAYS = 90


def allows(role: str, permission: str) -> bool:
    """Whether a role holds a permission. An unknown permission is a mistake in the code and raises.

    >>> allows("analyst", "retire.prepare"), allows("analyst", "retire.approve")
    (True, False)
    """
    if permission not in ALL:
        raise ValueError(f"{permission!r} is no permission; the list is accounts.permissions.ALL")
    return permission in PERMISSIONS.get(role, frozenset())
