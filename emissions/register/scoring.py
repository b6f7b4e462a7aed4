"""What nodes' live FINAL reports come to: the rows that an epoch counts, and their scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from emissions.poce.live import LiveReport
from emissions.poce.report import State
from emissions.poce.score import GENESIS_TERMS, RewardTerms, Schedule, Score, scores
from emissions.register.models import PublishedTerms, ReportCommitment

_TERMS = tuple(RewardTerms.__dataclass_fields__)
# The columns of a report that an epoch needs as they are.
_COLUMNS = tuple(name for name in LiveReport.__dataclass_fields__ if name != "ug")


def live_reports_by_node(node_ids: Iterable[str] | None = None) -> dict[str, tuple[LiveReport, ...]]:
    """Per node, by node id, the FINAL reports that count, by hour: of each range the one with the highest seq.

    Read as columns: a million nodes are twelve million rows, not twelve million JSON reports.
    """
    found = ReportCommitment.objects.filter(state=State.FINAL)
    if node_ids is not None:
        found = found.filter(node__node__in=list(node_ids))
    rows = (
        found.order_by("node__node", "hour_from", "hour_through", "-seq")
        .distinct("node__node", "hour_from", "hour_through")
        .values_list("node__node", "operational_ug", "embodied_ug", *_COLUMNS)
    )
    live: dict[str, list[LiveReport]] = defaultdict(list)
    for node, *told in rows.iterator():
        live[node].append(_live(*told))
    return {node: tuple(reports) for node, reports in live.items()}


def reports_by_hash(hashes: Iterable[str]) -> dict[str, LiveReport]:
    """These reports, whether they count now or another took their place."""
    found = ReportCommitment.objects.filter(report_hash__in=list(hashes))
    return {
        report.report_hash: report
        for report in (_live(*told) for told in found.values_list("operational_ug", "embodied_ug", *_COLUMNS))
    }


def _live(operational_ug: int, embodied_ug: int, *told: Any) -> LiveReport:
    return LiveReport(ug=operational_ug + embodied_ug, **dict(zip(_COLUMNS, told, strict=True)))


def scores_by_node(node_ids: Iterable[str] | None = None, *, terms: Schedule = GENESIS_TERMS) -> dict[str, tuple[Score, ...]]:
    """Per node the score of each of its closed months with every term, as sealer and validators compute it."""
    return {node: scores(reports, terms) for node, reports in live_reports_by_node(node_ids).items()}


def reward_terms() -> Schedule:
    """The terms of rewards that epochs were sealed with, oldest first; those of genesis before the first epoch."""
    rows = PublishedTerms.objects.order_by("from_hour").values_list(*_TERMS)
    return tuple(RewardTerms(*row) for row in rows) or GENESIS_TERMS


def reward_terms_note(terms: Schedule) -> None:
    """Keeps what the chain said of past hours, which it never says otherwise later."""
    PublishedTerms.objects.bulk_create(
        [PublishedTerms(**{name: getattr(each, name) for name in _TERMS}) for each in terms], ignore_conflicts=True
    )
