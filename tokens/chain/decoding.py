"""Raw logs in, events out.

A log of a strange address or an event that nobody reads is left out; one of ours that cannot be read raises, since a gap
in the ledger is worse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cloudtuner.errors import ChainError
from emissions.poce.hexes import normal_address, to_hex

from .abi import decode_values, topic
from .book import AddressBook
from .events import EVENTS, ChainLog
from .events_airdrop import AIRDROP_EVENTS


@dataclass(frozen=True)
class _Layout:
    """An event's text taken apart: canonical signature, field names, types, and which are indexed."""

    signature: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    indexed: tuple[bool, ...]


@cache
def layout(event: str) -> _Layout:
    """The layout of an event text such as `Burned(address indexed account,uint256 amount)`."""
    name, _, rest = event.partition("(")
    parts = [part.split(" ") for part in rest.rstrip(")").split(",") if part]
    types = tuple(part[0] for part in parts)
    return _Layout(
        signature=f"{name}({','.join(types)})",
        names=tuple(re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), part[-1]).lower() for part in parts),
        types=types,
        indexed=tuple("indexed" in part for part in parts),
    )


@cache
def _by_place() -> dict[tuple[str, str], type[ChainLog]]:
    every = (*EVENTS, *AIRDROP_EVENTS)
    return {(contract, topic_of(kind)): kind for kind in every for contract in kind.CONTRACTS}


def topic_of(kind: type[ChainLog]) -> str:
    """The first topic of an event's logs."""
    return topic(layout(kind.EVENT).signature)


def decode(logs: Iterable[Mapping[str, Any]], book: AddressBook) -> list[ChainLog]:
    """The events that we read, in the order given. Raises `chain.log_unreadable` for one of ours that is damaged."""
    names = {address.lower(): name for name, address in book.contracts.items()}
    found = []
    for log in logs:
        contract = names.get(str(log["address"]).lower())
        if contract is None or not log["topics"]:
            continue
        kind = _by_place().get((contract, log["topics"][0]))
        if kind is not None:
            found.append(_read(kind, contract, log))
    return found


def _read(kind: type[ChainLog], contract: str, log: Mapping[str, Any]) -> ChainLog:
    shape = layout(kind.EVENT)
    in_topics = [kind_ for kind_, indexed in zip(shape.types, shape.indexed, strict=True) if indexed]
    in_data = [kind_ for kind_, indexed in zip(shape.types, shape.indexed, strict=True) if not indexed]
    try:
        topics = b"".join(bytes.fromhex(text[2:]) for text in log["topics"][1:])
        if len(topics) != 32 * len(in_topics):
            raise ValueError(f"{len(log['topics']) - 1} topics")
        indexed_values = iter(decode_values(in_topics, topics))
        data_values = iter(decode_values(in_data, bytes.fromhex(log["data"][2:])))
    except Exception as error:  # the decoder raises its own families; none of them means anything but damage
        raise ChainError(
            f"the {shape.signature} log {log.get('logIndex')} of {log.get('transactionHash')} cannot be read: {error}",
            code="chain.log_unreadable",
            hint="Does the address book belong to these contracts?",
        ) from error
    values = {
        name: _plain(type_, next(indexed_values if indexed else data_values))
        for name, type_, indexed in zip(shape.names, shape.types, shape.indexed, strict=True)
    }
    return kind(
        contract=contract,
        block_number=int(log["blockNumber"], 16),
        block_hash=log["blockHash"],
        tx_hash=log["transactionHash"],
        log_index=int(log["logIndex"], 16),
        **values,
    )


def _plain(type_: str, value: Any) -> Any:
    if type_.endswith("[]"):
        return tuple(_plain(type_[:-2], item) for item in value)
    if type_ == "address":
        return normal_address(value)
    return to_hex(value) if type_ == "bytes32" else value
