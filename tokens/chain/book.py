"""Where the contracts are: the address book that a deployment writes and every process reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloudtuner.errors import ConfigurationError, ProofError
from emissions.poce.hexes import bytes32, normal_address, to_hex

from .creations import Creation

VERSION = 1
NAMES = ("ct02", "tuner", "node_registry", "validator_set", "poce", "retirement", "airdrop")


@dataclass(frozen=True)
class AddressBook:
    """One deployment: which chain, since which block, which contracts, which parameters.

    `parameters` are the deployment's public choices (window_s, epoch_s, confirmations, factor_set, registrar …),
    numbers as integers or as decimal strings where they exceed 2^53. `creations` tell how each contract came to be, those
    around the core included; a book from before they were kept has none.
    """

    chain_id: int
    genesis_hash: str
    deploy_block: int
    contracts: Mapping[str, str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    creations: Mapping[str, Creation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [name for name in NAMES if name not in self.contracts]
        if missing:
            raise ConfigurationError(f"the address book names no {', '.join(missing)}.", code="chain.address_book")
        clean = {name: normal_address(self.contracts[name], field=f"contracts.{name}") for name in NAMES}
        object.__setattr__(self, "contracts", clean)
        object.__setattr__(self, "genesis_hash", to_hex(bytes32(self.genesis_hash, field="genesis_hash")))

    @property
    def ct02(self) -> str:
        return self.contracts["ct02"]

    @property
    def tuner(self) -> str:
        return self.contracts["tuner"]

    @property
    def node_registry(self) -> str:
        return self.contracts["node_registry"]

    @property
    def validator_set(self) -> str:
        return self.contracts["validator_set"]

    @property
    def poce(self) -> str:
        return self.contracts["poce"]

    @property
    def retirement(self) -> str:
        return self.contracts["retirement"]

    @property
    def airdrop(self) -> str:
        return self.contracts["airdrop"]

    @property
    def addresses(self) -> list[str]:
        """Every contract whose events count, in the order of NAMES."""
        return [self.contracts[name] for name in NAMES]

    @property
    def epoch_s(self) -> int:
        return int(self.parameters["epoch_s"])

    @property
    def round_s(self) -> int:
        return int(self.parameters["round_s"])

    @property
    def window_s(self) -> int:
        return int(self.parameters["window_s"])

    @property
    def confirmations(self) -> int:
        return int(self.parameters["confirmations"])

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "chain_id": self.chain_id,
            "genesis_hash": self.genesis_hash,
            "deploy_block": self.deploy_block,
            "contracts": dict(self.contracts),
            "parameters": dict(self.parameters),
            "creations": {name: creation.to_json() for name, creation in self.creations.items()},
        }

    @classmethod
    def from_json(cls, value: Any, *, where: str = "address book") -> AddressBook:
        """Raises ConfigurationError `chain.address_book` naming the place and the fault."""
        try:
            if value["version"] != VERSION:
                raise ConfigurationError(f"version {value['version']!r} is not {VERSION}.", code="chain.address_book")
            return cls(
                chain_id=int(value["chain_id"]),
                genesis_hash=value["genesis_hash"],
                deploy_block=int(value["deploy_block"]),
                contracts=value["contracts"],
                parameters=value["parameters"],
                creations={name: Creation.from_json(told) for name, told in value.get("creations", {}).items()},
            )
        except (KeyError, TypeError, ValueError, ProofError, ConfigurationError) as error:
            raise ConfigurationError(
                f"not an address book: {error}",
                code="chain.address_book",
                where=where,
                hint="Write it anew with `cloudtuner chain deploy`.",
            ) from error

    @classmethod
    def load(cls, path: Path) -> AddressBook:
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"the address book cannot be read: {error.strerror}.",
                code="chain.address_book",
                where=str(path),
                hint="Deploy first with `cloudtuner chain deploy`, or set CLOUDTUNER_ADDRESS_BOOK.",
            ) from error
        try:
            return cls.from_json(json.loads(text), where=str(path))
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"not JSON: {error}", code="chain.address_book", where=str(path)) from error

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(path.suffix + ".part")
        draft.write_text(json.dumps(self.to_json(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
        draft.replace(path)
