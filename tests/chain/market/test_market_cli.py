"""`cloudtuner market`: what it says of an open market, and the burner's steps from the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from cloudtuner.cli import app
from cloudtuner.errors import ConfigurationError
from cloudtuner.keyfile import write_key_file
from tokens.market.book import MarketBook

pytestmark = pytest.mark.chain

CT02 = 10**18


@pytest.fixture
def options(market, tmp_path):
    """Both books as files, and where the chain is."""
    market.network.book.save(tmp_path / "core.json")
    MarketBook(31337, market.contracts, market.venues).with_pools(market.opened).save(tmp_path / "market.json")
    return ["--rpc", market.client.url, "--core", str(tmp_path / "core.json"), "--book", str(tmp_path / "market.json")]


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["market", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def _objects(text: str) -> list[dict]:
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text.rstrip()):
        value, place = decoder.raw_decode(text, place)
        found.append(value)
        place += len(text[place:]) - len(text[place:].lstrip())
    return found


def test_status__open_market__tells_price_reference_and_floor(options):
    (told,) = _objects(_run("status", *options))
    assert told["usable"] is True
    assert told["why"] == []
    assert told["price_usd"].startswith("0.0055") or told["price_usd"].startswith("0.0056")
    assert told["reference_inr_per_tonne"] == "500.00"
    assert told["floor_covers_kg"] == "0.000"


def test_buyback__after_swaps__burns_and_fees_say_so(market, options, tmp_path):
    market.swap_v4(market.ct02, 50_000 * CT02)
    market.swap_v3(market.ct02, market.dollar, 10_000 * CT02)
    key_file = tmp_path / "key"
    write_key_file(key_file, market.network.relayer_key)
    said = _run("buyback", *options, "--key-file", str(key_file))
    assert "burned in all: 0.000000" not in said
    assert market.burner.burned() > 0
    assert "nothing to do" in _run("buyback", *options, "--key-file", str(key_file))
    hooked, plain = _objects(_run("fees", *options))
    assert hooked["venue"] == "Uniswap V4"
    assert float(hooked["shortfall"]) <= 0.000001
    assert float(hooked["burned"]) > 0
    assert float(plain["shortfall"]) == float(plain["due"]) > 0
    assert plain["way"] == "from the position that the network owns"


def test_status__books_of_two_chains__is_refused(market, options, tmp_path):
    MarketBook(137, market.contracts, market.venues).save(tmp_path / "market.json")
    with pytest.raises(ConfigurationError) as refused:
        _run("status", *options)
    assert refused.value.code == "market.book"
