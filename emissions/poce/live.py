"""Which of a node's reports count, and what an epoch needs of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .hexes import ZERO_32
from .report import NodeReport, State


@dataclass(frozen=True)
class LiveReport:
    """What an epoch needs of one report that counts: its place, its micrograms, and what its score is made of.

    A report without work (`work_uwh` 0) has no score of its own: it counts at 10000.
    """

    report_hash: str
    seq: int
    hour_from: int
    hour_through: int
    ug: int
    level: int
    work_uwh: int = 0
    scored_ug: int = 0
    coverage_bp: int = 0
    factor_set: str = ZERO_32
    engine: str = ZERO_32

    @classmethod
    def of(cls, report: NodeReport, report_hash: str) -> LiveReport:
        return cls(
            report_hash=report_hash,
            seq=report.seq,
            hour_from=report.hour_from,
            hour_through=report.hour_through,
            ug=report.ug,
            level=report.level,
            work_uwh=report.work_uwh,
            scored_ug=report.scored_ug,
            coverage_bp=report.coverage_bp,
            factor_set=report.factor_set,
            engine=report.engine,
        )


def live_reports(reports: Iterable[tuple[str, NodeReport]]) -> tuple[LiveReport, ...]:
    """The FINAL reports of one node that count: per range the one with the highest seq, by hour.

    A later report of the same range that is not FINAL does not unseat a FINAL one.
    """
    newest: dict[tuple[int, int], LiveReport] = {}
    for report_hash, report in reports:
        place = (report.hour_from, report.hour_through)
        if report.state == State.FINAL and (place not in newest or newest[place].seq < report.seq):
            newest[place] = LiveReport.of(report, report_hash)
    return tuple(newest[place] for place in sorted(newest))
