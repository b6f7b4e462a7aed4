"""Whose rows these are: the organisation that is open, and its nodes."""

from __future__ import annotations

from accounts.models import Organization
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import current_schema, is_public
from emissions.register.models import NodeBinding


def own_organization() -> Organization:
    """The organisation whose schema is open. Raises ServiceError outside of one."""
    if is_public():
        raise ServiceError("no organisation is open", code="tenant.none", hint="Ask on the organisation's own address.")
    return Organization.objects.get(schema_name=current_schema())


def own_nodes() -> list[NodeBinding]:
    """The organisation's nodes by node id."""
    return list(NodeBinding.objects.filter(organization=own_organization().uuid).order_by("node"))
