"""What a node says about one month of one account, and the digest it signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Any, Protocol

from cloudtuner.clock import hour_start, month_hours
from cloudtuner.errors import ProofError

from .eip712 import Domain, digest, fields_of
from .fields import Fields
from .hexes import ZERO_32, to_hex
from .lines import StrippedLines
from .merkle import StandardTree

STRUCT = (
    "NodeReport(bytes32 node,uint64 seq,uint64 hourFrom,uint64 hourThrough,uint8 state,uint8 level,bytes32 usageRoot,"
    "uint64 lineCount,int128 energyUwh,int128 operationalUg,int128 embodiedUg,int128 workUwh,int128 scoredUg,"
    "uint16 coverageBp,bytes32 hoursRoot,bytes32 factorSet,bytes32 engine,bytes32 billDigest,bytes32 prev)"
)
HOUR_TYPES = ("uint64", "int128")
FULL_COVERAGE_BP = 10_000
MAX_RETRO_HOURS = 366 * 24
"""Hours before a node's first hour that can be paid: twelve months, one of them of a leap year. The contract's constant."""
LAST_HOUR = 70_000_000  # in the year 9955; the calendar of Python ends in 9999


class State(IntEnum):
    """How settled the bill behind a report is; only FINAL counts for tokens."""

    PROVISIONAL = 0
    SETTLED = 1
    FINAL = 2


class Level(IntEnum):
    """Assurance level: what else than the node's word stands behind a report."""

    A0 = 0
    A1H = 1
    A1C = 2
    A2 = 3
    A3 = 4
    A4 = 5
    A5 = 6


class Recomputed(Protocol):
    """What the engine says of stripped lines: `emissions.engine.recompute.Recomputed` has this shape.

    A protocol because poce stands below the engine and cannot name it.
    """

    @property
    def energy_uwh(self) -> int: ...
    @property
    def operational_ug(self) -> int: ...
    @property
    def embodied_ug(self) -> int: ...
    @property
    def hours(self) -> Sequence[tuple[int, int]]: ...
    @property
    def line_count(self) -> int: ...


class Weighed(Protocol):
    """What the engine says of the work in stripped lines: `emissions.engine.work.Work` has this shape."""

    @property
    def work_uwh(self) -> int: ...
    @property
    def scored_ug(self) -> int: ...


@dataclass(frozen=True)
class NodeReport:
    """One report; the fields stand in the order of the signed struct. Hashes are 0x texts, amounts integers.

    `work_uwh` and `scored_ug` are what the efficiency score is made of (`emissions.engine.work`). `coverage_bp` is the
    share of energy-bearing spend that has a model; costs are never sent, so it is the node's word like the bill itself.
    """

    node: str
    seq: int
    hour_from: int
    hour_through: int
    state: int
    level: int
    usage_root: str
    line_count: int
    energy_uwh: int
    operational_ug: int
    embodied_ug: int
    work_uwh: int
    scored_ug: int
    coverage_bp: int
    hours_root: str
    factor_set: str
    engine: str
    bill_digest: str
    prev: str

    @property
    def ug(self) -> int:
        """Operational and embodied together: what counts towards tokens."""
        return self.operational_ug + self.embodied_ug

    def digest(self, domain: Domain) -> bytes:
        """The report hash, which the node's key signs; the domain's contract is NodeRegistry."""
        return digest(domain, STRUCT, astuple(self))

    def report_hash(self, domain: Domain) -> str:
        return to_hex(self.digest(domain))

    def to_json(self) -> dict[str, Any]:
        """The JSON value: amounts as decimal strings, counts and hours as numbers."""
        amounts = {name: str(getattr(self, name)) for name in _AMOUNTS}
        return {name: amounts.get(name, getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, value: object) -> NodeReport:
        """A report from a JSON value; raises ProofError naming the field."""
        fields = Fields(value, tuple(cls.__dataclass_fields__), what="report")
        read: dict[str, Any] = {}
        for (kind, _), name in zip(fields_of(STRUCT), cls.__dataclass_fields__, strict=True):
            if name in _AMOUNTS:
                read[name] = fields.quantity(name, bits=128, signed=True)
            else:
                read[name] = fields.bytes32(name) if kind == "bytes32" else fields.number(name)
        report = cls(**read)
        if report.coverage_bp > FULL_COVERAGE_BP:
            raise ProofError(f"report.coverage_bp: {report.coverage_bp} is above {FULL_COVERAGE_BP}.", code="report.field")
        State(_within(report.state, State, "state"))
        Level(_within(report.level, Level, "level"))
        return report


_AMOUNTS = ("energy_uwh", "operational_ug", "embodied_ug", "work_uwh", "scored_ug")


def _within(value: int, kind: type[IntEnum], name: str) -> int:
    if value not in kind.__members__.values():
        raise ProofError(f"report.{name}: {value} is not one of 0 … {max(kind)}.", code="report.field")
    return value


def month_range(hour: int, first_hour: int) -> tuple[int, int]:
    """The range of the report that holds an hour: its calendar month (UTC), cut to the node's first hour.

    A month that ends before the first hour is whole: its hours belong to airdrop rounds, those from the first hour on to
    epochs. The month's end stands even while the month still runs, so that each later report replaces the earlier ones.

    >>> month_range(484300, 0), month_range(484300, 484297), month_range(484300, 490000)
    ((484296, 485015), (484297, 485015), (484296, 485015))
    """
    if not 0 <= hour <= LAST_HOUR:
        raise ProofError(f"hour {hour} is not in the calendar.", code="report.range")
    start = hour_start(hour)
    begin, through = month_hours(start.year, start.month)
    return begin if through < first_hour else max(begin, first_hour), through


def is_too_old(hour_from: int, first_hour: int) -> bool:
    """Whether hours from this one on lie too long before a node's first hour to be paid by anything."""
    return hour_from + MAX_RETRO_HOURS < first_hour


def hours_root(hours: Sequence[tuple[int, int]]) -> str:
    """The root over (hour, µg) in ascending hours; zero when there are none."""
    return StandardTree(hours, HOUR_TYPES).root if hours else ZERO_32


def build_report(
    *,
    node: str,
    seq: int,
    prev: str,
    hour_from: int,
    hour_through: int,
    state: int,
    level: int,
    lines: StrippedLines,
    recomputed: Recomputed,
    work: Weighed,
    coverage_bp: int,
    factor_set_id: str,
    engine_id: str,
    bill_digest: str,
) -> NodeReport:
    """The report over these lines, which are those of the range and no others.

    `recomputed` and `work` are what `emissions.engine.recompute` and `.work` say of the same lines and factor set.
    """
    if (hour_from, hour_through) != month_range(hour_through, hour_from):
        raise ProofError(f"{hour_from} … {hour_through} is not one calendar month.", code="report.range")
    if lines.lines and not hour_from <= lines.lines[0][0] <= lines.lines[-1][0] <= hour_through:
        raise ProofError(
            f"lines of hours outside {hour_from} … {hour_through}.",
            code="report.range",
            hint="Cut them with lines.between first.",
        )
    if recomputed.line_count != len(lines):
        raise ProofError(f"{recomputed.line_count} lines valued, {len(lines)} given.", code="report.line_count")
    return NodeReport(
        node=node,
        seq=seq,
        hour_from=hour_from,
        hour_through=hour_through,
        state=State(_within(state, State, "state")).value,
        level=Level(_within(level, Level, "level")).value,
        usage_root=to_hex(lines.root()),
        line_count=len(lines),
        energy_uwh=recomputed.energy_uwh,
        operational_ug=recomputed.operational_ug,
        embodied_ug=recomputed.embodied_ug,
        work_uwh=work.work_uwh,
        scored_ug=work.scored_ug,
        coverage_bp=coverage_bp,
        hours_root=hours_root(recomputed.hours),
        factor_set=factor_set_id,
        engine=engine_id,
        bill_digest=bill_digest,
        prev=prev,
    )


def report_faults(report: NodeReport, lines: StrippedLines, recomputed: Recomputed, work: Weighed) -> list[str]:
    """Codes of what in the report does not follow from its lines; empty when all of it does."""
    told = {
        "report.range": (report.hour_from, report.hour_through) == month_range(report.hour_through, report.hour_from),
        "report.hours": not lines.lines or report.hour_from <= lines.lines[0][0] <= lines.lines[-1][0] <= report.hour_through,
        "report.usage_root": report.usage_root == to_hex(lines.root()),
        "report.line_count": report.line_count == len(lines) == recomputed.line_count,
        "report.energy": report.energy_uwh == recomputed.energy_uwh,
        "report.operational": report.operational_ug == recomputed.operational_ug,
        "report.embodied": report.embodied_ug == recomputed.embodied_ug,
        "report.work": report.work_uwh == work.work_uwh,
        "report.scored": report.scored_ug == work.scored_ug,
        "report.hours_root": report.hours_root == hours_root(recomputed.hours),
    }
    return [code for code, holds in told.items() if not holds]
