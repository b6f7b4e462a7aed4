"""What a factor set answers: a region's grid, PUE and water, an instance type, a coefficient, on a day.

The ids of regions are those of their provider alone ("us-east1" is Google's, "us-east-1" Amazon's), so every question
about a place names its provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from cloudtuner.errors import FactorError
from emissions.grid.factors import Factor, Row, factor_of, in_force, number
from emissions.grid.places import COUNTRY, GLOBAL_REGION, place, region_in
from emissions.grid.tables import key_of

BASES = ("lifecycle", "direct")
HOURS = tuple(f"h{hour:02d}" for hour in range(24))


@dataclass(frozen=True)
class Grid:
    """A region's grid intensity in force: `factor` on its `basis`, kgCO2e/kWh, and the proxy's name where one stands."""

    region: str
    zone: str
    factor: Factor
    basis: str
    proxy: str


@dataclass(frozen=True)
class HourlyProfile:
    """How a region's intensity runs through the day: 24 ratios to its mean, by UTC hour, in a month of the year."""

    id: str
    ratios: tuple[Fraction, ...]
    source: str
    year: str


@dataclass(frozen=True)
class Attribution:
    """Whom the product thanks for a source, under which licence, in the words the licence asks for."""

    name: str
    licence: str
    text: str
    url: str

    def __str__(self) -> str:
        return f"{self.text} ({self.licence})"


@dataclass(frozen=True, eq=False)
class FactorSet:
    """An immutable, named set of factors. `id` = "0x" + sha256; two sets with the same id are the same set."""

    id: str
    name: str
    tables: Mapping[str, tuple[Row, ...]] = field(repr=False)
    _dated: dict[str, dict[str, list[Row]]] = field(repr=False, default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FactorSet) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def named(self, table: str, name: str) -> tuple[Row, ...]:
        """All rows of a name in a table, whatever day they answer for; () when there is none."""
        index = self._dated.get(table)
        if index is None:
            # Each table is indexed when it is first asked: a web process that shows totals never needs the instances.
            index = {}
            for row in self.tables.get(table, ()):
                index.setdefault(key_of(table, row), []).append(row)
            self._dated[table] = index
        return tuple(index.get(name, ()))

    def row(self, table: str, name: str, day: str) -> Row | None:
        """The row of that name in force on a day (ISO text), or None."""
        for row in self.named(table, name):
            if in_force(row, day):
                return row
        return None

    def coefficient(self, name: str, day: str) -> Factor:
        """A coefficient by id; raises FactorError when the set has none for that day."""
        return factor_of(self._needed("coefficients", name, day, name))

    def power(self, name: str, day: str) -> Factor:
        """A fitted figure of the power model by id."""
        return factor_of(self._needed("power", name, day, name))

    def pue(self, provider: str, region: str, day: str) -> Factor:
        """Power usage effectiveness of a region's data centres."""
        return self._of_site("pue", "PUE", provider, region, day)

    def wue(self, provider: str, region: str, day: str) -> Factor:
        """Litres of water used at the site per kilowatt-hour."""
        return self._of_site("wue", "WUE", provider, region, day)

    def grid(self, provider: str, region: str, day: str, basis: str | None = None) -> Grid:
        """Grid intensity of a region, location-based, on a basis; on the one the set prefers there when none is asked.

        Where the region has no figure on the basis asked, its named proxy answers: `proxy` says which, and the factor's
        quality is "proxy". `region` may be a country ("country:DEU"). Raises FactorError for a place without a row.
        """
        if basis is not None and basis not in BASES:
            raise FactorError(f"there is no basis {basis!r}.", code="factors.basis", hint="Use lifecycle or direct.")
        if region.startswith(COUNTRY):
            return self._grid_of_country(region, day, basis)
        row = self._needed("regions", place(provider, region), day, f"grid intensity for {provider} {region}")
        wanted = basis or row["basis"]
        proxy = row[f"{wanted}_proxy"]
        zone = row[f"{wanted}_zone"]
        found = self._intensity(zone or row["lifecycle_zone"], wanted if zone else "lifecycle", day)
        factor = replace(
            found,
            low=found.value * number(row, f"{wanted}_low"),
            high=found.value * number(row, f"{wanted}_high"),
            quality="proxy" if proxy else found.quality,
        )
        return Grid(region, zone or row["lifecycle_zone"], factor, wanted, proxy)

    def hourly_profile(self, provider: str, region: str, day: str, basis: str | None = None) -> HourlyProfile | None:
        """Each UTC hour's ratio to the mean intensity in the month of `day`, on a basis as `grid` reads it; None without one."""
        rows = self.named("grid_hourly", place(provider, region))
        wanted = self.grid(provider, region, day, basis).basis if rows else ""
        for row in rows:
            if row["basis"] == wanted and row["month"] in ("", str(int(day[5:7]))) and in_force(row, day):
                return HourlyProfile(row["id"], tuple(number(row, hour) for hour in HOURS), row["source"], row["year"])
        return None

    def gwp(self, gas: str, assessment: str = "AR6") -> Factor:
        """Global warming potential over 100 years of a gas by assessment report, kgCO2e/kg."""
        for row in self.named("gwp", gas):
            if row["assessment"] == assessment:
                return factor_of(row)
        raise FactorError(f"factor set {self.name} has no {assessment} warming potential of {gas}.", where=self.name)

    def instance(self, provider: str, instance_type: str, day: str) -> Row | None:
        """The row of an instance type as its provider writes it in lower case, or None."""
        return self.row("instances", place(provider, instance_type), day)

    def has_region(self, provider: str, region: str) -> bool:
        """Whether the set answers for a provider's region id, or for a country ("country:DEU")."""
        if region.startswith(COUNTRY):
            return bool(self.named("grid", f"lifecycle.{region.removeprefix(COUNTRY)}"))
        return bool(self.named("regions", place(provider, region)))

    def find_region(self, provider: str, text: str) -> str | None:
        """The region that a bill's text means ("East US", "europe-west1-b", "US East", "Germany"), or None."""
        return region_in(self, provider, text)

    def regions(self, provider: str) -> tuple[str, ...]:
        """The provider's regions, sorted, without the stand-in for usage that is billed without one."""
        rows = self.tables["regions"]
        return tuple(sorted(row["region"] for row in rows if row["provider"] == provider and row["region"] != GLOBAL_REGION))

    def providers(self) -> tuple[str, ...]:
        """The providers that the set has regions of."""
        return tuple(sorted({row["provider"] for row in self.tables["regions"]}))

    def attributions(self) -> tuple[Attribution, ...]:
        """The sources whose licences ask to be named, for the product's credits."""
        rows = self.tables.get("attributions", ())
        return tuple(Attribution(row["name"], row["licence"], row["text"], row["url"]) for row in rows)

    def sources(self) -> tuple[str, ...]:
        """Every source that a row of the set names."""
        return tuple(sorted({row["source"] for rows in self.tables.values() for row in rows}))

    def _needed(self, table: str, name: str, day: str, what: str) -> Row:
        row = self.row(table, name, day)
        if row is None:
            raise FactorError(f"factor set {self.name} has no {what} for {day}.", where=self.name)
        return row

    def _of_site(self, table: str, what: str, provider: str, region: str, day: str) -> Factor:
        site = GLOBAL_REGION if region.startswith(COUNTRY) else region
        return factor_of(self._needed(table, place(provider, site), day, f"{what} for {provider} {region}"))

    def _intensity(self, zone: str, basis: str, day: str) -> Factor:
        # India's direct figures are rows of CEA's own table, one series for each database version and variant.
        table, name = ("cea", zone) if zone.startswith("cea.") else ("grid", f"{basis}.{zone}")
        return factor_of(self._needed(table, name, day, f"{basis} grid intensity of {zone}"))

    def _grid_of_country(self, region: str, day: str, basis: str | None) -> Grid:
        zone = region.removeprefix(COUNTRY)
        found = self._intensity(zone, "lifecycle", day)
        proxy = "national mean stands for a place without a region"
        if basis == "direct":
            proxy += "; its lifecycle value stands for direct CO2"
        factor = replace(found, low=found.value * Fraction(3, 4), high=found.value * Fraction(5, 4), quality="proxy")
        return Grid(region, zone, factor, basis or "lifecycle", proxy)
