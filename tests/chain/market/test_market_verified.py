"""`cloudtuner chain verify --market`: every contract of the market as our code made it, every pool as its venue did."""

from __future__ import annotations

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from cloudtuner.cli import app
from tests.chain.market.conftest import Market
from tokens.deployment.pools import verify_pools
from tokens.market.book import MarketBook

pytestmark = pytest.mark.chain


def _book(market: Market) -> MarketBook:
    return MarketBook(31337, market.contracts, market.venues).with_pools(market.opened)


def test_verify__open_market__covers_contracts_and_pools(market, tmp_path):
    market.network.book.save(tmp_path / "core.json")
    _book(market).save(tmp_path / "market.json")
    options = ["--rpc", market.client.url, "--book", str(tmp_path / "core.json"), "--market", str(tmp_path / "market.json")]
    done = CliRunner().invoke(app, ["chain", "verify", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = {line.split("0x")[0].removeprefix("ok").strip() for line in done.output.splitlines()}
    assert {"floor_reserve", "burner", "fee_hook", "market burner", "carbon_pool", "tuner_pool", "v4_pool"} <= told


def test_verify__books_that_lie__fail_where_they_do(market):
    book, stranger = market.network.book, market.trader.address
    bent = {
        # That contract answers nothing more, so no pool stands in this book.
        "market burner": MarketBook(31337, {**market.contracts, "burner": market.contracts["floor_reserve"]}, market.venues),
        "carbon_pool": _book(market).with_pools(replace(market.opened, carbon_pool=stranger)),
        "tuner_pool": _book(market).with_pools(replace(market.opened, tuner_pool=stranger)),
        "v4_pool": _book(market).with_pools(replace(market.opened, hook=stranger)),
    }
    for what, told in bent.items():
        wrong = {finding.subject for finding in verify_pools(market.client, book, told) if not finding.passed}
        assert what in wrong, (what, wrong)
    assert not [finding for finding in verify_pools(market.client, book, _book(market)) if not finding.passed]
