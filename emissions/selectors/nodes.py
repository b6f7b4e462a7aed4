"""The organisation's accounts as nodes, with what was reported of each."""

from __future__ import annotations

from django.db.models import Count, Max

from accounts import keys as account_keys
from accounts.selectors import current_organization
from emissions.models import AccountPeriod
from emissions.poce.node_id import node_id
from emissions.register.models import NodeBinding
from emissions.selectors.figures import NodeInfo


def account_nodes() -> dict[tuple[str, str], str]:
    """(provider, account) → node id, of every account that the ledger knows."""
    key = account_keys.network_key()
    pairs = AccountPeriod.objects.values_list("provider", "account").distinct().order_by("provider", "account")
    return {(provider, account): node_id(key, provider, account) for provider, account in pairs}


def nodes() -> tuple[NodeInfo, ...]:
    """Every account of the ledger with its binding, by provider and account."""
    named = account_nodes()
    bound = {
        row.node: row
        for row in NodeBinding.objects.filter(organization=current_organization().uuid, node__in=named.values()).annotate(
            report_count=Count("reports"), last_report_at=Max("reports__received_at")
        )
    }
    return tuple(
        NodeInfo(
            node=node,
            provider=provider,
            account=account,
            first_hour=bound[node].first_hour,
            key=bound[node].key,
            wallet=bound[node].wallet,
            hosted=bound[node].hosted,
            reports=bound[node].report_count,
            last_report_at=bound[node].last_report_at,
        )
        for (provider, account), node in named.items()
        if node in bound
    )
