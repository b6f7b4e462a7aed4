"""What every published document has to say of the chain it was made for, and where two of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from emissions.engine.identity import ENGINE_ID
from emissions.poce.airdrop import AirdropRound
from emissions.poce.epoch import EpochHeader

from .chain_view import ChainView
from .verdict import Fault, faults_of


class Document(Protocol):
    """An epoch's bundle or an airdrop round's list."""

    @property
    def data_hash(self) -> str: ...
    @property
    def chain_id(self) -> int: ...
    @property
    def registry(self) -> str: ...
    @property
    def engine(self) -> str: ...
    @property
    def set_id(self) -> int: ...
    @property
    def factor_set(self) -> str: ...


class Entry(Protocol):
    """A leaf with what it was made of."""

    @property
    def leaf(self) -> Any: ...
    def to_json(self) -> dict[str, Any]: ...


def frame_told(
    document: Document, header: EpochHeader | AirdropRound, *, where: str, newest_hour: int, chain: ChainView, set_id: int
) -> list[tuple[bool, str, str]]:
    """As (holds, code, message), what epochs and rounds have in common before any report is looked at."""
    return [
        (document.data_hash == header.data_hash, f"{where}.data_hash", "the bytes are not those that the header names"),
        (document.chain_id == chain.chain_id, f"{where}.chain", f"made for chain {document.chain_id}"),
        (document.registry == chain.registry, f"{where}.registry", f"made for registry {document.registry}"),
        (document.engine == ENGINE_ID, f"{where}.engine", f"engine {document.engine}, this validator has {ENGINE_ID}"),
        (document.set_id == set_id, f"{where}.set_id", f"validator set {document.set_id}, the chain has {set_id}"),
        (
            document.factor_set == chain.factor_set_at(newest_hour),
            f"{where}.factor_set",
            "not the set that answers for its hours",
        ),
    ]


def differing(given: Sequence[Entry], own: Sequence[Entry]) -> list[Fault]:
    """A fault for each field of a leaf that is not what our own findings give; the leaves stand in one order."""
    faults = []
    for entry, ours in zip(given, own, strict=True):
        told, found = entry.to_json(), ours.to_json()
        faults += [
            Fault(f"leaf.{name}", entry.leaf.node, f"it is {found[name]}, not {told[name]}")
            for name in told
            if found[name] != told[name]
        ]
    return faults


def cap_faults(leaves: Sequence[tuple[str, int, int]]) -> list[Fault]:
    """A fault for each (node, µg, most) whose leaf is true and still above what its hours may have: an epoch's signers could
    be slashed for it, and a round's batch would be refused.
    """
    faults = []
    for node, ug, most in leaves:
        told = [(ug <= most, "leaf.over_cap", f"{ug} µg are above the {most} µg that its hours may have")]
        faults += faults_of(told, where=node)
    return faults
