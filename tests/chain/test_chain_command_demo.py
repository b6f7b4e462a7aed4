"""The on-chain rows of `cloudtuner demo --all`, on a chain of their own with time that passes at once."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ConfigurationError
from cloudtuner.management.onchain import DemoKeys, OnChain, OnChainOff
from cloudtuner.management.past_year import past_year_nodes
from cloudtuner.management.systems import SYSTEMS, Shown, system_rows
from emissions.grid.catalog import load_factor_set
from emissions.poce.airdrop import AirdropList, Named
from emissions.poce.epoch import EpochHeader, Leaf
from emissions.poce.hexes import ZERO_32
from emissions.poce.keys import address_of, sign
from emissions.poce.merkle import StandardTree
from tests.chain.conftest import LEAF_TYPES
from tokens.chain.book import AddressBook
from tokens.chain.deploy import DeployParameters, ValidatorGrant, deploy
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.chain.verification import verify_book
from tokens.market import bytecode

pytestmark = pytest.mark.chain

NAMES = [
    "contracts verified", "airdrop round", "stake", "slash", "pools", "swap on V3",
    "price feed", "swap, 5 % of the fee", "buyback and burn",
    "floor reserve", "borrow", "repay", "vote adds Oracle Cloud",
]  # fmt: skip


class _Kept:
    """A service without rounds of its own, which takes in what it is given."""

    def __init__(self) -> None:
        self.lists: list[AirdropList] = []

    def named(self) -> tuple[Named, ...]:
        return ()

    def keep(self, listed: AirdropList) -> None:
        self.lists.append(listed)


@pytest.fixture
def walk(anvil, tmp_path) -> OnChain:
    """A core as `make up` deploys it: the deployer owns it and holds the rest."""
    keys = anvil.keys
    deployer = address_of(keys[0])
    parameters = DeployParameters(
        network=NETWORKS["local"], owner=deployer, registrar=address_of(keys[1]), guardian=address_of(keys[3]),
        treasury=deployer, factor_set=load_factor_set().id,
        validators=tuple(
            ValidatorGrant(address_of(key), address_of(key), 1_000_000 * TUNER_UNIT) for key in keys[4:8]
        ),
    )  # fmt: skip
    book_path = tmp_path / "book.json"
    deploy(anvil.client, keys[0], parameters).save(book_path)
    demo_keys = DemoKeys(keys[0], keys[1], keys[3], tuple(keys[4:8]), b"\x11" * 32)
    return OnChain(
        anvil.client, book_path, demo_keys, tmp_path / "demo", lambda seconds: anvil.mine(2, interval_s=seconds), _Kept()
    )


def _post_epoch(walk: OnChain) -> None:
    """The four that ran before go on: three of them post the next epoch, under the set that the slash left."""
    contracts = walk.contracts
    leaf = Leaf("0x" + "11" * 32, walk.holder.address, 1000, 10**9, 0, 0, ZERO_32)
    header = EpochHeader(
        epoch=contracts.head_epoch() + 1, root=StandardTree([leaf.values()], LEAF_TYPES).root, through_hour=1000,
        total_ug=10**9, ceiling_ug=10**9, total_tuner=0, leaf_count=1, data_hash="0x" + "0d" * 32,
        factor_set=load_factor_set().id, set_id=contracts.set_id(),
    )  # fmt: skip
    digest = header.digest(contracts.poce_domain)
    votes = [(address_of(key), sign(key, digest)) for key in walk.keys.validators[:3]]
    walk.owner.send(contracts.report(header, votes))
    assert contracts.head_epoch() == header.epoch


def test_rows__whole_walk__every_figure_passes_and_is_found_again(walk):
    rows = []
    for row in walk.rows():
        print(f"{row.name:<24}{row.text}")
        rows.append(row)
    assert [row.name for row in rows] == NAMES
    assert all(row.passed for row in rows)
    assert all(row.tx_hash for row in rows if row.name not in ("pools", "price feed"))
    # `cloudtuner chain verify` covers the market from now on.
    told = AddressBook.load(walk.book_path)
    assert {"governor", "timelock", "price_feed", "floor_reserve", "burner", "pool_desk", "fee_hook"} <= set(told.creations)
    assert all(finding.passed for finding in verify_book(walk.client, told))
    _post_epoch(walk)
    head = walk.client.block_number()
    again = OnChain(walk.client, walk.book_path, walk.keys, walk.folder, walk.wait, walk.rounds)
    assert list(again.rows()) == rows
    assert walk.client.block_number() == head
    # Another chain that does not know the transactions is not believed.
    walk.client.call_rpc("anvil_reset")
    with pytest.raises(OnChainOff):
        list(again.rows())


def test_rows__no_bytecode_or_a_walk_begun__say_what_to_do(walk, monkeypatch, tmp_path):
    bytecode._artifact.cache_clear()
    monkeypatch.setattr(bytecode, "ROOT", tmp_path / "nowhere")
    with pytest.raises(ConfigurationError) as refused:
        list(walk.rows())
    assert refused.value.code == "market.no_bytecode"
    assert "make setup-test" in str(refused.value)
    monkeypatch.undo()
    walk._register(past_year_nodes(walk.keys.network)[0])
    with pytest.raises(ConfigurationError) as refused:
        list(walk.rows())
    assert refused.value.code == "demo.begun"


def test_systems__all_shown_or_one_not__say_so():
    shown = {name: Shown(f"{name} done", True, "0x1") for _, names in SYSTEMS for name in names}
    assert {*NAMES} <= {*shown}
    assert all(row.passed and row.figure and row.where for row in system_rows(shown))
    del shown["slash"]
    shown["borrow"] = Shown("too much", False)
    failed = [row for row in system_rows(shown) if not row.passed]
    assert [row.sentence.split()[0] for row in failed] == ["A", "CT02"]
    assert "slash was not shown" in failed[0].figure
