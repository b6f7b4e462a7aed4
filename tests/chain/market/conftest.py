"""A market on a chain of its own: the core, what is around it, Uniswap as published, pools with liquidity.

Made once per file; each test starts from the same state, which the chain goes back to afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from emissions.poce.keys import address_of
from tests.chain.conftest import FACTOR_SET, Network, start_anvil, stop_anvil
from tokens.chain.client import Receipt, RpcClient
from tokens.chain.contracts import Contracts
from tokens.chain.deploy import DeployParameters, ValidatorGrant, deploy
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.market.account import Account, approve, balance_of, transfer
from tokens.market.buyback import Burner
from tokens.market.feed import Floor, PriceFeed
from tokens.market.founding import Founders, found_local_market
from tokens.market.local import make_dollars
from tokens.market.opening import Deposit, OpenMarket, open_market
from tokens.market.v3 import V3Market
from tokens.market.v4 import PoolKey, V4Pool
from tokens.market.venues import Venues

KG = 10**9
CT02 = 10**18
DOLLAR = 10**6
NODE = "0x" + "11" * 32
PRICE_E8 = 560_000
TUNER_PRICE_E8 = 2_000_000


@dataclass
class Market:
    """What tests do on the market. `owner` owns feed, floor and burner; `trader` trades."""

    network: Network
    owner: Account
    trader: Account
    venues: Venues
    contracts: dict[str, str]
    opened: OpenMarket

    @property
    def client(self) -> RpcClient:
        return self.network.client

    @property
    def ct02(self) -> str:
        return self.network.book.ct02

    @property
    def tuner(self) -> str:
        return self.network.book.tuner

    @property
    def dollar(self) -> str:
        return self.venues.dollar.address

    @property
    def v3(self) -> V3Market:
        return V3Market(self.client, self.venues.needs_v3())

    @property
    def v4(self) -> V4Pool:
        key = PoolKey.of(self.ct02, self.dollar, self.contracts["fee_hook"])
        return V4Pool(self.client, self.venues.needs_v4(), self.contracts["pool_desk"], key)

    @property
    def feed(self) -> PriceFeed:
        return PriceFeed(self.client, self.contracts["price_feed"])

    @property
    def floor(self) -> Floor:
        return Floor(self.client, self.contracts["floor_reserve"])

    @property
    def burner(self) -> Burner:
        return Burner(self.client, self.contracts["burner"])

    @property
    def now(self) -> int:
        return self.client.block().timestamp

    @property
    def deadline(self) -> int:
        return self.now + 600

    def held(self, token: str, account: str) -> int:
        return balance_of(self.client, token, account)

    def pass_time(self, seconds: int) -> None:
        """Mines a block this much later."""
        self.network.mine(2, interval_s=seconds)

    def swap_v3(self, token_in: str, token_out: str, amount: int, *, fee: int = 3000) -> Receipt:
        """The trader swaps in a V3 pool without a limit."""
        call = self.v3.swap(token_in, token_out, fee, amount, min_out=0, receiver=self.trader.address, deadline=self.deadline)
        return self.trader.send(call)

    def swap_v4(self, token_in: str, amount: int) -> Receipt:
        return self.trader.send(self.v4.swap(token_in, amount, min_out=0, deadline=self.deadline))


@pytest.fixture
def make_network() -> Callable[..., Network]:
    """Deploys a core of one's own."""
    return _make_network


def _make_network(anvil: Any, *, owner: str | None = None) -> Network:
    """The core with four validators; the second last account is the treasury."""
    keys = anvil.keys
    validator_keys = keys[4:8]
    parameters = DeployParameters(
        network=NETWORKS["local"],
        owner=owner or address_of(keys[0]),
        registrar=address_of(keys[1]),
        guardian=address_of(keys[3]),
        treasury=address_of(keys[8]),
        factor_set=FACTOR_SET,
        validators=tuple(ValidatorGrant(address_of(key), address_of(key), 250_000 * TUNER_UNIT) for key in validator_keys),
    )
    book = deploy(anvil.client, keys[0], parameters)
    return Network(
        anvil=anvil, client=anvil.client, book=book, contracts=Contracts(anvil.client, book), deployer_key=keys[0],
        registrar_key=keys[1], relayer_key=keys[2], guardian_key=keys[3], validator_keys=validator_keys,
        wallet_key=keys[9], report_key=(7).to_bytes(32, "big"),
    )  # fmt: skip


def make_market(anvil: Any) -> Market:
    """Everything; the market's own contracts come from the treasury's account."""
    owner = Account(anvil.client, 31337, anvil.keys[8])
    trader = Account(anvil.client, 31337, anvil.keys[9])
    network = _make_network(anvil)
    maker = Account(anvil.client, 31337, anvil.keys[2])
    founders = Founders(owner, maker, address_of(network.guardian_key), address_of(network.relayer_key))
    local = NETWORKS["local"]
    book, creations = found_local_market(founders, local, network.book.contracts, dollars=1_000_000, with_aave=False)
    network.book = replace(network.book, creations={**network.book.creations, **creations})
    venues, contracts = book.venues, dict(book.contracts)
    network.register(NODE, wallet=trader.address)
    leaf = network.leaf(NODE, 2_000_000 * KG)
    network.report([leaf])
    network.pass_window()
    network.send(network.contracts.claim(1, leaf, network.proof([leaf], 0)))
    ct02, tuner = network.book.ct02, network.book.tuner
    trader.send(transfer(ct02, owner.address, 1_000_000 * CT02))
    maker.send(make_dollars(venues.dollar, trader.address, 1_000_000 * DOLLAR))
    opened = open_market(
        owner, venues, contracts, ct02=ct02, tuner=tuner,
        deposit=Deposit(500_000 * CT02, 5_000_000 * CT02, PRICE_E8, TUNER_PRICE_E8),
    )  # fmt: skip
    market = Market(network, owner, trader, venues, contracts, opened)
    now = market.now
    owner.send(
        market.feed.post_reference(
            inr_per_tonne_e2=50_000, inr_per_usd_e8=88 * 10**8, observed_at=now, valid_until=now + 86_400, source="test"
        )
    )
    for token in (ct02, tuner, venues.dollar.address):
        for spender in (venues.needs_v3().router, contracts["pool_desk"]):
            trader.send(approve(token, spender))
    market.pass_time(40)
    return market


@pytest.fixture(scope="module")
def module_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    process, chain = start_anvil(tmp_path_factory.mktemp("market"))
    try:
        yield make_market(chain)
    finally:
        stop_anvil(process)


@pytest.fixture
def market(module_market: Market) -> Iterator[Market]:
    """The file's market as it was made."""
    client = module_market.client
    snapshot = client.call_rpc("evm_snapshot")
    yield module_market
    assert client.call_rpc("evm_revert", [snapshot])
