"""`cloudtuner market …`: what the market says, what each venue owes, and the burner's next step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cloudtuner.errors import ConfigurationError
from cloudtuner.keyfile import read_key_file
from cloudtuner.units import decimal_text
from tokens.chain.book import AddressBook
from tokens.chain.client import RpcClient
from tokens.chain.contracts import Contracts
from tokens.chain.sender import transact

from .book import MarketBook
from .buyback import Burner
from .feed import Floor, PriceFeed
from .fees import VenueShare, burned_in, settle, v3_fees, v4_fees
from .opening import CARBON_FEE
from .v4 import PoolKey, V4Pool

market_app = typer.Typer(no_args_is_help=True, help="Prices, fees, buyback and burn.")
console = Console(highlight=False, soft_wrap=True)

_TOKEN = 18
"""Decimals of CT02 and TUNER."""

Rpc = Annotated[str, typer.Option(help="The chain's JSON-RPC address.", envvar="RPC_URL")]
Core = Annotated[Path, typer.Option(help="The address book.", envvar="CLOUDTUNER_ADDRESS_BOOK")]
Book = Annotated[Path, typer.Option(help="The market book.", envvar="CLOUDTUNER_MARKET_BOOK")]


class _Market:
    """Both books and the chain; refuses a chain that they do not mean."""

    def __init__(self, rpc: str, core: Path, market: Path) -> None:
        self.client = RpcClient(rpc)
        self.core = AddressBook.load(core)
        self.book = MarketBook.load(market)
        if self.book.chain_id != self.core.chain_id:
            raise ConfigurationError(
                f"the address book is of chain {self.core.chain_id}, the market book of {self.book.chain_id}.", code="market.book"
            )
        Contracts(self.client, self.core).check_chain()
        self.feed = PriceFeed(self.client, self.book.contracts["price_feed"])
        self.floor = Floor(self.client, self.book.contracts["floor_reserve"])
        self.burner = Burner(self.client, self.book.contracts["burner"])

    def status(self) -> dict[str, Any]:
        price, reference = self.feed.price(), self.feed.reference()
        coverage, waiting, dollar = self.floor.coverage(), self.burner.waiting(), self.book.venues.dollar.decimals
        return {
            "price_usd": decimal_text(price.price_e8, scale=8, places=8),
            "usable": price.usable,
            "why": [why.name for why in price.why],
            "reference_inr_per_tonne": decimal_text(reference.inr_per_tonne_e2, scale=2, places=2) if reference else None,
            "reference_observed_at": reference.observed_at.isoformat() if reference else None,
            "reference_valid_until": reference.valid_until.isoformat() if reference else None,
            "floor_dollars": decimal_text(coverage.held, scale=dollar, places=6),
            "floor_covers_kg": decimal_text(coverage.covered_ug, scale=9, places=3),
            "waiting_dollars": decimal_text(waiting.dollars, scale=dollar, places=6),
            "waiting_ct02": decimal_text(waiting.carbon, scale=_TOKEN, places=6),
            "burned_tuner": decimal_text(self.burner.burned(), scale=_TOKEN, places=6),
        }

    def shares(self) -> list[VenueShare]:
        """What each venue owes, from the deployment to now, at the reference price."""
        opened, dollar = self.book.opened, self.book.venues.dollar
        if opened is None:
            raise ConfigurationError("no pools were opened.", code="market.no_pool")
        blocks = (self.core.deploy_block, self.client.block_number())
        carbon, burner, hook = self.core.ct02, self.burner.address, opened.hook
        key = PoolKey.of(carbon, dollar.address, hook)
        pool = V4Pool(self.client, self.book.venues.needs_v4(), self.book.contracts["pool_desk"], key)
        venues = [
            v4_fees(self.client, pool, hook=hook, carbon=carbon, blocks=blocks, name="Uniswap V4"),
            v3_fees(
                self.client, opened.carbon_pool, CARBON_FEE, burner=burner,
                carbon_is_0=int(carbon, 16) < int(dollar.address, 16), blocks=blocks, name="Uniswap V3",
            ),
        ]  # fmt: skip
        price = self.feed.reference_price_e8()[0]
        return settle(venues, burned_in(self.client, burner, blocks=blocks), price_e8=price, dollar_unit=dollar.unit)


@market_app.command("status")
def status_command(rpc: Rpc, core: Core, book: Book) -> None:
    """Price and why it may not be used, reference, floor reserve, what waits for the burner; one JSON object."""
    console.print_json(json.dumps(_Market(rpc, core, book).status()))


@market_app.command("fees")
def fees_command(rpc: Rpc, core: Core, book: Book) -> None:
    """Five percent of fees per venue: due, delivered, burned, missing; one JSON object a venue, dollars."""
    market = _Market(rpc, core, book)
    dollar, amounts = market.book.venues.dollar.decimals, ("due", "delivered", "burned", "waiting", "shortfall")
    for line in market.shares():
        told = {name: decimal_text(getattr(line, name), scale=dollar, places=6) for name in amounts}
        venue = line.venue
        known = {"venue": venue.name, "way": venue.way.value, "swaps": venue.swaps, **told}
        console.print_json(json.dumps(known | {"tuner": decimal_text(line.tuner, scale=_TOKEN, places=6)}))


@market_app.command("buyback")
def buyback_command(
    rpc: Rpc, core: Core, book: Book, key_file: Annotated[Path, typer.Option(help="File with a private key, hex.")]
) -> None:
    """Does the burner's steps that are possible now; anyone may. Says what was burned."""
    market = _Market(rpc, core, book)
    steps = market.burner.due_steps(now=market.client.block().timestamp)
    if not steps:
        console.print("nothing to do: nothing waits, or the last step was too recent.")
    for step in steps:
        receipt = transact(market.client, step, private_key=read_key_file(key_file), chain_id=market.core.chain_id)
        done = market.burner.step_of(receipt)
        console.print(f"{receipt.tx_hash}  gave {done.given}, received {done.received}, fair {done.fair}")
    console.print(f"burned in all: {decimal_text(market.burner.burned(), scale=_TOKEN, places=6)} TUNER")
