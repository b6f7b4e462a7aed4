"""What was minted to the organisation, and what of each node waits."""

from __future__ import annotations

from tokens.models import Lot
from tokens.network import holding, reading
from tokens.network.models import ChainTx, HeldNode
from tokens.selectors.figures import ClaimRow, LotRow
from tokens.selectors.kilograms import final_hours, live_reports
from tokens.selectors.own import own_nodes
from tokens.selectors.rulers import claimed_by_node


def lots() -> list[LotRow]:
    """Every mint, oldest first."""
    final_below = reading.final_below()
    return [
        LotRow(
            id=lot.id,
            node=lot.node,
            wallet=lot.wallet,
            epoch=lot.epoch,
            round=lot.round,
            ug=lot.ug,
            allocated_ug=lot.allocated_ug,
            tuner_units=int(lot.tuner_units),
            leaf_hash=lot.leaf_hash,
            history_root=lot.history_root,
            tx_hash=lot.tx_hash,
            block_number=lot.block_number,
            claimed_at=lot.claimed_at,
            final=lot.on_chain and lot.block_number <= final_below,
            on_chain=lot.on_chain,
        )
        for lot in Lot.objects.all()
    ]


def claims() -> list[ClaimRow]:
    """One row a node: its FINAL total, what validators attested, what was paid, and where the rest stands."""
    posted = reading.newest_posted()
    claimed = claimed_by_node()
    held = holding.reasons(HeldNode.Track.EPOCH)
    rows = []
    nodes = own_nodes()
    live = live_reports(binding.node for binding in nodes)
    for binding in nodes:
        final = final_hours(live[binding.node]).total
        entry = reading.leaf_of(posted, binding.node)
        attested = entry.leaf.cum_ug if entry else 0
        paid = claimed.get(binding.node, 0)
        state = _claim_state(binding.node, final=final, attested=attested, paid=paid, posted=posted)
        if binding.node in held and state in ("waiting for validators", "waiting for an epoch"):
            state = "left out of epochs"
        rows.append(
            ClaimRow(
                node=binding.node,
                wallet=binding.wallet,
                final_ug=final,
                attested_ug=attested,
                claimed_ug=paid,
                deficit_ug=max(0, paid - final),
                state=state,
                reason=held[binding.node] if state == "left out of epochs" else "",
                epoch=posted.number if posted and entry else None,
            )
        )
    return rows


def _claim_state(node: str, *, final: int, attested: int, paid: int, posted: reading.PostedEpoch | None) -> str:
    if paid > final:
        return "deficit"
    if paid == final:
        return "paid" if final else "waiting for an epoch"
    if attested > paid and posted is not None:
        if not posted.window_is_over(reading.head_timestamp()):
            return "in its window"
        sent = ChainTx.objects.filter(kind="claim", payload__cum_ug__has_key=node).exclude(state__in=("final", "failed"))
        return "being paid" if sent.exists() else "in its window"
    newest = reading.newest_sealed()
    if newest is not None and (posted is None or newest.number > posted.number):
        return "waiting for validators"
    return "waiting for an epoch"
