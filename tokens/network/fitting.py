"""Which nodes the next epoch or round can take, so that the contract refuses nothing of it and nobody can prove it wrong.

A node above its cap would cost the signers of an epoch a fifth of their stake (`challengeOverCap`), and block its batch of a
round; validators refuse both. So it is left out, and why is noted for the platform and its owner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from emissions.poce.airdrop import Named, entry_of
from emissions.poce.epoch import Bundle, NodeState
from emissions.register.scoring import reports_by_hash
from tokens.chain.caps import Caps
from tokens.network import connection, holding, reading
from tokens.network.models import HeldNode

# Seconds from a vote on the cap of an hour to its counting (NodeRegistry's CAP_NOTICE).
CAP_NOTICE_S = 24 * 3600
_ADVICE = "Reports that correct them, or a vote for a higher cap, let the node in."


def fit_epoch(states: Sequence[NodeState], previous: Bundle | None) -> list[NodeState]:
    """The nodes as the next epoch may count them, the longest waiting first while its rise has room: one that does not fit
    stays as the epoch before counted it, or out when none did. Returns them by node.
    """
    caps = Caps(connection.contracts(), time=reading.chain_seconds())
    high = {entry.leaf.node: entry.high_ug for entry in previous.leaves} if previous else {}
    counted = {entry.leaf.node: entry.reports for entry in previous.leaves} if previous else {}
    taken, waiting, too_much = [], [], {}
    for state in states:
        ug = sum(report.ug for report in state.reports if report.hour_from >= state.first_hour)
        rise, through = ug - high.get(state.node, 0), state.reports[-1].hour_through
        if rise <= 0:
            taken.append(state)
            continue
        most = caps.ceiling_ug(state.node, first_hour=state.first_hour, through_hour=through, ug=ug)
        if ug > most:
            too_much[state.node] = (
                f"{ug} µg from its first hour to hour {through} are above the {most} µg they may have. {_ADVICE}"
            )
        elif rise > caps.epoch_ug:
            too_much[state.node] = f"It would add {rise} µg to one epoch, which takes {caps.epoch_ug} µg. {_ADVICE}"
        else:
            news = next(report.hour_from for report in state.reports if report.report_hash not in counted.get(state.node, ()))
            waiting.append((news, state.node, rise, state))
    left = caps.epoch_ug
    for _news, _node, rise, state in sorted(waiting, key=lambda each: each[:2]):
        if rise <= left:
            taken.append(state)
            left -= rise
    fits = {state.node for state in taken}
    behind = [state for state in states if state.node not in fits and state.node in counted]
    known = reports_by_hash(report for state in behind for report in counted[state.node])
    taken += [replace(state, reports=tuple(known[report] for report in counted[state.node])) for state in behind]
    holding.note(HeldNode.Track.EPOCH, too_much)
    return sorted(taken, key=lambda state: state.node)


def fit_round(states: Sequence[NodeState], named: Mapping[str, Named]) -> list[NodeState]:
    """As many nodes as one round may hold micrograms of, the longest waiting first; the rest is the next round's. One above
    what its hours may have, or above a whole round, is left out of every round.
    """
    caps, hour_cap = _round_caps()
    left, taken, too_much = caps.epoch_ug, [], {}
    for state in sorted(states, key=lambda state: (state.reports[0].hour_from, state.node)):
        leaf = entry_of(state, named.get(state.node)).leaf
        most = min(caps.epoch_ug, leaf.cap_ug(hour_cap))
        if leaf.ug > most:
            hours = f"the hours {leaf.hour_from} to {leaf.hour_through}"
            too_much[state.node] = f"{leaf.ug} µg of {hours} are above the {most} µg that a round pays for them. {_ADVICE}"
        elif leaf.ug <= left:
            taken.append(state)
            left -= leaf.ug
    holding.note(HeldNode.Track.ROUND, too_much)
    return taken


def _round_caps() -> tuple[Caps, int]:
    """The caps of now, and what a node may have for an hour in a round that is posted within a day: the lowest that is known
    for then. A vote counts a day later, so none that is unknown now can count by then.
    """
    chain, now = connection.contracts(), reading.chain_seconds()
    caps = Caps(chain, time=now)
    return caps, min(caps.hour_ug, Caps(chain, time=now + CAP_NOTICE_S).hour_ug)
