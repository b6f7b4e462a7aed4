"""Whose rows these are: the nodes of the organisation that is open."""

from __future__ import annotations

from accounts.selectors import current_organization
from emissions.register.models import NodeBinding


def own_nodes() -> list[NodeBinding]:
    """The organisation's nodes by node id."""
    return list(NodeBinding.objects.filter(organization=current_organization().uuid).order_by("node"))
