"""What was compiled: the committed ABI and bytecode of each contract."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

# Contract names by their names in the address book.
CONTRACTS = {
    "ct02": "CT02",
    "tuner": "TunerToken",
    "node_registry": "NodeRegistry",
    "validator_set": "ValidatorSet",
    "poce": "PoCE",
    "retirement": "Retirement",
    "airdrop": "CarbonAirdrop",
}

# Those around them, by their names in a market book: deployed beside the others, or not at all.
AROUND = {
    "timelock": "TunerTimelock",
    "governor": "TunerGovernor",
    "grant": "GrantWallet",
    "price_feed": "CarbonPriceFeed",
    "floor_reserve": "FloorReserve",
    "burner": "BuybackBurner",
    "fee_hook": "FeeShareHook",
    "pool_desk": "PoolDesk",
}


@dataclass(frozen=True)
class Artifact:
    """One compiled contract. `source_hash` is sha256 over its sorted sources, imports included."""

    name: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    compiler: str
    source_hash: str


@cache
def load(name: str) -> Artifact:
    """The artifact of a contract by its Solidity name."""
    text = (resources.files("tokens.contracts") / "artifacts" / f"{name}.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    return Artifact(name, tuple(raw["abi"]), bytes.fromhex(raw["bytecode"][2:]), raw["compiler"], raw["source_hash"])


def load_all() -> list[Artifact]:
    """Every contract of ours, in the order of CONTRACTS and AROUND."""
    return [load(name) for name in (*CONTRACTS.values(), *AROUND.values())]


def signature_of(entry: dict[str, Any]) -> str:
    """The canonical text of an ABI entry, tuples spelled out."""
    return f"{entry['name']}({','.join(type_of(item) for item in entry['inputs'])})"


def type_of(item: dict[str, Any]) -> str:
    """The canonical type of an ABI parameter."""
    if item["type"].startswith("tuple"):
        inner = ",".join(type_of(part) for part in item["components"])
        return f"({inner}){item['type'].removeprefix('tuple')}"
    return str(item["type"])
