"""What the public rows say: how deep an event lies, what an epoch came to, which reports it attested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import QuerySet

from emissions.poce.epoch import Bundle, BundleLeaf
from emissions.register.models import ReportCommitment
from tokens.network.connection import address_book
from tokens.network.models import Block, ChainEvent, Cursor, Epoch


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
    return standing_epochs().get(number)


def standing_epochs() -> dict[int, ChainEvent]:
    """Every epoch that stands on chain with the event that posted it. A veto takes it and all later ones away."""
    stands: dict[int, ChainEvent] = {}
    told = ChainEvent.objects.filter(name__in=("EpochReported", "EpochRejected"), block__chain_id=address_book().chain_id)
    for event in told.select_related("block").order_by("block__number", "log_index"):
        number = int(event.key)
        if event.name == "EpochReported":
            stands[number] = event
        else:
            stands = {known: posted for known, posted in stands.items() if known < number}
    return stands


def newest_posted(*, final: bool = False) -> PostedEpoch | None:
    """The newest epoch that stands on chain (final: with its confirmations) and whose bundle we hold."""
    limit = final_below()
    for number, event in sorted(standing_epochs().items(), reverse=True):
        if final and event.block.number > limit:
            continue
        epoch = Epoch.objects.filter(chain_id=address_book().chain_id, number=number).first()
        if epoch is not None and epoch.header["root"] == event.args["root"]:
            return PostedEpoch(epoch, event, bundle_of(epoch))
    return None


def newest_sealed() -> Epoch | None:
    """The newest epoch that validators were asked about, posted or not."""
    return Epoch.objects.filter(chain_id=address_book().chain_id).order_by("-number").first()


def sealed(number: int) -> Epoch | None:
    """A sealed epoch by its number."""
    return Epoch.objects.filter(chain_id=address_book().chain_id, number=number).first()


def bundle_of(epoch: Epoch) -> Bundle:
    """The bundle that an epoch's bytes hold."""
    return Bundle.from_bytes(bytes(epoch.bundle))


def hours_of(reports: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """(hour, µg) under these reports, ascending."""
    rows = ReportCommitment.objects.filter(report_hash__in=reports).values_list("hours", flat=True)
    return tuple(sorted((int(hour), int(ug)) for hours in rows for hour, ug in hours))


def claimed_ug(node: str) -> int:
    """What was paid for a node by the events on chain."""
    return sum(int(event.args["ug"]) for event in events("Claimed", key=node))


def leaf_of(posted: PostedEpoch | None, node: str) -> BundleLeaf | None:
    """A node's leaf in a posted epoch."""
    return posted.bundle.entry(node) if posted else None
