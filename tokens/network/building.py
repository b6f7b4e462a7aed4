"""Calls that need a key to be written: a node's registration, an organisation's retirement."""

from __future__ import annotations

import uuid
from typing import Any

from accounts import keys
from emissions.poce.keys import sign
from emissions.poce.node_id import RegisterNode
from emissions.poce.retire import Retire
from tokens.chain.client import Call
from tokens.network import connection, reading
from tokens.network.models import ChainTx

# A relayed signature counts this long in chain time; it is signed again when it ran out before being mined.
SIGNATURE_SECONDS = 24 * 3600


def is_moot(row: ChainTx) -> bool:
    """Whether what the row wants is on chain already: anyone may register, post or claim."""
    payload = row.payload
    match row.kind:
        case "register":
            return reading.events("NodeRegistered", key=payload["node"]).exists()
        case "report":
            return reading.standing(payload["epoch"]) is not None
        case "claim":
            paid = reading.claimed_by_node()
            return all(paid.get(node, 0) >= int(cum) for node, cum in payload["cum_ug"].items())
        case _:
            return False


def call_of(row: ChainTx) -> Call:
    """The call that a row makes, built now when its signature has to be fresh."""
    match row.kind:
        case "register":
            return _register(row.payload)
        case "retire":
            return _retire(row)
        case _:
            return Call(row.to, bytes.fromhex(row.data.removeprefix("0x")))


def _register(payload: dict[str, Any]) -> Call:
    request = RegisterNode(payload["node"], payload["key"], payload["wallet"], payload["first_hour"])
    chain = connection.contracts()
    return chain.register_node(request, sign(keys.registrar_key(), request.digest(chain.registry_domain)))


def _retire(row: ChainTx) -> Call:
    """The retirement's own id is the nonce: whatever happens, a retirement is mined at most once."""
    assert row.organization is not None
    payload = row.payload
    chain = connection.contracts()
    request = Retire(
        account=payload["account"],
        amount_ug=int(payload["amount_ug"]),
        beneficiary=payload["beneficiary"],
        period_from=payload["period_from"],
        period_through=payload["period_through"],
        claim_hash=payload["claim_hash"],
        nonce=uuid.UUID(payload["retirement"]).int,
        deadline=reading.chain_seconds() + SIGNATURE_SECONDS,
    )
    wallet_key = keys.open_key(row.organization, "wallet")
    return chain.retire_by_sig(request, sign(wallet_key, request.digest(chain.retirement_domain)))
