"""What `cloudtuner demo --all` shows on chain after the journey: airdrop, stake, slash, pools, swap, loan, floor, vote.

On the journey's own chain, with its contracts and its validators' keys. A row whose figure is off stops everything. Done
once per chain: a second run looks every transaction up again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from cloudtuner.errors import ChainError, CloudTunerError, ConfigurationError
from cloudtuner.units import UNITS_PER_UG, kg_text, token_text
from emissions.engine.identity import ENGINE_ID
from emissions.poce.airdrop import AirdropList, Named, RetroEntry
from emissions.poce.epoch import EpochHeader
from emissions.poce.hexes import to_hex
from emissions.poce.keys import address_of, sign
from emissions.poce.node_id import RegisterNode, provider_hash
from tokens.chain.airdrop import Airdrop
from tokens.chain.book import AddressBook
from tokens.chain.client import Receipt, RpcClient
from tokens.chain.contracts import Contracts
from tokens.chain.deploy import DeployParameters
from tokens.chain.genesis import shares
from tokens.chain.networks import NETWORKS, TUNER_UNIT, Network, network_named
from tokens.chain.verification import verify_book
from tokens.deployment.everything import Choice, Everything, plan_everything
from tokens.deployment.pools import verify_pools
from tokens.market.account import Account, approve, balance_of, transfer
from tokens.market.book import MarketBook
from tokens.market.bytecode import init_code
from tokens.market.feed import PriceFeed
from tokens.market.founding import Founders, found_local_market
from tokens.market.local import LOCAL_CHAIN, make_dollars
from tokens.market.opening import CARBON_FEE, Deposit, open_market
from tokens.market.showing import Showing
from tokens.market.v3 import V3Market
from tokens.market.v4 import PoolKey, V4Pool

from .deciding import Decision
from .past_year import FIRST_HOUR, past_year_nodes, past_year_ug, retro_leaves

STAKE = 150_000 * TUNER_UNIT
DOLLARS = 500_000
PRICE_E8, TUNER_PRICE_E8 = 560_000, 2_000_000
"""Dollars per CT02 and per TUNER at which the pools open, 8 decimals: about 500 rupees a tonne, and two cents."""

_PUBLISHED = ("UniswapV3Factory", "QuoterV2", "PoolManager", "ACLManager")
"""One contract of each package that is needed."""

_HISTORY_S = 25
_DAY_S = 86_400


class OnChainOff(CloudTunerError):
    """A figure of the on-chain rows is not what it has to be."""

    code = "demo.figure_off"


@dataclass(frozen=True)
class Row:
    """One system of the founding paper at work: what was done, in figures, and the transaction that did it."""

    name: str
    text: str
    passed: bool
    tx_hash: str | None = None


@dataclass(frozen=True)
class DemoKeys:
    """Whose keys act: the deployer owns everything on a local chain. `network` names nodes."""

    deployer: bytes = field(repr=False)
    registrar: bytes = field(repr=False)
    guardian: bytes = field(repr=False)
    validators: tuple[bytes, ...] = field(repr=False)
    network: bytes = field(repr=False)


class Rounds(Protocol):
    """What the service knows of airdrop rounds, so that one made here does not stand in the way of its own."""

    def named(self) -> tuple[Named, ...]:
        """What rounds named so far."""

    def keep(self, listed: AirdropList) -> None:
        """Takes a round in before it is posted."""


@dataclass
class OnChain:
    """Walks the contracts once; `rows` yields each Row as it is done. `wait` lets seconds of chain time pass."""

    client: RpcClient
    book_path: Path
    keys: DemoKeys
    folder: Path
    wait: Callable[[int], None]
    rounds: Rounds

    def rows(self) -> Iterator[Row]:
        """Every row in order. Raises OnChainOff at the first whose figure is off, ConfigurationError without bytecode."""
        kept = self.folder / "onchain.json"
        if kept.exists():
            yield from self._again(kept)
            return
        self._require_fresh()
        done = []
        for row in self._walk():
            yield row
            if not row.passed:
                raise OnChainOff(f"{row.name}: {row.text}")
            done.append(row)
        kept.write_text(json.dumps([asdict(row) for row in done], indent=1) + "\n", encoding="utf-8")

    def _walk(self) -> Iterator[Row]:
        market = self._found()
        yield self._verified()
        decision = Decision(self.client, self.contracts, market.contracts["governor"], self.owner, self.folder, self.wait)
        yield self._airdrop()
        yield self._stake()
        yield self._slash()
        decision.propose(market.contracts["timelock"])
        decision.vote(self._account(self.keys.validators[0]))
        opened = self._open(market)
        yield self._pools(opened)
        yield self._swap_v3(opened)
        showing = Showing(opened, self.book.ct02, self.owner, self.holder, self.maker, self.wait)
        for shown in showing.rows(carbon=self.holder_units // 100):
            yield Row(shown.name, shown.text, shown.passed, shown.tx_hash)
        text, passed, tx_hash = decision.finish(self.keys.registrar, self.keys.network)
        yield Row("vote adds Oracle Cloud", text, passed, tx_hash)

    # --- who acts ---

    @cached_property
    def book(self) -> AddressBook:
        return AddressBook.load(self.book_path)

    @cached_property
    def contracts(self) -> Contracts:
        return Contracts(self.client, self.book)

    @cached_property
    def owner(self) -> Account:
        return self._account(self.keys.deployer)

    @cached_property
    def maker(self) -> Account:
        """Makes the venues, as others have on public networks."""
        return self._fresh()

    @cached_property
    def holder(self) -> Account:
        """The organisation whose last year is paid; trades and borrows."""
        return self._fresh()

    @property
    def holder_units(self) -> int:
        return self.contracts.ct02_balance(self.holder.address)

    def _account(self, key: bytes) -> Account:
        return Account(self.client, self.book.chain_id, key)

    def _fresh(self) -> Account:
        account = self._account(secrets.token_bytes(32))
        self.client.call_rpc("anvil_setBalance", [account.address, hex(1000 * 10**18)])
        return account

    # --- before ---

    def _require_fresh(self) -> None:
        """Refuses where the rows cannot be done: no bytecode, another chain than our own, or a walk that broke off."""
        for published in _PUBLISHED:
            init_code(published)
        if any(self.contracts.node(node) is not None for node in past_year_nodes(self.keys.network)):
            raise ConfigurationError(
                "the rows on chain were begun before and broke off.",
                code="demo.begun",
                where=str(self.folder),
                hint="Start with another --data-dir.",
            )

    def _again(self, kept: Path) -> Iterator[Row]:
        for told in json.loads(kept.read_text(encoding="utf-8")):
            row = Row(**told)
            receipt = self.client.receipt(row.tx_hash) if row.tx_hash else None
            if row.tx_hash and (receipt is None or not receipt.succeeded):
                raise OnChainOff(f"{row.name}: {row.tx_hash} is not on this chain", hint=f"Remove {kept}, or start anew.")
            yield row

    def _found(self) -> MarketBook:
        """Venues and the contracts around the core, which the address book tells of from now on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        founders = Founders(self.owner, self.maker, address_of(self.keys.guardian), self.owner.address)
        market, creations = found_local_market(founders, network_named("local"), self.book.contracts, dollars=DOLLARS)
        self.book = replace(self.book, creations={**self.book.creations, **creations})
        self.book.save(self.book_path)
        return market

    # --- rows ---

    def _verified(self) -> Row:
        """Every contract of the book against the transaction that made it, and the same contracts planned elsewhere."""
        findings = list(verify_book(self.client, self.book))
        wrong = [finding.subject for finding in findings if not finding.passed]
        others = [network for network in NETWORKS.values() if network.chain_id != LOCAL_CHAIN]
        planned = ", ".join(f"{network.name} {len(self._planned(network).steps)}" for network in others)
        outcome = f"off: {', '.join(wrong)}" if wrong else "all passed"
        text = f"{len(findings)} checks, {outcome}; transactions planned: {planned}"
        made = self.book.creations.get("poce")
        return Row("contracts verified", text, not wrong, made.tx_hash if made else None)

    def _planned(self, network: Network) -> Everything:
        """A deployment there by the same account, all roles its own: only to be counted."""
        who = self.owner.address
        core = DeployParameters(network, who, who, who, who, str(self.book.parameters["factor_set"]))
        roles = {share.beneficiary: who for share in shares() if share.beneficiary}
        return plan_everything(Choice(core, True, who, roles), deployer=who, first_nonce=0, now=0)

    def _airdrop(self) -> Row:
        """Twelve months of bills, estimated, attested by the validators, pushed to the wallet; a second claim is refused."""
        airdrop = Airdrop(self.contracts)
        by_account = past_year_ug(self.folder / "past-year")
        leaves = retro_leaves(by_account, network_key=self.keys.network, wallet=self.holder.address)
        for leaf in leaves:
            self._register(leaf.node)
        listed = AirdropList(
            chain_id=self.book.chain_id,
            registry=self.book.node_registry,
            round=airdrop.round_count() + 1,
            factor_set=str(self.book.parameters["factor_set"]),
            engine=ENGINE_ID,
            set_id=self.contracts.set_id(),
            entries=tuple(RetroEntry(leaf, ()) for leaf in leaves),
            named=self.rounds.named(),
        )
        attested = listed.header
        digest = attested.digest(airdrop.domain)
        self.rounds.keep(listed)
        votes = [(address_of(key), sign(key, digest)) for key in self.keys.validators]
        self.owner.send(airdrop.post_round(attested, votes))
        self.wait(self.book.window_s + 1)
        receipt: Receipt | None = None
        for call in airdrop.pushes(listed):
            receipt = self.owner.send(call)
        assert receipt is not None
        total = sum(by_account.values())
        refused = 0
        for leaf in leaves:
            try:
                self.client.call(airdrop.claim(listed, leaf.node))
            except ChainError as error:
                refused += error.code == "chain.revert.carbon_airdrop_hours_paid"
        text = (
            f"{kg_text(total)} estimated from 12 months of bills of {len(leaves)} accounts, signed by {len(votes)} validators, "
            f"pushed to {self.holder.address}; {refused} of {len(leaves)} second claims refused"
        )
        passed = self.holder_units == total * UNITS_PER_UG and refused == len(leaves)
        return Row("airdrop round", text, passed, receipt.tx_hash)

    def _register(self, node: str) -> None:
        request = RegisterNode(node, provider_hash("aws"), self.holder.address, self.holder.address, FIRST_HOUR)
        signature = sign(self.keys.registrar, request.digest(self.contracts.registry_domain))
        self.owner.send(self.contracts.register_node(request, signature))

    def _stake(self) -> Row:
        """A fifth validator takes a seat beside the running ones."""
        self.fifth = self._fresh()
        self.before = {each.signer: each.stake for each in self.contracts.validators().validators}
        self.owner.send(self.contracts.tuner_approve(self.book.validator_set, STAKE))
        receipt = self.owner.send(self.contracts.stake(self.fifth.address, STAKE, self.fifth.address))
        now = {each.signer: each.stake for each in self.contracts.validators().validators}
        text = f"{token_text(STAKE, places=0)} TUNER staked for {self.fifth.address}, now {len(now)} validators"
        return Row("stake", text, now == {**self.before, self.fifth.address: STAKE}, receipt.tx_hash)

    def _slash(self) -> Row:
        """It signs two headers of one epoch: everything it staked is taken, the others keep theirs."""
        headers = [self._header(root) for root in ("0x" + "a1" * 32, "0x" + "b2" * 32)]
        signed = [sign(self.fifth.key, header.digest(self.contracts.poce_domain)) for header in headers]
        supply = self.contracts.tuner_supply()
        receipt = self.owner.send(self.contracts.slash_equivocation(headers[0], signed[0], headers[1], signed[1]))
        burned = supply - self.contracts.tuner_supply()
        now = {each.signer: each.stake for each in self.contracts.validators().validators}
        text = (
            f"two headers of one epoch by {self.fifth.address}: {token_text(burned, places=0)} TUNER burned, "
            f"{token_text(STAKE - burned, places=0)} to who proved it; {len(now)} validators keep their stake"
        )
        passed = now == self.before and burned == STAKE - STAKE // 10 and self.contracts.stake_behind(self.fifth.address) == 0
        return Row("slash", text, passed, receipt.tx_hash)

    def _header(self, root: str) -> EpochHeader:
        return EpochHeader(
            epoch=self.contracts.head_epoch() + 1, root=root, through_hour=FIRST_HOUR, total_ug=1, ceiling_ug=1,
            total_tuner=0, leaf_count=1, data_hash=to_hex(b"\x0d" * 32),
            factor_set=str(self.book.parameters["factor_set"]), set_id=self.contracts.set_id(),
        )  # fmt: skip

    def _open(self, market: MarketBook) -> MarketBook:
        """Pools at the reference price with half of what the holder got, and a reference posted."""
        half = self.holder_units // 2
        self.holder.send(transfer(self.book.ct02, self.owner.address, half))
        self.maker.send(make_dollars(market.venues.dollar, self.holder.address, 10_000 * market.venues.dollar.unit))
        deposit = Deposit(half, 5_000_000 * TUNER_UNIT, PRICE_E8, TUNER_PRICE_E8)
        opened = open_market(
            self.owner, market.venues, market.contracts, ct02=self.book.ct02, tuner=self.book.tuner, deposit=deposit
        )
        now = self.client.block().timestamp
        feed = PriceFeed(self.client, market.contracts["price_feed"])
        self.owner.send(
            feed.post_reference(
                inr_per_tonne_e2=50_000, inr_per_usd_e8=88 * 10**8, observed_at=now, valid_until=now + _DAY_S, source="demo"
            )
        )
        self.wait(_HISTORY_S)
        book = market.with_pools(opened)
        book.save(self.folder / "market.json")
        return book

    def _pools(self, market: MarketBook) -> Row:
        opened = market.opened
        assert opened is not None
        v3 = V3Market(self.client, market.venues.needs_v3())
        key = PoolKey.of(self.book.ct02, market.venues.dollar.address, opened.hook)
        v4 = V4Pool(self.client, market.venues.needs_v4(), market.contracts["pool_desk"], key)
        depths = [v3.state(opened.carbon_pool).liquidity, v3.state(opened.tuner_pool).liquidity, v4.liquidity()]
        text = (
            f"V3: CT02 {opened.carbon_pool}, TUNER {opened.tuner_pool}; V4 {'0x' + key.pool_id.hex()} with the hook "
            f"{opened.hook}; liquidity {', '.join(f'{depth:,}' for depth in depths)}"
        )
        verified = all(finding.passed for finding in verify_pools(self.client, self.book, market))
        return Row("pools", text, all(depths) and verified)

    def _swap_v3(self, market: MarketBook) -> Row:
        dollar, v3 = market.venues.dollar, V3Market(self.client, market.venues.needs_v3())
        amount = self.holder_units // 100
        quoted = v3.quote(self.book.ct02, dollar.address, CARBON_FEE, amount)
        self.holder.send(approve(self.book.ct02, market.venues.needs_v3().router, amount))
        call = v3.swap(
            self.book.ct02, dollar.address, CARBON_FEE, amount,
            min_out=quoted, receiver=self.holder.address, deadline=self.client.block().timestamp + 600,
        )  # fmt: skip
        before = balance_of(self.client, dollar.address, self.holder.address)
        receipt = self.holder.send(call)
        received = balance_of(self.client, dollar.address, self.holder.address) - before
        text = f"{token_text(amount)} CT02 for {received / dollar.unit:,.6f} dollars, as quoted"
        return Row("swap on V3", text, received == quoted > 0, receipt.tx_hash)
