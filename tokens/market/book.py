"""Where the market's contracts are on one chain: the market book, beside the address book of the core."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cloudtuner.errors import ConfigurationError
from emissions.poce.hexes import normal_address
from tokens.chain.deploy_market import MarketPlan

from .opening import OpenMarket
from .venues import Venues

VERSION = 1


@dataclass(frozen=True)
class MarketBook:
    """One deployment: contracts by the names of `artifacts.AROUND`, grants by name, the venues, and what was opened.

    `opened` is None until there are pools.
    """

    chain_id: int
    contracts: Mapping[str, str]
    venues: Venues
    grants: Mapping[str, str] = field(default_factory=dict)
    opened: OpenMarket | None = None

    def __post_init__(self) -> None:
        for name in ("contracts", "grants"):
            clean = {key: normal_address(value, field=f"{name}.{key}") for key, value in getattr(self, name).items()}
            object.__setattr__(self, name, clean)

    @classmethod
    def of(cls, chain_id: int, made: MarketPlan, venues: Venues) -> MarketBook:
        """The book of what was just deployed."""
        return cls(chain_id, made.contracts, venues, made.grants)

    def with_pools(self, opened: OpenMarket) -> MarketBook:
        return replace(self, opened=opened)

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "chain_id": self.chain_id,
            "contracts": dict(self.contracts),
            "grants": dict(self.grants),
            "venues": self.venues.to_json(),
            "opened": asdict(self.opened) if self.opened else None,
        }

    @classmethod
    def from_json(cls, value: Any, *, where: str = "market book") -> MarketBook:
        """Raises ConfigurationError `market.book` naming the place and the fault."""
        try:
            if value["version"] != VERSION:
                raise ValueError(f"version {value['version']!r} is not {VERSION}")
            return cls(
                chain_id=int(value["chain_id"]),
                contracts=value["contracts"],
                venues=Venues.from_json(value["venues"]),
                grants=value["grants"],
                opened=OpenMarket(**value["opened"]) if value["opened"] else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f"not a market book: {error}", code="market.book", where=where, hint="Deploy the market anew."
            ) from error

    @classmethod
    def load(cls, path: Path) -> MarketBook:
        """Raises ConfigurationError `market.book` for a file that is missing or is none."""
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise ConfigurationError(
                f"the market book cannot be read: {error}", code="market.book", where=str(path), hint="Deploy the market first."
            ) from error
        return cls.from_json(value, where=str(path))

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")
        part.replace(path)
