"""What the public rows say: how deep an event lies, what an epoch came to, which reports it attested."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q, QuerySet, Sum

from emissions.poce.epoch import Bundle, BundleLeaf
from emissions.register.models import ReportCommitment
from tokens.network.connection import address_book
from tokens.network.models import Block, ChainEvent, Cursor, Epoch
from tokens.network.models.blocks import amount

# A bundle never changes, so its hash is all that has to be compared before it is used again.
KEPT_BUNDLES = 4
_bundles: dict[str, Bundle] = {}


def events(name: str, *, key: str | None = None) -> QuerySet[ChainEvent]:
    """Events of one kind on the chain as last seen, oldest first."""
    found = ChainEvent.objects.filter(name=name, block__chain_id=address_book().chain_id).select_related("block")
    return found if key is None else found.filter(key=key)


def head() -> int:
    """The newest block that was indexed; -1 before the first."""
    newest = Block.objects.filter(chain_id=address_book().chain_id).order_by("-number").first()
    return newest.number if newest else -1


def depth_of(block_number: int) -> int:
    """How many blocks lie on top of a block."""
    return head() - block_number


def final_below() -> int:
    """The newest indexed block that counts as final: `confirmations` blocks lie on top of it, or the chain says so."""
    confirmations = address_book().confirmations
    if confirmations:
        return head() - confirmations
    known = cursor()
    return min(head(), known.final_block) if known else -1


def confirmed(found: QuerySet[ChainEvent]) -> QuerySet[ChainEvent]:
    """Those of the events that are final."""
    return found.filter(block__number__lte=final_below())


def block_time(block: Block) -> datetime:
    """A block's own time."""
    return datetime.fromtimestamp(block.timestamp, UTC)


def head_timestamp() -> int:
    """The chain's own time at the newest indexed block, unix seconds; 0 before the first."""
    newest = Block.objects.filter(chain_id=address_book().chain_id).order_by("-number").first()
    return newest.timestamp if newest else 0


def chain_seconds() -> int:
    """The chain's own time as last heard, unix seconds: of the head, read or not."""
    known = cursor()
    return max(head_timestamp(), known.head_timestamp if known else 0)


def cursor() -> Cursor | None:
    """The indexer's place on the chain of the address book."""
    return Cursor.objects.filter(chain_id=address_book().chain_id).first()


@dataclass(frozen=True)
class PostedEpoch:
    """An epoch that stands on chain, with its bundle."""

    epoch: Epoch
    event: ChainEvent
    bundle: Bundle

    @property
    def number(self) -> int:
        return self.epoch.number

    def window_is_over(self, timestamp: int) -> bool:
        """Whether claims against it pay, at a block time."""
        return timestamp > self.event.block.timestamp + address_book().window_s


def standing(number: int) -> ChainEvent | None:
    """The event that posted an epoch, if it stands on chain and was not vetoed after."""
    if not 0 < number <= head_epoch():
        return None
    return events("EpochReported", key=str(number)).order_by("-block__number", "-log_index").first()


def standing_epochs(numbers: Collection[int] | None = None) -> dict[int, ChainEvent]:
    """Every epoch (or those of `numbers`) that stands on chain with the event that posted it. A veto takes it and all later
    ones away.
    """
    stands: dict[int, ChainEvent] = {}
    told = ChainEvent.objects.filter(name__in=("EpochReported", "EpochRejected"), block__chain_id=address_book().chain_id)
    if numbers is not None:
        told = told.filter(Q(name="EpochRejected") | Q(key__in=[str(number) for number in numbers]))
    for event in told.select_related("block").order_by("block__number", "log_index"):
        number = int(event.key)
        if event.name == "EpochReported":
            stands[number] = event
        else:
            stands = {known: posted for known, posted in stands.items() if known < number}
    return stands


def head_epoch() -> int:
    """The newest epoch that stands on chain; 0 before the first. Looks at the last events only."""
    told = ChainEvent.objects.filter(name__in=("EpochReported", "EpochRejected"), block__chain_id=address_book().chain_id)
    below: int | None = None
    for name, key in told.order_by("-block__number", "-log_index").values_list("name", "key").iterator(chunk_size=16):
        number = int(key)
        if name == "EpochReported":
            return number if below is None else min(number, below)
        # A veto takes its epoch and all later ones away.
        below = number - 1 if below is None else min(below, number - 1)
    return 0


def set_id() -> int | None:
    """The present version of the validator set, as indexed."""
    newest = events("ValidatorSetChanged").order_by("-block__number", "-log_index").first()
    return int(newest.args["set_id"]) if newest else None


def _rounds(number: int) -> QuerySet[Epoch]:
    rows: QuerySet[Epoch] = Epoch.objects.filter(chain_id=address_book().chain_id, number=number).defer("bundle")
    return rows


def posted_round(number: int, event: ChainEvent) -> Epoch | None:
    """The round of an epoch that an event posted, if we hold it."""
    epoch = _rounds(number).filter(set_id=int(event.args["set_id"])).first()
    return epoch if epoch is not None and epoch.header["root"] == event.args["root"] else None


def posted(number: int) -> PostedEpoch | None:
    """An epoch that stands on chain and whose bundle we hold."""
    event = standing(number)
    epoch = posted_round(number, event) if event else None
    return PostedEpoch(epoch, event, bundle_of(epoch)) if event and epoch else None


def newest_posted(*, payable: bool = False) -> PostedEpoch | None:
    """The newest epoch that stands on chain and whose bundle we hold.

    `payable`: with its confirmations and its window over, so that claims against it pay. None while a newer one is final
    for the contract, which pays by that one only, and lacks confirmations.
    """
    limit, now, window_s = final_below(), head_timestamp(), address_book().window_s
    for number, event in sorted(standing_epochs().items(), reverse=True):
        if payable and now <= event.block.timestamp + window_s:
            continue
        if payable and event.block.number > limit:
            return None
        epoch = posted_round(number, event)
        if epoch is not None:
            return PostedEpoch(epoch, event, bundle_of(epoch))
    return None


def pending() -> Epoch | None:
    """The round that waits for validators: the first epoch that is not on chain, as sealed for the present set; while it
    is not sealed for that, the newest of its rounds.
    """
    return _asked(head_epoch() + 1)


def _asked(number: int) -> Epoch | None:
    rounds = _rounds(number).order_by("-set_id")
    return rounds.filter(set_id=set_id()).first() or rounds.first()


def newest_sealed() -> Epoch | None:
    """The epoch that waits for validators, else the newest on chain."""
    return pending() or sealed(head_epoch())


def sealed(number: int) -> Epoch | None:
    """The round of an epoch that counts: the one on chain, else the one that validators are asked about."""
    event = standing(number)
    return (posted_round(number, event) if event else None) or _asked(number)


def bundle_of(epoch: Epoch) -> Bundle:
    """The bundle that an epoch's bytes hold; kept in the process by its hash, with its tree."""
    data_hash = str(epoch.header["data_hash"])
    found = _bundles.get(data_hash)
    if found is None:
        found = Bundle.from_bytes(bytes(epoch.bundle))
        if len(_bundles) >= KEPT_BUNDLES:
            _bundles.clear()
        _bundles[data_hash] = found
    return found


def hours_of(reports: Sequence[str], *, from_hour: int = 0) -> tuple[tuple[int, int], ...]:
    """(hour, µg) under those of these reports that begin at an hour or later, ascending."""
    rows = ReportCommitment.objects.filter(report_hash__in=reports, hour_from__gte=from_hour).values_list("hours", flat=True)
    return tuple(sorted((int(hour), int(ug)) for hours in rows for hour, ug in hours))


def claimed_by_node() -> dict[str, int]:
    """What was paid for each node by the events on chain, final or not."""
    rows = events("Claimed").order_by().values("key").annotate(paid=Sum(amount("ug")))
    return {row["key"]: int(row["paid"]) for row in rows}


def held_nodes() -> set[str]:
    """Nodes whose claims the guardian holds, by the chain's own time: a claim would skip them."""
    told = ChainEvent.objects.filter(name__in=("NodeHeld", "NodeReleased"), block__chain_id=address_book().chain_id)
    until = {event.key: int(event.args.get("until", 0)) for event in told.order_by("block__number", "log_index")}
    now = head_timestamp()
    return {node for node, time in until.items() if now < time}


def leaf_of(posted: PostedEpoch | None, node: str) -> BundleLeaf | None:
    """A node's leaf in a posted epoch."""
    return posted.bundle.entry(node) if posted else None
