"""What anyone may see of airdrop rounds: how far each came, what was paid of it, and until when it can be claimed."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Count

from tokens.network import reading, rounds
from tokens.network.connection import address_book
from tokens.network.figures import RoundRow
from tokens.network.models import ChainEvent, SealedRound


def airdrop_rounds(*, limit: int = 100) -> list[RoundRow]:
    """The newest rounds, newest first: those on chain, and the one that validators are asked about."""
    found = SealedRound.objects.filter(chain_id=address_book().chain_id).defer("list").annotate(received=Count("votes"))
    standing, present, now = rounds.standing_rounds(), reading.set_id(), reading.head_timestamp()
    rows: list[RoundRow] = []
    for row in found.order_by("-number", "-set_id"):
        event = standing.get(row.number)
        counts = row.set_id == (int(event.args["set_id"]) if event else present)
        if counts and len(rows) < limit:
            rows.append(_row(row, event, now))
    return rows


def _row(row: SealedRound, event: ChainEvent | None, now: int) -> RoundRow:
    paid = rounds.paid(row.number).values() if event else ()
    swept = reading.events("RoundSwept", key=str(row.number)).first() if event else None
    open_at, deadline = (int(event.args["open_at"]), int(event.args["deadline"])) if event else (None, None)
    state = "voting"
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
