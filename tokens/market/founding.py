"""A whole market for a local chain in one go: venues, the contracts around the core, dollars to trade with.

Pools follow once there are CT02 to put in (`opening.open_market`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokens.chain.creations import Creation
from tokens.chain.deploy_market import MarketParameters, deploy_market
from tokens.chain.genesis import Grant
from tokens.chain.networks import Network

from .account import Account
from .book import MarketBook
from .local import create_venues, make_dollars


@dataclass(frozen=True)
class Founders:
    """Who founds it: `owner` makes and owns the contracts, `maker` the venues; addresses of guardian and poster."""

    owner: Account
    maker: Account
    guardian: str
    poster: str


def found_local_market(
    founders: Founders,
    network: Network,
    core: Mapping[str, str],
    *,
    dollars: int,
    with_aave: bool = True,
    grants: tuple[Grant, ...] = (),
) -> tuple[MarketBook, dict[str, Creation]]:
    """Venues and contracts on chain 31337; the owner gets `dollars` whole dollars. Nothing is traded yet.

    Beside the market book: how each contract came to be, for the address book.
    """
    owner, maker = founders.owner, founders.maker
    venues = create_venues(maker, with_aave=with_aave)
    parameters = MarketParameters(
        network=network,
        core=core,
        guardian=founders.guardian,
        poster=founders.poster,
        dollar=venues.dollar.address,
        dollar_decimals=venues.dollar.decimals,
        v4_manager=venues.needs_v4(),
        owner=owner.address,
        grants=grants,
    )
    made, creations = deploy_market(owner.client, owner.key, parameters)
    maker.send(make_dollars(venues.dollar, owner.address, dollars * venues.dollar.unit))
    return MarketBook.of(network.chain_id, made, venues), creations
