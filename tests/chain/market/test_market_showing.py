"""The market walked through as the demo does it, and the book that remembers where everything is."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ConfigurationError
from tokens.market.account import Account
from tokens.market.book import MarketBook
from tokens.market.local_aave import create_aave
from tokens.market.showing import Showing
from tokens.market.venues import AaveV3, Venues

pytestmark = pytest.mark.chain

CT02 = 10**18


def test_showing__open_market__every_row_passes(market, tmp_path):
    lender = Account(market.client, 31337, market.network.anvil.keys[2])
    venues = Venues(market.venues.dollar, market.venues.v3, market.venues.v4_manager, aave=AaveV3(create_aave(lender)))
    path = tmp_path / "market.json"
    MarketBook(31337, market.contracts, venues).with_pools(market.opened).save(path)
    book = MarketBook.load(path)
    assert book.opened == market.opened
    showing = Showing(book, market.ct02, market.owner, market.trader, lender, market.pass_time)
    rows = list(showing.rows(carbon=5000 * CT02))
    for row in rows:
        print(f"{row.name:<22}{row.text}")
        assert row.passed, row
    names = ["price feed", "swap, 5 % of the fee", "buyback and burn", "floor reserve", "borrow", "repay"]
    assert [row.name for row in rows] == names
    assert all(row.tx_hash for row in rows[1:])


def test_book__none_or_another__says_so(tmp_path):
    path = tmp_path / "market.json"
    with pytest.raises(ConfigurationError) as refused:
        MarketBook.load(path)
    assert refused.value.code == "market.book"
    for text in ("no json", '{"version": 2}', '{"version": 1}'):
        path.write_text(text)
        with pytest.raises(ConfigurationError) as refused:
            MarketBook.load(path)
        assert refused.value.code == "market.book"
