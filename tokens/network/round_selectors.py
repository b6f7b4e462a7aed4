"""What anyone may see of airdrop rounds: how far each came, what was paid of it, and until when it can be claimed."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Count

from tokens.network import reading, rounds
from tokens.network.connection import address_book
from tokens.network.figures import RoundRow
from tokens.network.models import ChainEvent, SealedRound


def airdrop_rounds(*, limit: int = 100) -> list[RoundRow]:
    """The newest rounds, newest first: those on chain, and the one that validators are asked about or the guardian vetoed."""
    found = SealedRound.objects.filter(chain_id=address_book().chain_id).defer("list").annotate(received=Count("votes"))
    told, present, now = rounds.on_chain(), reading.set_id(), reading.head_timestamp()
    rows: list[RoundRow] = []
    seen: set[int] = set()
    for row in found.order_by("-number", "-set_id", "-pk"):
        event = told.standing.get(row.number)
        vetoed = row.header["data_hash"] in told.vetoed
        counts = rounds.is_of(row, event) if event else vetoed or row.set_id == present
        if counts and row.number not in seen and len(rows) < limit:
            seen.add(row.number)
            rows.append(_row(row, event, vetoed=vetoed, now=now))
    return rows


def round_standing(row: SealedRound) -> str:
    """How a round stands and, while it is not on chain, what it waits for: a sentence for who runs the platform."""
    told, present = rounds.on_chain(row.number), reading.set_id()
    event, veto = told.standing.get(row.number), told.vetoed.get(row.header["data_hash"])
    if event is not None and rounds.is_of(row, event):
        return f"Posted in block {event.block.number}."
    if veto is not None:
        waits = "Its number waits for another list (of new or corrected reports) or another validator set."
        return f"Vetoed in block {veto.block.number}. {waits}"
    if event is not None:
        return f"Another list of round {row.number} was posted."
    if row.set_id != present:
        return f"Made for validator set {row.set_id}; the present one is {present}."
    return f"Waits for validators: {row.votes.count()} signed."


def _row(row: SealedRound, event: ChainEvent | None, *, vetoed: bool, now: int) -> RoundRow:
    paid = rounds.paid(row.number).values() if event else ()
    swept = reading.events("RoundSwept", key=str(row.number)).first() if event else None
    open_at, deadline = (int(event.args["open_at"]), int(event.args["deadline"])) if event else (None, None)
    state = "vetoed" if vetoed else "voting"
    if open_at is not None and deadline is not None:
        state = "posted" if now < open_at else "open" if now < deadline else "closed"
    return RoundRow(
        number=row.number,
        state=state,
        sealed_at=row.sealed_at,
        votes=row.received,  # type: ignore[attr-defined] # annotated above
        leaf_count=row.header["leaf_count"],
        total_ug=int(row.header["total_ug"]),
        paid_ug=sum(int(each.args["ug"]) for each in paid),
        paid_nodes=len(paid),
        posted_tx=event.tx_hash if event else "",
        open_at=_moment(open_at),
        deadline=_moment(deadline),
        swept_ug=int(swept.args["ug"]) if swept else 0,
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
