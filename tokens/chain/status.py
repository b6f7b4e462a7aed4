"""How do the contracts stand now? What an operator wants to see first, read at one block."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emissions.poce.hexes import normal_address

from .book import AddressBook
from .client import BlockHead
from .contracts import Contracts, ValidatorSnapshot
from .decoding import decode, topic_of
from .duties import budget_left
from .events import MinterChanged
from .windows import read_logs

_OWNED = ("ct02", "node_registry", "validator_set", "poce", "airdrop")
_OWNED_AROUND = ("price_feed", "floor_reserve", "burner")
_NOBODY = "0x" + "00" * 20


@dataclass(frozen=True)
class Pending:
    """An action of an owner that was announced and waits: until a moment (chain time), or for somebody's word."""

    what: str
    who: str
    ready_at: int | None = None


@dataclass(frozen=True)
class ChainStatus:
    """Amounts of TUNER in base units, carbon in micrograms, times in chain time."""

    block: BlockHead
    head_epoch: int
    head_status: str
    through_hour: int | None
    ceiling_ug: int
    minted_ug: int
    retired_ug: int
    validators: ValidatorSnapshot
    paused_until: int
    airdrop_paused_until: int
    budget_left: int
    pool: int
    owners: dict[str, str]
    guardian: str
    minters: tuple[str, ...]
    pending: tuple[Pending, ...]

    @property
    def is_paused(self) -> bool:
        """Whether claims of epochs wait."""
        return self.paused_until > self.block.timestamp

    @property
    def is_airdrop_paused(self) -> bool:
        """Whether claims of airdrop rounds wait."""
        return self.airdrop_paused_until > self.block.timestamp

    def to_json(self) -> dict[str, Any]:
        """Amounts as decimal text, times as UTC text."""
        return {
            "block": self.block.number,
            "block_hash": self.block.hash,
            "time": moment_text(self.block.timestamp),
            "head_epoch": self.head_epoch,
            "head_status": self.head_status,
            "through_hour": self.through_hour,
            "ceiling_ug": str(self.ceiling_ug),
            "minted_ug": str(self.minted_ug),
            "retired_ug": str(self.retired_ug),
            "set_id": self.validators.set_id,
            "total_stake": str(self.validators.total_stake),
            "validators": [{"signer": each.signer, "stake": str(each.stake)} for each in self.validators.validators],
            "paused_until": moment_text(self.paused_until) if self.is_paused else None,
            "airdrop_paused_until": moment_text(self.airdrop_paused_until) if self.is_airdrop_paused else None,
            "budget_left": str(self.budget_left),
            "pool": str(self.pool),
            "owners": self.owners,
            "guardian": self.guardian,
            "minters": list(self.minters),
            "pending": [
                {"what": each.what, "who": each.who, "ready_at": moment_text(each.ready_at) if each.ready_at else None}
                for each in self.pending
            ],
        }


def read_status(contracts: Contracts) -> ChainStatus:
    """Everything at the newest block, pinned by its hash. Raises `chain.wrong_chain` for another chain than the book's."""
    contracts.check_chain()
    head = contracts.client.block()
    at, book = head.hash, contracts.book
    number = contracts.head_epoch(block=at)
    epoch = contracts.epoch(number, block=at) if number else None
    return ChainStatus(
        block=head,
        head_epoch=number,
        head_status=epoch.status.name.lower() if epoch else "none",
        through_hour=epoch.through_hour if epoch else None,
        ceiling_ug=epoch.ceiling_ug if epoch else 0,
        minted_ug=contracts.minted_ug(block=at),
        retired_ug=contracts.retired_ug(block=at),
        validators=contracts.validators(block=at),
        paused_until=contracts.minting_paused_until(block=at),
        airdrop_paused_until=contracts.read(book.airdrop, "pausedUntil()", ("uint40",), block=at)[0],
        budget_left=budget_left(contracts, block=at),
        pool=contracts.tuner_balance(book.poce, block=at),
        owners={name: _address(contracts, place, "owner()", at) for name, place in _owned(book).items()},
        guardian=_address(contracts, book.poce, "guardian()", at),
        minters=_minters(contracts, head),
        pending=tuple(_pending(contracts, at)),
    )


def moment_text(seconds: int) -> str:
    """Chain time as UTC text.

    >>> moment_text(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _owned(book: AddressBook) -> dict[str, str]:
    """What has an owner who sets its rules: the core, and of the contracts around it those that the book tells of."""
    around = {name: book.creations[name].address for name in _OWNED_AROUND if name in book.creations}
    return {name: book.contracts[name] for name in _OWNED} | around


def _minters(contracts: Contracts, head: BlockHead) -> tuple[str, ...]:
    """Who may mint: everybody who ever entered and still may."""
    book = contracts.book
    topics = [[topic_of(MinterChanged)]]
    logs = read_logs(contracts.client, [book.ct02], first=book.deploy_block, last=head.number, topics=topics)
    entered = [event.minter for event in decode(logs, book) if isinstance(event, MinterChanged)]
    return tuple(each for each in dict.fromkeys(entered) if contracts.is_minter(each, block=head.hash))


def _pending(contracts: Contracts, at: str) -> list[Pending]:
    found = []
    for name, place in _owned(contracts.book).items():
        next_owner = _address(contracts, place, "pendingOwner()", at)
        if next_owner != _NOBODY:
            found.append(Pending(f"ownership of {name} waits to be accepted", next_owner))
    ct02 = contracts.book.ct02
    minter = _address(contracts, ct02, "proposedMinter()", at)
    if minter != _NOBODY:
        ready = contracts.read(ct02, "minterAcceptableAt()", ("uint64",), block=at)[0]
        found.append(Pending("another minter of CT02", minter, int(ready)))
    return found


def _address(contracts: Contracts, to: str, signature: str, at: str) -> str:
    return normal_address(contracts.read(to, signature, ("address",), block=at)[0])
