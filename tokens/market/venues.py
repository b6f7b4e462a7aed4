"""Which protocols are where? Published addresses on public networks; on a local chain, what was created there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

from cloudtuner.errors import ConfigurationError


@dataclass(frozen=True)
class Dollar:
    """A token that is taken as one dollar. `decimals` as its contract says."""

    address: str
    symbol: str
    decimals: int

    @property
    def unit(self) -> int:
        """One dollar in base units."""
        return int(10**self.decimals)


@dataclass(frozen=True)
class UniswapV3:
    """Where Uniswap V3 is on a chain."""

    factory: str
    positions: str
    router: str
    quoter: str


@dataclass(frozen=True)
class AaveV3:
    """Where an Aave V3 market is on a chain."""

    pool: str


@dataclass(frozen=True)
class Venues:
    """What there is on one chain; None where a protocol is not."""

    dollar: Dollar
    v3: UniswapV3 | None = None
    v4_manager: str | None = None
    curve_factory: str | None = None
    aave: AaveV3 | None = None
    sequencer_feed: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Venues:
        return cls(
            dollar=Dollar(**value["dollar"]),
            v3=UniswapV3(**value["v3"]) if value["v3"] else None,
            v4_manager=value["v4_manager"],
            curve_factory=value["curve_factory"],
            aave=AaveV3(**value["aave"]) if value["aave"] else None,
            sequencer_feed=value["sequencer_feed"],
        )

    def needs_v3(self) -> UniswapV3:
        """Raises ConfigurationError `market.no_venue` where Uniswap V3 is not."""
        if self.v3 is None:
            raise _missing("Uniswap V3")
        return self.v3

    def needs_v4(self) -> str:
        """The manager of Uniswap V4's pools; raises `market.no_venue` where it is not."""
        if self.v4_manager is None:
            raise _missing("Uniswap V4")
        return self.v4_manager

    def needs_curve(self) -> str:
        """The factory of Curve's two-coin pools; raises `market.no_venue` where it is not."""
        if self.curve_factory is None:
            raise _missing("Curve's two-coin factory")
        return self.curve_factory

    def needs_aave(self) -> AaveV3:
        """Raises ConfigurationError `market.no_venue` where Aave V3 is not."""
        if self.aave is None:
            raise _missing("Aave V3")
        return self.aave


def published(chain_id: int) -> Venues:
    """The venues of a public network; raises ConfigurationError `market.no_chain` for another one."""
    chains = _data()["chains"]
    if str(chain_id) not in chains:
        raise ConfigurationError(
            f"no venues are known on chain {chain_id}.",
            code="market.no_chain",
            hint=f"Published ones are on chains {', '.join(sorted(chains))}; a local chain creates its own.",
        )
    found = chains[str(chain_id)]
    v3 = found.get("uniswap_v3")
    return Venues(
        dollar=Dollar(found["dollar"]["address"], found["dollar"]["symbol"], found["dollar"]["decimals"]),
        v3=UniswapV3(v3["factory"], v3["positions"], v3["router"], v3["quoter"]) if v3 else None,
        v4_manager=found.get("uniswap_v4", {}).get("pool_manager"),
        curve_factory=found.get("curve", {}).get("twocrypto_factory"),
        aave=AaveV3(found["aave_v3"]["pool"]) if "aave_v3" in found else None,
        sequencer_feed=found.get("sequencer_feed", {}).get("address"),
    )


def sources(chain_id: int) -> dict[str, str]:
    """Where each address of a chain is published, by venue."""
    return {name: entry["source"] for name, entry in _data()["chains"].get(str(chain_id), {}).items()}


def _missing(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} is not on this chain.", code="market.no_venue", hint="Choose a venue that is listed there."
    )


@cache
def _data() -> dict[str, Any]:
    text = (resources.files("tokens.market") / "data" / "venues.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
