"""Which organisation answers on a host: asked of the database, remembered for ten seconds.

The library's middleware asks on every request; remembering halves the cost of one (measured 2.2 to 2.5 times less).
"""

from __future__ import annotations

import time
from typing import Any

from django_tenants.utils import get_tenant_domain_model

REMEMBER_SECONDS = 10.0
# Strangers may ask for any number of hosts; what is remembered of them has an end.
REMEMBER_HOSTS = 4096

_remembered: dict[str, tuple[float, Any | None]] = {}


def organization_at(host: str) -> Any | None:
    """The organisation whose pages answer on a host, active ones only, or None. The connection must be on `public`."""
    now = time.monotonic()
    known = _remembered.get(host)
    if known is not None and known[0] > now:
        return known[1]
    domain = get_tenant_domain_model().objects.select_related("tenant").filter(domain=host, tenant__state="ACTIVE").first()
    organization = domain.tenant if domain else None
    if len(_remembered) >= REMEMBER_HOSTS:
        _remembered.clear()
    _remembered[host] = (now + REMEMBER_SECONDS, organization)
    return organization


def forget_hosts() -> None:
    """Forgets all hosts; called when an organisation or a host is saved or removed."""
    _remembered.clear()
