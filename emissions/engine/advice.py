"""What a move would save: the same usage in another region, in kilograms, per cent and score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cloudtuner.units import quantise
from emissions.engine.ratecard import month_of
from emissions.engine.ratekey import RateKey
from emissions.engine.work import work_rate
from emissions.grid.catalog import GLOBAL_REGION, FactorSet
from emissions.poce.lines import StrippedLines
from emissions.poce.score import FULL_BP, Base, score_bp

# Regions that only accounts of their own partition can use.
_PARTITIONS = ("us-gov-", "cn-", "us-iso")


@dataclass(frozen=True)
class Move:
    """Move what runs in `region_from` to `region_to`. Operational µg on the score's basis, of the lines looked at.

    `score_bp` is what the whole account's month would score after the move, None where there is no base to score against.
    Embodied emissions are of hardware and not of place, so a move leaves them as they are.
    """

    provider: str
    region_from: str
    region_to: str
    now_ug: int
    then_ug: int
    score_bp: int | None

    @property
    def saved_ug(self) -> int:
        """Micrograms that the move would have saved in the time looked at."""
        return self.now_ug - self.then_ug

    @property
    def saved_bp(self) -> int:
        """The same as a share of what the moved usage emitted, in basis points, rounded down."""
        return FULL_BP * self.saved_ug // self.now_ug if self.now_ug > 0 else 0


@dataclass(frozen=True)
class _Usage:
    """What an account used: exact amounts per key and month, with the region whose factors answer."""

    amounts: Mapping[tuple[RateKey, int], Fraction]
    regions: Mapping[tuple[RateKey, int], str]
    work_uwh: Fraction
    scored_ug: Fraction


def moves(
    lines: StrippedLines,
    factors: FactorSet,
    *,
    base: Base | None = None,
    to: Iterable[str] | None = None,
    limit: int = 3,
) -> list[Move]:
    """The moves that would save most, for each region in use at most `limit`, best first.

    `lines` are those of one account, usually of its last closed month; `base` is what its score stands against; `to` names
    the regions to look at, all of the provider's own partition when left out.
    """
    usage = _usage(lines, factors)
    providers = {key.provider for key, _ in usage.amounts}
    found: list[Move] = []
    for provider in sorted(providers):
        places = sorted({place for (key, _), place in usage.regions.items() if key.provider == provider})
        wanted = list(to) if to is not None else factors.regions(provider)
        for place in places:
            if place == GLOBAL_REGION:
                continue
            here = [_move(usage, provider, place, other, factors, base) for other in wanted if _reachable(place, other)]
            here = [move for move in here if move.saved_ug > 0]
            found += sorted(here, key=lambda move: (-move.saved_ug, move.region_to))[:limit]
    return sorted(found, key=lambda move: (-move.saved_ug, move.region_from, move.region_to))


def _reachable(here: str, there: str) -> bool:
    def partition(region: str) -> str:
        return next((name for name in _PARTITIONS if region.startswith(name)), "")

    return here != there and partition(here) == partition(there)


def _usage(lines: StrippedLines, factors: FactorSet) -> _Usage:
    keys = [RateKey.from_text(text) for text in lines.rate_keys]
    months: dict[int, int] = {}
    counted: Counter[tuple[int, int, str]] = Counter()
    for hour, key, quantity in lines.lines:
        counted[key, months.setdefault(hour, month_of(hour)), quantity] += 1
    amounts: dict[tuple[RateKey, int], Fraction] = {}
    for (key, month, quantity), count in counted.items():
        at = (keys[key], month)
        amounts[at] = amounts.get(at, Fraction(0)) + count * Fraction(quantity)
    places: dict[tuple[RateKey, int], str] = {}
    work = scored = Fraction(0)
    for at, amount in amounts.items():
        rate = work_rate(*at, factors)
        if rate is not None:
            places[at] = rate.region
            work += amount * rate.work_uwh
            scored += amount * rate.scored_ug
    return _Usage(amounts, places, work, scored)


def _move(usage: _Usage, provider: str, here: str, there: str, factors: FactorSet, base: Base | None) -> Move:
    now = then = Fraction(0)
    for at, place in usage.regions.items():
        if place != here or at[0].provider != provider:
            continue
        before, after = work_rate(*at, factors), work_rate(*at, factors, region=there)
        assert before is not None
        assert after is not None
        now += usage.amounts[at] * before.scored_ug
        then += usage.amounts[at] * after.scored_ug
    moved = usage.scored_ug - now + then
    scored = score_bp(base.intensity, moved / usage.work_uwh) if base and usage.work_uwh > 0 and moved > 0 else None
    return Move(provider, here, there, quantise(now), quantise(then), scored)
