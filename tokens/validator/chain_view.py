"""What the chain says, all at one block, so that no check mixes two moments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from cloudtuner.errors import ChainError
from emissions.poce.airdrop import AirdropRound
from emissions.poce.eip712 import Domain
from emissions.poce.epoch import EpochHeader
from emissions.poce.hexes import to_hex
from emissions.poce.score import Schedule
from tokens.chain.airdrop import Airdrop
from tokens.chain.caps import Caps
from tokens.chain.contracts import Contracts, EpochRecord, NodeRecord, ValidatorSnapshot
from tokens.chain.decoding import decode
from tokens.chain.events import ChainLog, EpochReported
from tokens.chain.events_airdrop import RoundPosted, RoundVetoed
from tokens.chain.windows import read_logs


class ChainView:
    """The contracts as of one block. Answers are kept, since a block does not change."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts
        self._airdrop = Airdrop(contracts)
        self.head = contracts.client.block("latest")
        self.node = cache(self._node)
        self.factor_set_at = cache(self._factor_set_at)
        self.reward_terms = cache(self._reward_terms)
        self.caps = Caps(contracts, time=self.head.timestamp, block=self.head.hash)

    @property
    def chain_id(self) -> int:
        return self._contracts.book.chain_id

    @property
    def registry(self) -> str:
        return self._contracts.book.node_registry

    @property
    def report_domain(self) -> Domain:
        return self._contracts.registry_domain

    @property
    def header_domain(self) -> Domain:
        return self._contracts.poce_domain

    @property
    def round_domain(self) -> Domain:
        return self._airdrop.domain

    @property
    def hour(self) -> int:
        """The block's hour (chain time)."""
        return self.head.timestamp // 3600

    def head_epoch(self) -> int:
        return self._contracts.head_epoch(block=self.head.hash)

    def epoch(self, epoch: int) -> EpochRecord | None:
        return self._contracts.epoch(epoch, block=self.head.hash)

    def validators(self) -> ValidatorSnapshot:
        return self._contracts.validators(block=self.head.hash)

    def _node(self, node: str) -> NodeRecord | None:
        return self._contracts.node(node, block=self.head.hash)

    def _factor_set_at(self, hour: int) -> str:
        return self._contracts.factor_set_at(hour, block=self.head.hash)

    def _reward_terms(self, through_hour: int) -> Schedule:
        return self._contracts.reward_terms(through_hour, block=self.head.hash)

    def posted_header(self, epoch: int, record: EpochRecord) -> EpochHeader:
        """The header that was posted for an epoch, from its event."""
        for event in self._events(self._contracts.book.poce):
            if isinstance(event, EpochReported) and event.epoch == epoch and event.root == record.root:
                return header_of_event(event)
        raise _no_event(f"epoch {epoch}")

    def round_count(self) -> int:
        return self._airdrop.round_count(block=self.head.hash)

    def posted_round(self, number: int) -> AirdropRound:
        """A round as it was posted, from its event."""
        record = self._airdrop.round(number, block=self.head.hash)
        for event in self._events(self._airdrop.address):
            if isinstance(event, RoundPosted) and record and event.round == number and event.root == record.root:
                return _round_of(event)
        raise _no_event(f"round {number}")

    def is_vetoed(self, digest: str) -> bool:
        """Whether a round, by the digest that votes sign, was posted and taken back by the guardian."""
        vetoed: set[tuple[int, str]] = set()
        for event in self._events(self._airdrop.address):
            if isinstance(event, RoundVetoed):
                vetoed.add((event.round, event.root))
            elif isinstance(event, RoundPosted):
                taken_back = (event.round, event.root) in vetoed
                vetoed.discard((event.round, event.root))
                if to_hex(_round_of(event).digest(self.round_domain)) == digest:
                    return taken_back
        return False

    def _events(self, address: str) -> Iterator[ChainLog]:
        """A contract's events, newest first, asked for as far back as the reader goes."""
        book, client = self._contracts.book, self._contracts.client
        for log in read_logs(client, [address], first=book.deploy_block, last=self.head.number, newest_first=True):
            yield from decode([log], book)


def _no_event(what: str) -> ChainError:
    return ChainError(f"the event of {what} is not found.", code="chain.no_event", hint="Use an RPC endpoint that keeps logs.")


def _round_of(event: RoundPosted) -> AirdropRound:
    """The round that was posted."""
    return AirdropRound(**{name: getattr(event, name) for name in AirdropRound.__match_args__})


def header_of_event(event: EpochReported) -> EpochHeader:
    """The posted header."""
    return EpochHeader(
        epoch=event.epoch,
        root=event.root,
        through_hour=event.through_hour,
        total_ug=event.total_ug,
        ceiling_ug=event.ceiling_ug,
        total_tuner=event.total_tuner,
        leaf_count=event.leaf_count,
        data_hash=event.data_hash,
        factor_set=event.factor_set,
        set_id=event.set_id,
    )
