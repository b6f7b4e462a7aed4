"""One bill side by side: ours, Cloud Carbon Footprint's and the provider's figures by service, and why they differ."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from emissions.engine.compare.differences import CAUSES, KeyComparison
from emissions.engine.compare.provider_export import ProviderExport, ProviderFigure

PROVIDER_CAUSES = {
    "absent_there": "services with figures here that its export does not name for these accounts and months",
    "absent_here": "services that its export names and that no line of this bill has",
    "scope3": "its scope 3 holds buildings, transport and fuel too; ours is the making of the hardware",
    "operational": "it allocates the measured energy of its sites, by its own usage data and its own year's grid factors and "
    "PUE; a bill says usage alone",
}
MARKET = "its market-based total counts contracts and certificates; location-based figures, which are compared here, never do"


@dataclass
class Row:
    """One category of one service. None where a side has no figure: Google and Azure are not valued by ccf here."""

    category: str
    service: str
    ours_operational_kg: float = 0.0
    ours_embodied_kg: float = 0.0
    ccf_operational_kg: float | None = None
    ccf_embodied_kg: float | None = None
    cost_micro: int = 0
    lines: int = 0
    by_cause: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def ours_kg(self) -> float:
        return self.ours_operational_kg + self.ours_embodied_kg

    @property
    def ccf_kg(self) -> float | None:
        return None if self.ccf_operational_kg is None else self.ccf_operational_kg + (self.ccf_embodied_kg or 0.0)


@dataclass(frozen=True)
class Cause:
    """One reason why ours and CCF's differ, with the kilograms that it makes, over the whole bill."""

    name: str
    kg: float
    words: str


@dataclass(frozen=True)
class ServicePair:
    """One service: our kilograms, and the provider's figure where its export names it."""

    service: str
    ours_operational_kg: float
    ours_embodied_kg: float
    figure: ProviderFigure | None

    @property
    def ours_kg(self) -> float:
        return self.ours_operational_kg + self.ours_embodied_kg


@dataclass(frozen=True)
class Comparison:
    """The whole comparison. `services` are those that either side names; causes add up to the difference of the totals."""

    rows: tuple[Row, ...]
    causes: tuple[Cause, ...]
    export: ProviderExport | None
    services: tuple[ServicePair, ...]
    provider_causes: tuple[Cause, ...]

    @property
    def ours_kg(self) -> float:
        return sum(row.ours_kg for row in self.rows)

    @property
    def ccf_kg(self) -> float | None:
        told = [row.ccf_kg for row in self.rows if row.ccf_kg is not None]
        return sum(told) if told else None


def compare(keys: list[KeyComparison], export: ProviderExport | None) -> Comparison:
    """The comparison of a bill's keys; rows and causes by size, the largest first."""
    rows: dict[tuple[str, str], Row] = {}
    causes: defaultdict[str, float] = defaultdict(float)
    for one in keys:
        row = rows.setdefault((one.category, one.amount.key.service), Row(one.category, one.amount.key.service))
        row.ours_operational_kg += one.ours_operational_kg
        row.ours_embodied_kg += one.ours_embodied_kg
        row.cost_micro += one.amount.cost_micro
        row.lines += one.amount.lines
        if one.ccf_kind != "absent":
            row.ccf_operational_kg = (row.ccf_operational_kg or 0.0) + one.ccf_operational_kg
            row.ccf_embodied_kg = (row.ccf_embodied_kg or 0.0) + one.ccf_embodied_kg
        for cause, kg in one.steps.items():
            causes[cause] += kg
            row.by_cause[cause] += kg
    ordered = sorted(rows.values(), key=lambda row: (-max(row.ours_kg, row.ccf_kg or 0.0), row.category, row.service))
    found = [Cause(name, kg, CAUSES[name]) for name, kg in sorted(causes.items(), key=lambda cause: -abs(cause[1]))]
    services = _services(ordered, export)
    return Comparison(tuple(ordered), tuple(found), export, services, _provider_causes(services) if export else ())


def _services(rows: list[Row], export: ProviderExport | None) -> tuple[ServicePair, ...]:
    if export is None:
        return ()
    operational: defaultdict[str, float] = defaultdict(float)
    embodied: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        operational[row.service] += row.ours_operational_kg
        embodied[row.service] += row.ours_embodied_kg
    names = sorted(set(operational) | set(export.figures))
    pairs = [ServicePair(name, operational[name], embodied[name], export.figures.get(name)) for name in names]
    return tuple(sorted(pairs, key=lambda pair: -max(pair.ours_kg, pair.figure.total_kg if pair.figure else 0.0)))


def _provider_causes(services: tuple[ServicePair, ...]) -> tuple[Cause, ...]:
    """What makes ours and the provider's total differ; a service that has no line here is told apart from one that has."""
    kilograms = dict.fromkeys(PROVIDER_CAUSES, 0.0)
    for pair in services:
        if pair.figure is None:
            kilograms["absent_there"] += pair.ours_kg
        elif not pair.ours_kg:
            kilograms["absent_here"] -= pair.figure.total_kg
        else:
            kilograms["scope3"] += pair.ours_embodied_kg - pair.figure.embodied_kg
            kilograms["operational"] += pair.ours_operational_kg - pair.figure.operational_kg
    told = [Cause(name, kg, PROVIDER_CAUSES[name]) for name, kg in kilograms.items() if kg]
    return tuple(sorted(told, key=lambda cause: -abs(cause.kg)))
