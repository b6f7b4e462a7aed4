"""What the public rows say of airdrop rounds: which stand on chain, which waits for validators, what each named and paid."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.db.models.fields.json import KeyTextTransform

from emissions.poce.airdrop import AirdropList, Named
from tokens.network import reading
from tokens.network.connection import address_book
from tokens.network.models import ChainEvent, SealedRound

# A list never changes, so its hash is all that has to be compared before it is used again.
KEPT_LISTS = 4
_lists: dict[str, AirdropList] = {}
# Digests of rounds whose every leaf is paid, by final events only or by any; as of a chain and how often it was reorganised.
_paid_up: dict[bool, tuple[tuple[int, int], set[str]]] = {}


@dataclass(frozen=True)
class PostedRound:
    """A round that stands on chain, with its list. Times are the chain's, unix seconds."""

    row: SealedRound
    event: ChainEvent

    @property
    def number(self) -> int:
        return self.row.number

    @property
    def list(self) -> AirdropList:
        return list_of(self.row)

    @property
    def open_at(self) -> int:
        return int(self.event.args["open_at"])

    @property
    def deadline(self) -> int:
        return int(self.event.args["deadline"])

    def is_open(self, timestamp: int) -> bool:
        """Whether claims of it pay, at a block time."""
        return self.open_at <= timestamp < self.deadline


@dataclass(frozen=True)
class OnChain:
    """What the chain says of rounds: by number the event that posted each that stands, and by the hash of its list the
    event that vetoed each that was taken back. A veto takes a round and all later ones away.
    """

    standing: dict[int, ChainEvent]
    vetoed: dict[str, ChainEvent]


def _told() -> QuerySet[ChainEvent]:
    """What was posted and vetoed, oldest first. A veto tells of each round that it takes back, the newest first."""
    told = ChainEvent.objects.filter(name__in=("RoundPosted", "RoundVetoed"), block__chain_id=address_book().chain_id)
    return told.select_related("block").order_by("block__number", "log_index")


def on_chain(number: int | None = None) -> OnChain:
    """Every round that was ever posted, or those of one number, as the chain has it now."""
    found = OnChain({}, {})
    for event in _told() if number is None else _told().filter(key=str(number)):
        number = int(event.key)
        if event.name == "RoundPosted":
            found.standing[number] = event
        elif number in found.standing:
            found.vetoed[found.standing.pop(number).args["data_hash"]] = event
    return found


def standing_rounds() -> dict[int, ChainEvent]:
    """Every round that stands on chain with the event that posted it."""
    return on_chain().standing


def head_round() -> int:
    """The newest round that stands on chain; 0 before the first. Looks at the last event only."""
    last = _told().last()
    if last is None:
        return 0
    return int(last.key) - (last.name == "RoundVetoed")


def _sealed(number: int) -> QuerySet[SealedRound]:
    rows: QuerySet[SealedRound] = SealedRound.objects.filter(chain_id=address_book().chain_id, number=number).defer("list")
    return rows


def sealed_for(number: int, set_id: int) -> SealedRound | None:
    """A round as it was last sealed for a validator set, unless the guardian took that back."""
    row = _sealed(number).filter(set_id=set_id).last()
    return row if row is not None and row.header["data_hash"] not in on_chain(number).vetoed else None


def posted_round(number: int) -> PostedRound | None:
    """A round that stands on chain and whose list we hold."""
    event = on_chain(number).standing.get(number)
    return _posted(number, event) if event else None


def posted_rounds() -> list[PostedRound]:
    """Every round that stands on chain and whose list we hold, oldest first."""
    found = [_posted(number, event) for number, event in sorted(standing_rounds().items())]
    return [posted for posted in found if posted is not None]


def _posted(number: int, event: ChainEvent) -> PostedRound | None:
    row = next((row for row in _sealed(number) if is_of(row, event)), None)
    return PostedRound(row, event) if row is not None else None


def is_of(row: SealedRound, event: ChainEvent) -> bool:
    """Whether an event posted this very list."""
    return bool(row.header["data_hash"] == event.args["data_hash"])


def pending_round() -> SealedRound | None:
    """The round that waits for validators: the first that is not on chain, as sealed for the present set."""
    present = reading.set_id()
    return sealed_for(head_round() + 1, present) if present is not None else None


def sealed(number: int) -> SealedRound | None:
    """The round that counts under a number: the one on chain, else the one that validators are asked about."""
    posted = posted_round(number)
    return posted.row if posted else _sealed(number).last()


def list_of(row: SealedRound) -> AirdropList:
    """The list that a round's bytes hold; kept in the process by its hash, with its tree."""
    data_hash = str(row.header["data_hash"])
    found = _lists.get(data_hash)
    if found is None:
        found = AirdropList.from_bytes(bytes(row.list))
        if len(_lists) >= KEPT_LISTS:
            _lists.clear()
        _lists[data_hash] = found
    return found


def unpaid_rounds(*, final: bool = False) -> list[PostedRound]:
    """Those rounds on chain with a leaf that is not paid, oldest first; `final`: not by an event that is final. Asks by the
    counts, so that lists are not read; a round found paid is not asked about again, since only a reorganisation takes
    payments back.
    """
    cursor = reading.cursor()
    moment = (address_book().chain_id, cursor.reorgs if cursor else 0)
    known, paid_up = _paid_up.get(final, (None, set()))
    if known != moment:
        paid_up = set()
        _paid_up[final] = (moment, paid_up)
    posted = [each for each in posted_rounds() if each.row.digest not in paid_up]
    told = _payments([each.number for each in posted]).order_by()
    number = KeyTextTransform("round", "args")
    rows = (reading.confirmed(told) if final else told).values(number=number).annotate(count=Count("pk"))
    counts = {int(row["number"]): row["count"] for row in rows}
    unpaid = [each for each in posted if counts.get(each.number, 0) < each.row.header["leaf_count"]]
    paid_up |= {each.row.digest for each in posted if each not in unpaid}
    return unpaid


def named() -> dict[str, Named]:
    """By node, the hours that rounds on chain named."""
    newest = posted_round(head_round())
    return newest.list.named_after if newest else {}


def paid(number: int) -> dict[str, ChainEvent]:
    """By node, the event that paid its leaf of a round, final or not."""
    return {event.key: event for event in _payments([number])}


def _payments(numbers: Collection[int]) -> QuerySet[ChainEvent]:
    """The payments of these rounds. Asked by the round's text, for which there is an index."""
    told = reading.events("AirdropPaid").alias(round=KeyTextTransform("round", "args"))
    return told.filter(round__in=[str(number) for number in numbers])
