"""What can be done with organisations, members and keys for machines. One module per thing."""

from accounts.services.api_keys import api_key_create, api_key_revoke
from accounts.services.invitations import invitation_accept, invitation_create, invitation_revoke
from accounts.services.memberships import membership_change_role, membership_remove
from accounts.services.organizations import organization_create, organization_set_state, slug_for

__all__ = [
    "api_key_create",
    "api_key_revoke",
    "invitation_accept",
    "invitation_create",
    "invitation_revoke",
    "membership_change_role",
    "membership_remove",
    "organization_create",
    "organization_set_state",
    "slug_for",
]
