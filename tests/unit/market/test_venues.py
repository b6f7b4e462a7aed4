"""Published addresses: spelled right, sourced, and refused where a protocol is not."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ConfigurationError
from emissions.poce.hexes import checksum_address
from tokens.chain.networks import NETWORKS
from tokens.market.venues import Venues, _data, published, sources


def test_published__every_public_network__has_a_dollar_and_sources():
    for network in NETWORKS.values():
        if network.chain_id == 31337:
            continue
        found = published(network.chain_id)
        assert found.dollar.unit == 10**6
        told = sources(network.chain_id)
        assert told
        assert all("." in source for source in told.values())


def test_published__addresses__carry_their_checksums():
    def walk(value):
        for name, inner in value.items():
            if isinstance(inner, dict):
                walk(inner)
            elif isinstance(inner, str) and inner.startswith("0x"):
                assert checksum_address(bytes.fromhex(inner[2:])) == inner, name

    walk(_data()["chains"])


def test_published__main_networks__have_every_venue():
    for chain_id in (137, 42161):
        found = published(chain_id)
        assert found.needs_v3()
        assert found.needs_v4()
        assert found.needs_curve()
        assert found.needs_aave()
    assert published(42161).sequencer_feed
    assert published(137).sequencer_feed is None


def test_published__where_a_protocol_is_not__says_so():
    found = published(80002)
    for needs in (found.needs_v3, found.needs_v4, found.needs_curve, found.needs_aave):
        with pytest.raises(ConfigurationError) as refused:
            needs()
        assert refused.value.code == "market.no_venue"
    with pytest.raises(ConfigurationError) as refused:
        published(1)
    assert refused.value.code == "market.no_chain"


def test_venues__as_json__come_back():
    for chain_id in (137, 80002):
        found = published(chain_id)
        assert Venues.from_json(found.to_json()) == found
