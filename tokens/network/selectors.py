"""What anyone may see of the network: epochs, validators, the chain's state. Read from rows; no call to the chain."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Max, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform

from cloudtuner.errors import ServiceError
from tokens.network import reading, rounds
from tokens.network.connection import address_book
from tokens.network.figures import ChainStatus, EpochRow, ValidatorRow, VoteRow
from tokens.network.models import ChainEvent, ChainTx, Epoch, Vote
from tokens.network.models.blocks import amount
from tokens.network.models.outbox import UNFINISHED
from tokens.network.outbox import MOOT

EPOCHS_A_PAGE = 50


def _sealed() -> QuerySet[Epoch]:
    rows: QuerySet[Epoch] = Epoch.objects.filter(chain_id=address_book().chain_id).defer("bundle")
    return rows


def epoch_count() -> int:
    """How many epochs were sealed: they are numbered from 1 without a gap."""
    return _sealed().aggregate(newest=Max("number"))["newest"] or 0


def epochs(*, before: int | None = None, limit: int = EPOCHS_A_PAGE) -> list[EpochRow]:
    """A page of sealed epochs, newest first, each in the round that counts; `before`: only those with a lower number."""
    asked = _sealed() if before is None else _sealed().filter(number__lt=before)
    return _rows(list(asked.order_by("-number").values_list("number", flat=True).distinct()[:limit]))


def _rows(numbers: list[int]) -> list[EpochRow]:
    """These epochs in this order, in as many queries as one of them needs."""
    rounds: dict[int, list[Epoch]] = defaultdict(list)
    for one in _sealed().filter(number__in=numbers).annotate(received=Count("votes")).order_by("-set_id"):
        rounds[one.number].append(one)
    standing, present, now = reading.standing_epochs(numbers), reading.set_id(), reading.head_timestamp()
    claimed, keys = _claimed_by_epoch(numbers), [str(number) for number in numbers]
    reported = reading.events("EpochReported").filter(key__in=keys)
    posted_before = {(int(event.key), int(event.args["set_id"])) for event in reported}
    vetoed = {int(event.key) for event in reading.events("EpochRejected").filter(key__in=keys)} - set(standing)
    rows = []
    for number in numbers:
        posted = standing.get(number)
        row = _round_that_counts(rounds[number], posted, present)
        rejected = number in vetoed and (number, row.set_id) in posted_before
        rows.append(_row(row, posted, claimed.get(number, 0), vetoed=rejected, now=now))
    return rows


def _round_that_counts(rounds: list[Epoch], posted: ChainEvent | None, present: int | None) -> Epoch:
    """As `reading.sealed`, of the rounds of one epoch, newest set first."""
    wanted = int(posted.args["set_id"]) if posted else present
    return next((row for row in rounds if row.set_id == wanted), rounds[0])


def epoch(number: int) -> EpochRow:
    """One epoch. Raises ServiceError `epoch.unknown`."""
    found = _rows(list(_sealed().filter(number=number).values_list("number", flat=True)[:1]))
    return found[0] if found else _unknown(number)


def votes(number: int) -> list[VoteRow]:
    """The signatures over the header of an epoch's round that counts, those that reached us, by signer."""
    found = reading.sealed(number)
    given = found.votes.order_by("signer") if found else Vote.objects.none()
    return [VoteRow(vote.signer, vote.signature, vote.received_at) for vote in given]


def _unknown(number: int) -> EpochRow:
    raise ServiceError(f"there is no epoch {number}", code="epoch.unknown", hint="See /network for those there are.")


def _row(row: Epoch, posted: ChainEvent | None, claimed_ug: int, *, vetoed: bool, now: int) -> EpochRow:
    header = row.header
    over = None if posted is None else reading.block_time(posted.block) + timedelta(seconds=address_book().window_s)
    state = "voting"
    if posted is not None and over is not None:
        state = "final" if now > over.timestamp() else "posted"
    elif vetoed:
        state = "rejected"
    return EpochRow(
        number=row.number,
        state=state,
        root=header["root"],
        through_hour=header["through_hour"],
        total_ug=int(header["total_ug"]),
        ceiling_ug=int(header["ceiling_ug"]),
        total_tuner=int(header["total_tuner"]),
        leaf_count=header["leaf_count"],
        data_hash=header["data_hash"],
        factor_set=header["factor_set"],
        set_id=row.set_id,
        sealed_at=row.sealed_at,
        votes=row.received,  # type: ignore[attr-defined] # annotated above
        posted_tx=posted.tx_hash if posted else "",
        posted_block=posted.block.number if posted else None,
        posted_at=reading.block_time(posted.block) if posted else None,
        final_at=over,
        signers=tuple(posted.args["signers"]) if posted else (),
        claimed_ug=claimed_ug,
    )


def _claimed_by_epoch(numbers: list[int]) -> dict[int, int]:
    """µg paid against each of these epochs, summed by the database over the index of claims by epoch."""
    claims = reading.events("Claimed").order_by().annotate(epoch=KeyTextTransform("epoch", "args"))
    rows = claims.filter(epoch__in=[str(number) for number in numbers]).values("epoch")
    return {int(row["epoch"]): int(row["ug"]) for row in rows.annotate(ug=Sum(amount("ug")))}


@dataclass
class _Staker:
    signer: str = ""
    stake: int = 0
    slashed: bool = False


def validators() -> list[ValidatorRow]:
    """Who has stake behind a signing key, most stake first, from the events of the validator set."""
    stakers: dict[str, _Staker] = defaultdict(_Staker)
    names = ("Staked", "UnstakeRequested", "SignerChanged", "Slashed")
    for event in ChainEvent.objects.filter(name__in=names, block__chain_id=address_book().chain_id):
        staker = stakers[event.args["staker"]]
        match event.name:
            case "Staked":
                staker.signer, staker.stake = event.args["signer"], int(event.args["stake"])
            case "UnstakeRequested":
                staker.stake -= int(event.args["amount"])
            case "SignerChanged":
                staker.signer = event.args["signer"]
            case _:
                staker.stake, staker.slashed = 0, True
    whole = sum(staker.stake for staker in stakers.values())
    told = Vote.objects.filter(epoch__chain_id=address_book().chain_id).values("signer")
    given = {
        row["signer"]: (row["count"], row["last"])
        for row in told.annotate(count=Count("epoch__number", distinct=True), last=Max("received_at"))
    }
    sealed = Epoch.objects.filter(chain_id=address_book().chain_id).values("number").distinct().count()
    rows = [
        ValidatorRow(
            signer=staker.signer,
            stake=staker.stake,
            stake_share_ppm=staker.stake * 1_000_000 // whole if whole else 0,
            votes=given.get(staker.signer, (0, None))[0],
            epochs=sealed,
            last_vote_at=given.get(staker.signer, (0, None))[1],
            slashed=staker.slashed,
        )
        for staker in stakers.values()
        if staker.stake or staker.slashed
    ]
    return sorted(rows, key=lambda row: (-row.stake, row.signer))


def chain_status() -> ChainStatus:
    """What the indexer knows of the chain: head, lag, and since when it does not answer."""
    book, cursor = address_book(), reading.cursor()
    indexed = reading.head()
    waiting = ChainTx.objects.filter(chain_id=book.chain_id, state__in=UNFINISHED).count()
    failed = ChainTx.objects.filter(chain_id=book.chain_id, state="failed").exclude(error_code=MOOT).count()
    head = cursor.head_block if cursor else 0
    return ChainStatus(
        chain_id=book.chain_id,
        head_block=head,
        head_at=datetime.fromtimestamp(cursor.head_timestamp, UTC) if cursor and cursor.head_timestamp else None,
        indexed_block=max(indexed, 0),
        lag_blocks=max(0, head - indexed),
        confirmations=book.confirmations,
        reached_at=cursor.reached_at if cursor else None,
        unreachable_since=cursor.unreachable_since if cursor else None,
        stopped_reason=cursor.stopped_reason if cursor else "",
        reorgs=cursor.reorgs if cursor else 0,
        last_reorg_at=cursor.last_reorg_at if cursor else None,
        last_reorg_depth=cursor.last_reorg_depth if cursor else 0,
        waiting_transactions=waiting,
        failed_transactions=failed,
    )


def waiting_for_blocks() -> bool:
    """Whether something waits for the chain to go on: a window, a confirmation, an epoch or a transaction.

    A chain that mines only when asked (anvil) has to be given empty blocks while this is true.
    """
    chain_id = address_book().chain_id
    if ChainTx.objects.filter(chain_id=chain_id, state__in=UNFINISHED, tries=0).exists():
        return True
    newest = ChainEvent.objects.filter(block__chain_id=chain_id).order_by("-block__number").first()
    if newest is not None and newest.block.number > reading.final_below():
        return True
    if any(posted.open_at > reading.head_timestamp() for posted in rounds.posted_rounds()[-1:]):
        return True
    sealed = reading.newest_sealed()
    if sealed is None:
        return False
    posted = reading.standing(sealed.number)
    over = 0 if posted is None else posted.block.timestamp + address_book().window_s
    return posted is None or reading.head_timestamp() <= over
