"""How efficient each account's work became: scores with every term, and what a move would save."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from fractions import Fraction
from typing import Any

from django.core.cache import cache

from emissions.engine.advice import Move, moves
from emissions.grid.catalog import load_factor_set
from emissions.poce.lines import StrippedLines
from emissions.poce.score import Score
from emissions.register.models import ReportCommitment
from emissions.register.scoring import reward_terms, scores_by_node
from emissions.selectors.figures import NodeInfo
from emissions.selectors.nodes import nodes
from emissions.store import default_store

# More lines than these are looked at only when somebody asks, since it takes seconds.
MANY_LINES = 300_000
_KEPT_S = 30 * 24 * 3600
# Kept as plain values under the names of what they are: after a deployment that changed a move, older ones are not found.
_SHAPE = ",".join(field.name for field in fields(Move))


@dataclass(frozen=True)
class NodeEfficiency:
    """An account with the scores of its closed months, oldest first."""

    info: NodeInfo
    scores: tuple[Score, ...]

    @property
    def latest(self) -> Score | None:
        """The score of the newest closed month."""
        return self.scores[-1] if self.scores else None


@dataclass(frozen=True)
class Advice:
    """Moves that would save most, from the lines of one closed month. `asked` is false while many lines wait to be read."""

    moves: tuple[Move, ...]
    lines: int
    asked: bool


def efficiency() -> tuple[NodeEfficiency, ...]:
    """Every account of the organisation with its scores, as sealer and validators compute them."""
    known = nodes()
    told = scores_by_node([info.node for info in known], terms=reward_terms())
    return tuple(NodeEfficiency(info, told.get(info.node, ())) for info in known)


def advice(score: Score, *, many: bool = False) -> Advice:
    """What moving the usage of a scored month to other regions would save; kept once worked out, since a report never changes.

    `many` reads the lines however many they are.
    """
    row = ReportCommitment.objects.get(report_hash=score.report_hash)
    # The base's own figures are part of the answer: the score after the move stands against it.
    base = "" if score.base is None else f"{score.base.scored_ug}/{score.base.work_uwh}"
    key = f"advice:{_SHAPE}:{score.report_hash}:{base}"
    kept: list[tuple[Any, ...]] | None = cache.get(key)
    if kept is None:
        if row.line_count > MANY_LINES and not many:
            return Advice((), row.line_count, asked=False)
        lines = StrippedLines.from_bytes(default_store().read(row.lines_digest))
        kept = [astuple(move) for move in moves(lines, load_factor_set(row.factor_set), base=score.base)]
        cache.set(key, kept, _KEPT_S)
    return Advice(tuple(Move(*values) for values in kept), row.line_count, asked=True)


def work_ratio(score: Score) -> Fraction | None:
    """Work per hour against that of the base months; outside a quarter to four times, a month is not scored."""
    if score.base is None or not score.base.work_uwh:
        return None
    hours = score.hour_through - score.hour_from + 1
    return Fraction(score.work_uwh * score.base.hours, score.base.work_uwh * hours)
