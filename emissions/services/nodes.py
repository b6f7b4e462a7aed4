"""Which node an account is, and whose."""

from __future__ import annotations

from collections.abc import Sequence

from accounts import keys as account_keys
from accounts.selectors import current_organization
from cloudtuner.clock import hour_text
from cloudtuner.errors import ServiceError
from emissions.poce.hexes import normal_address
from emissions.poce.node_id import node_id
from emissions.register.selectors import node as bound_node
from emissions.register.services import NodeTaken, nodes_bind


def node_ids(provider: str, accounts: Sequence[str]) -> dict[str, str]:
    """Account → node id, under the network's key."""
    key = account_keys.network_key()
    return {account: node_id(key, provider, account) for account in accounts}


def accounts_bind(*, provider: str, accounts: Sequence[str], first_hour: int) -> None:
    """Binds the accounts of a bill to this organisation, at first sight only.

    Raises ServiceError (`node.taken`) naming the accounts that serve another organisation; then nothing is written.
    """
    organization = current_organization()
    ids = node_ids(provider, accounts)
    try:
        nodes_bind(
            organization=organization.uuid,
            provider=provider,
            nodes=list(ids.values()),
            first_hour=first_hour,
            key=account_keys.report_address(organization),
            wallet=account_keys.wallet_address(organization),
        )
    except NodeTaken as taken:
        names = ", ".join(sorted(account for account, node in ids.items() if node in taken.nodes))
        raise ServiceError(
            f"usage account {names} is bound to another organisation; nothing of this bill was written.",
            code="node.taken",
            hint="One usage account serves one organisation: take it out of the export, or ask support to move it.",
        ) from taken


def node_enrol(*, provider: str, account: str, key: str, first_hour: int) -> str:
    """Binds an account whose reports the customer's own node will sign with `key`; returns the node id.

    Enrolling it again as it is changes nothing. Raises ServiceError: `node.taken` when the account serves another
    organisation, `node.bound` when it is bound here already in another way, since a node's key does not change here.
    """
    organization = current_organization()
    (node,) = node_ids(provider, [account]).values()
    wanted = normal_address(key, field="key")
    try:
        nodes_bind(
            organization=organization.uuid,
            provider=provider,
            nodes=[node],
            first_hour=first_hour,
            key=wanted,
            wallet=account_keys.wallet_address(organization),
            hosted=False,
        )
    except NodeTaken as taken:
        raise ServiceError(
            f"usage account {account} is bound to another organisation.",
            code="node.taken",
            hint="One usage account serves one organisation: ask support to move it.",
        ) from taken
    bound = bound_node(node)
    assert bound is not None
    if (bound.hosted, bound.key, bound.first_hour) != (False, wanted, first_hour):
        signs = "the platform signs its reports" if bound.hosted else f"the key {bound.key} signs its reports"
        raise ServiceError(
            f"usage account {account} is bound already: {signs} from {hour_text(bound.first_hour)} on.",
            code="node.bound",
            hint="Neither changes here. Enrol an account with a key of your own before its first bill comes in.",
        )
    return node
