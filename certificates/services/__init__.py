"""What can be done with certificates: issue, withdraw, and bring an organisation up to date."""

from certificates.services.issuing import certificate_issue
from certificates.services.upkeep import organization_bring_up_to_date
from certificates.services.withdrawing import certificate_revoke

__all__ = ["certificate_issue", "certificate_revoke", "organization_bring_up_to_date"]
