"""Who: organisations with their hosts, people, what ties them, and the keys and notes kept for them. All in `public`."""

from accounts.models.access import ApiKey, Invitation, Membership
from accounts.models.audit import AuditEntry
from accounts.models.keys import OrganizationKey
from accounts.models.organization import Domain, Organization
from accounts.models.user import User

__all__ = ["ApiKey", "AuditEntry", "Domain", "Invitation", "Membership", "Organization", "OrganizationKey", "User"]
