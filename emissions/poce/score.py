"""How much cleaner a node's work became, and what that is worth: the efficiency score of a closed month and its reward.

Work W is energy at frozen reference consumption (`emissions.engine.work`): it knows no region, no PUE and no hardware
type. Intensity I is micrograms per microwatt-hour of work. A month is scored against the lowest intensity that its node
has shown over twelve months; both sides stand on one factor set, one engine and one basis. Everything is exact, so the
sealer and every validator come to the same units from the same reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any

from cloudtuner.clock import hour_start
from cloudtuner.errors import ProofError
from cloudtuner.units import UNITS_PER_UG

from .fields import Fields
from .live import LiveReport

FULL_BP = 10_000
CAP_BP = 20_000
WINDOW_MONTHS = 12
LEAST_MONTHS = 6
LEFT_OUT_MONTHS = 2
LEAST_COVERAGE_BP = 8_000
# Work per hour from a quarter to four times that of the base months.
LEAST_WORK_SHARE, MOST_WORK_TIMES = 4, 4


class Refusal(StrEnum):
    """Why a month is not scored. It then counts at 10000 and earns no bonus."""

    NO_WORK = "score.no_work"
    COVERAGE = "score.coverage"
    TOO_FEW_MONTHS = "score.too_few_months"
    WORK_RANGE = "score.work_range"


REASONS = {
    Refusal.NO_WORK: "the month holds no usage that a score can be made of",
    Refusal.COVERAGE: "less than 80 % of the energy-bearing spend has a model",
    Refusal.TOO_FEW_MONTHS: "fewer than six closed months before it stand on the same factor set and engine",
    Refusal.WORK_RANGE: "work per hour is below a quarter or above four times that of the base months",
}


@dataclass(frozen=True)
class RewardTerms:
    """What governance publishes on chain, for months that begin at `from_hour` or later (NodeRegistry.RewardTerms).

    `units_per_ug`: TUNER base units of a microgram at score 1 · `avoided_weight_bp`: the weight w of avoided micrograms ·
    `score_floor_bp`: the lowest score.
    """

    from_hour: int = 0
    units_per_ug: int = UNITS_PER_UG
    avoided_weight_bp: int = FULL_BP
    score_floor_bp: int = FULL_BP

    def __post_init__(self) -> None:
        if not 0 <= self.score_floor_bp <= FULL_BP:
            raise ProofError(f"a score floor of {self.score_floor_bp} is not between 0 and {FULL_BP}.", code="terms.range")

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"units_per_ug": str(self.units_per_ug)}

    @classmethod
    def from_json(cls, value: object) -> RewardTerms:
        fields = Fields(value, tuple(cls.__dataclass_fields__), what="terms")
        return cls(
            fields.number("from_hour"),
            fields.quantity("units_per_ug", bits=64),
            fields.number("avoided_weight_bp", bits=32),
            fields.number("score_floor_bp", bits=32),
        )


Schedule = tuple[RewardTerms, ...]
GENESIS_TERMS: Schedule = (RewardTerms(),)


def read_schedule(value: object) -> Schedule:
    """Terms by hour from a JSON list: the first from hour 0, ascending. Raises ProofError."""
    if not isinstance(value, list) or not value:
        raise ProofError("reward terms are a list of at least one.", code="terms.shape")
    schedule = tuple(RewardTerms.from_json(item) for item in value)
    starts = [terms.from_hour for terms in schedule]
    if starts[0] != 0 or starts != sorted(set(starts)):
        raise ProofError("reward terms start at hour 0 and follow each other.", code="terms.order")
    return schedule


def terms_at(schedule: Schedule, hour: int) -> RewardTerms:
    """The terms for a month that begins at an hour."""
    return [terms for terms in schedule if terms.from_hour <= hour][-1]


@dataclass(frozen=True)
class Base:
    """I_base = `scored_ug` / `work_uwh`: summed over the months that begin at `months`, in `hours` hours together.

    `kept`: the window of the month itself was dirtier, so the base is an earlier one. `left_out` are the dirtiest months
    of a first year.
    """

    scored_ug: int
    work_uwh: int
    hours: int
    months: tuple[int, ...]
    left_out: tuple[int, ...]
    kept: bool = False

    @property
    def intensity(self) -> Fraction:
        """Micrograms per microwatt-hour of work, which is kg CO2e per kWh of work."""
        return Fraction(self.scored_ug, self.work_uwh)


@dataclass(frozen=True)
class Score:
    """The score of one closed month with every term it follows from.

    `ug` is E, `scored_ug` its operational part on the score's basis, `avoided_ug` = max(0, W · I_base − scored_ug) rounded
    down. `base` is None where no base could be formed; a refused month may have one.
    """

    report_hash: str
    hour_from: int
    hour_through: int
    ug: int
    work_uwh: int
    scored_ug: int
    coverage_bp: int
    base: Base | None
    refusal: Refusal | None
    score_bp: int
    avoided_ug: int
    terms: RewardTerms

    @property
    def intensity(self) -> Fraction | None:
        """I_now, kg CO2e per kWh of work; None without work."""
        return Fraction(self.scored_ug, self.work_uwh) if self.work_uwh > 0 else None

    @property
    def reason(self) -> str:
        """Why the month is not scored, in words; empty when it is."""
        return REASONS[self.refusal] if self.refusal else ""

    @property
    def mint_units(self) -> int:
        """Rate × E × score in TUNER base units, rounded down."""
        return self.ug * self.terms.units_per_ug * self.score_bp // FULL_BP

    @property
    def bonus_units(self) -> int:
        """Rate × w × score × avoided in TUNER base units, rounded down."""
        return self.avoided_ug * self.terms.units_per_ug * self.terms.avoided_weight_bp * self.score_bp // FULL_BP**2

    @property
    def tuner_units(self) -> int:
        """What the month adds to the node's cumulative TUNER."""
        return self.mint_units + self.bonus_units


def scores(reports: Sequence[LiveReport], schedule: Schedule = GENESIS_TERMS) -> tuple[Score, ...]:
    """The score of each of a node's live FINAL reports, which stand by hour.

    A score follows from the report and those before it, so a later month never changes an earlier one.
    """
    found: list[Score] = []
    months: list[_Month] = []
    lowest: dict[tuple[str, str], Base] = {}
    for report in reports:
        month = _Month.of(report)
        base = _window_base(month, months)
        before = lowest.get(month.method)
        if before is not None and (base is None or _rank(before) < _rank(base)):
            base = replace(before, kept=True)
        elif base is not None:
            lowest[month.method] = base
        found.append(_scored(report, base, terms_at(schedule, report.hour_from)))
        months.append(month)
    return tuple(found)


def cumulative_tuner(found: Iterable[Score]) -> int:
    """`cumTuner` of a leaf, base units: the sum over the node's months, never below zero."""
    return max(0, sum(score.tuner_units for score in found))


def score_bp(base: Fraction, now: Fraction, floor_bp: int = FULL_BP) -> int:
    """clamp(floor(10000 · I_base / I_now), floor, 20000).

    >>> [score_bp(Fraction("0.3762455"), now) for now in map(Fraction, ("0.038786", "0.3", "0.4"))]
    [20000, 12541, 10000]
    """
    return _clamped(FULL_BP * base.numerator * now.denominator // (base.denominator * now.numerator), floor_bp)


def _clamped(bp: int, floor_bp: int) -> int:
    return min(CAP_BP, max(floor_bp, bp))


def _hours(report: LiveReport) -> int:
    return report.hour_through - report.hour_from + 1


# Far more than the 262 bits that two different intensities, sums of 128-bit figures, can be closer than.
_SHIFT = 288


def _rank(of: LiveReport | Base) -> int:
    """A whole number that orders intensities as the fractions do: a million nodes are too many for fractions."""
    return (of.scored_ug << _SHIFT) // of.work_uwh


@dataclass(frozen=True)
class _Month:
    """A report with what its window asks of it: its calendar month, its method, and its rank where it counts at all."""

    report: LiveReport
    number: int
    method: tuple[str, str]
    rank: int | None

    @classmethod
    def of(cls, report: LiveReport) -> _Month:
        start = hour_start(report.hour_through)
        counts = report.work_uwh > 0 and report.scored_ug > 0 and report.coverage_bp >= LEAST_COVERAGE_BP
        return cls(report, 12 * start.year + start.month, (report.factor_set, report.engine), _rank(report) if counts else None)


def _window_base(this: _Month, before: Sequence[_Month]) -> Base | None:
    """The intensity of the twelve calendar months before a month, together; None when fewer than six of them count.

    While a node has at most twelve months behind it, the two dirtiest of them are left out: who starts dirty on purpose
    gains nothing by it.
    """
    window: list[_Month] = []
    for month in reversed(before):
        if month.number < this.number - WINDOW_MONTHS:
            break
        if month.number < this.number and month.rank is not None and month.method == this.method:
            window.append(month)
    if len(window) < LEAST_MONTHS:
        return None
    left_out: tuple[int, ...] = ()
    if len(before) <= WINDOW_MONTHS:
        window.sort(key=lambda month: (month.rank, month.report.hour_from))
        left_out = tuple(sorted(month.report.hour_from for month in window[-LEFT_OUT_MONTHS:]))
        del window[-LEFT_OUT_MONTHS:]
    kept = [month.report for month in window]
    return Base(
        scored_ug=sum(report.scored_ug for report in kept),
        work_uwh=sum(report.work_uwh for report in kept),
        hours=sum(_hours(report) for report in kept),
        months=tuple(sorted(report.hour_from for report in kept)),
        left_out=left_out,
    )


def _scored(report: LiveReport, base: Base | None, terms: RewardTerms) -> Score:
    refusal = _refusal(report, base)
    bp, avoided = FULL_BP, 0
    if refusal is None and base is not None:
        ratio_bp = FULL_BP * base.scored_ug * report.work_uwh // (base.work_uwh * report.scored_ug)
        bp = _clamped(ratio_bp, terms.score_floor_bp)
        avoided = max(0, report.work_uwh * base.scored_ug // base.work_uwh - report.scored_ug)
    return Score(
        report_hash=report.report_hash,
        hour_from=report.hour_from,
        hour_through=report.hour_through,
        ug=report.ug,
        work_uwh=report.work_uwh,
        scored_ug=report.scored_ug,
        coverage_bp=report.coverage_bp,
        base=base,
        refusal=refusal,
        score_bp=bp,
        avoided_ug=avoided,
        terms=terms,
    )


def _refusal(report: LiveReport, base: Base | None) -> Refusal | None:
    if report.work_uwh <= 0 or report.scored_ug <= 0:
        return Refusal.NO_WORK
    if report.coverage_bp < LEAST_COVERAGE_BP:
        return Refusal.COVERAGE
    if base is None:
        return Refusal.TOO_FEW_MONTHS
    now, then = report.work_uwh * base.hours, base.work_uwh * _hours(report)
    return None if then <= now * LEAST_WORK_SHARE and now <= then * MOST_WORK_TIMES else Refusal.WORK_RANGE
