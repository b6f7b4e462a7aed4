"""Are the pools of a market book the venues' own, and do our contracts use these? No pool is made from our code."""

from __future__ import annotations

from collections.abc import Iterator

from emissions.poce.hexes import normal_address
from tokens.chain.abi import decode_values, encode_call
from tokens.chain.book import AddressBook
from tokens.chain.client import Call, RpcClient
from tokens.chain.verification import Finding
from tokens.market.book import MarketBook
from tokens.market.opening import CARBON_FEE, TUNER_FEE
from tokens.market.v3 import V3Market
from tokens.market.v4 import PoolKey, V4Pool


def verify_pools(client: RpcClient, book: AddressBook, market: MarketBook) -> Iterator[Finding]:
    """The market's contracts against the address book, then each pool; nothing more where none was opened."""
    for name, address in market.contracts.items():
        known = book.creations[name].address if name in book.creations else "none"
        yield Finding(f"market {name}", known == address, f"{address}, in the address book {known}")
    opened = market.opened
    if opened is None:
        return
    v3, dollar = V3Market(client, market.venues.needs_v3()), market.venues.dollar.address
    for name, token, fee, pool in (
        ("carbon_pool", book.ct02, CARBON_FEE, opened.carbon_pool),
        ("tuner_pool", book.tuner, TUNER_FEE, opened.tuner_pool),
    ):
        found = v3.pool(token, dollar, fee)
        yield Finding(name, found == pool, f"{pool}, the factory's pool is {found}")
    for name, contract, signature, pool in (
        ("price_feed.pool", "price_feed", "pool()", opened.carbon_pool),
        ("burner.carbonPool", "burner", "carbonPool()", opened.carbon_pool),
        ("burner.tunerPool", "burner", "tunerPool()", opened.tuner_pool),
    ):
        used = decode_values(("address",), client.call(Call(market.contracts[contract], encode_call(signature, ()))))[0]
        yield Finding(name, normal_address(used) == pool, f"uses {normal_address(used)}, in the market book {pool}")
    key = PoolKey.of(book.ct02, dollar, market.contracts["fee_hook"])
    pool_v4 = V4Pool(client, market.venues.needs_v4(), market.contracts["pool_desk"], key)
    is_there = pool_v4.sqrt_price() != 0 and opened.hook == market.contracts["fee_hook"]
    yield Finding("v4_pool", is_there, f"0x{key.pool_id.hex()} with the hook {opened.hook}")
