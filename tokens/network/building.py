"""Calls that need a key to be written: a node's registration, an organisation's retirement."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from accounts import keys
from emissions.poce.keys import sign
from emissions.poce.node_id import RegisterNode, provider_hash
from emissions.poce.retire import Retire
from tokens.chain.client import Call
from tokens.network import connection, paying, reading, round_paying, rounds
from tokens.network.models import ChainTx

# A relayed signature counts this long in chain time; it is signed again when it ran out before being mined.
SIGNATURE_SECONDS = 24 * 3600


def is_moot(row: ChainTx) -> bool:
    """Whether what the row wants is on chain already (anyone may register, post or claim), or a newer epoch or validator set
    made it worthless.
    """
    payload = row.payload
    match row.kind:
        case "register":
            return reading.events("NodeRegistered", key=payload["node"]).exists()
        case "report":
            # Under another set its votes are worth nothing: the epoch is sealed anew, which is another intent.
            return reading.standing(payload["epoch"]) is not None or payload.get("set_id") != reading.set_id()
        case "claim":
            paid = reading.claimed_by_node()
            done = all(paid.get(node, 0) >= int(cum) for node, cum in payload["cum_ug"].items())
            return done or paying.overtaken(payload) or paying.overpays(payload)
        case "fees":
            return paying.settled(payload)
        case "round":
            stands = rounds.on_chain(payload["round"])
            is_over = bool(stands.standing) or payload["data_hash"] in stands.vetoed
            return is_over or payload["set_id"] != reading.set_id()
        case "airdrop":
            return round_paying.is_done(payload)
        case _:
            return False


class Built(NamedTuple):
    """A call, and the row's payload with what was decided for it: until when its signature counts."""

    call: Call
    payload: dict[str, Any]


def build(row: ChainTx) -> Built:
    """The call that a row makes, built now when its signature has to be fresh. Changes nothing."""
    match row.kind:
        case "register":
            return Built(_register(row.payload), row.payload)
        case "retire":
            payload = {**row.payload, "deadline": reading.chain_seconds() + SIGNATURE_SECONDS}
            return Built(_retire(row, payload), payload)
        case _:
            return Built(stored_call(row), row.payload)


def stored_call(row: ChainTx) -> Call:
    """The call as it was signed."""
    return Call(row.to, bytes.fromhex(row.data.removeprefix("0x")))


def is_expired(row: ChainTx) -> bool:
    """Whether the holder's signature in the stored call ran out, by chain time."""
    deadline = row.payload.get("deadline")
    return bool(row.data) and deadline is not None and reading.chain_seconds() > int(deadline)


def build_again(row: ChainTx) -> Built:
    """The call to send another time: as it was signed, unless the holder's signature in it ran out."""
    return build(row) if is_expired(row) else Built(stored_call(row), row.payload)


def _register(payload: dict[str, Any]) -> Call:
    provider = provider_hash(payload["provider"])
    request = RegisterNode(payload["node"], provider, payload["key"], payload["wallet"], payload["first_hour"])
    chain = connection.contracts()
    return chain.register_node(request, sign(keys.registrar_key(), request.digest(chain.registry_domain)))


def _retire(row: ChainTx, payload: dict[str, Any]) -> Call:
    """The retirement's own id is the nonce: whatever happens, a retirement is mined at most once."""
    assert row.organization is not None
    chain = connection.contracts()
    request = Retire(
        account=payload["account"],
        amount_ug=int(payload["amount_ug"]),
        beneficiary=payload["beneficiary"],
        period_from=payload["period_from"],
        period_through=payload["period_through"],
        claim_hash=payload["claim_hash"],
        nonce=uuid.UUID(payload["retirement"]).int,
        deadline=payload["deadline"],
    )
    wallet_key = keys.open_key(row.organization, "wallet")
    return chain.retire_by_sig(request, sign(wallet_key, request.digest(chain.retirement_domain)))
