"""When an organisation or its host changes, what this process remembered of it is forgotten."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.models import Domain, Organization
from cloudtuner import hosts, tenancy


@receiver([post_save, post_delete], sender=Organization)
@receiver([post_save, post_delete], sender=Domain)
def forget(**_: Any) -> None:
    """Other processes follow within ten seconds, when what they remember expires."""
    tenancy.forget_tenants()
    hosts.forget_hosts()
