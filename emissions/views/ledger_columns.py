"""What a column of the explorer is called, what it sorts by, and how its cells read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cloudtuner.clock import hour_start, hour_text
from cloudtuner.errors import FactorError
from cloudtuner.templatetags.face import count, cut, kg_exact, kg_number, kwh_number, litres_number
from emissions.grid.catalog import load_factor_set
from emissions.selectors.figures import Amount, LedgerRow

TIMES = ("hour", "day", "month")
LABELS: dict[str, str | Promise] = {
    "hour": _("Hour (UTC)"),
    "day": _("Day (UTC)"),
    "month": _("Month (UTC)"),
    "account": _("Account"),
    "region": _("Region"),
    "service": _("Service"),
    "category": _("Category"),
    "quality": _("Quality"),
    "basis": _("Basis"),
}


@dataclass(frozen=True)
class AmountColumn:
    """A column of figures. `exported` are its names in files; `usual` columns are shown when nobody chose."""

    key: str
    label: str | Promise
    sort: str
    exported: tuple[str, ...]
    usual: bool
    text: Callable[[Amount], str]
    title: Callable[[Amount], str] = lambda _amount: ""
    css: str = ""


AMOUNTS = (
    AmountColumn("energy", _("Energy, kWh"), "energy", ("energy_uwh",), True, lambda a: kwh_number(a.energy_uwh)),
    AmountColumn(
        "operational", _("Operational, kg"), "operational", ("operational_ug",), False,
        lambda a: kg_number(a.operational_ug), lambda a: kg_exact(a.operational_ug),
    ),
    AmountColumn(
        "embodied", _("Embodied, kg"), "embodied", ("embodied_ug",), False,
        lambda a: kg_number(a.embodied_ug), lambda a: kg_exact(a.embodied_ug),
    ),
    AmountColumn(
        "ug", _("CO2e, kg"), "ug", ("co2e_kg",), True, lambda a: kg_number(a.ug), lambda a: kg_exact(a.ug), "font-semibold"
    ),
    AmountColumn(
        "band", _("Low–high, kg"), "", ("co2e_low_kg", "co2e_high_kg"), True,
        lambda a: f"{kg_number(a.low_ug)}–{kg_number(a.high_ug)}", css="quiet",
    ),
    AmountColumn("water", _("Water, L"), "water", ("water_ul",), False, lambda a: litres_number(a.water_ul)),
    AmountColumn("lines", _("Bill lines"), "lines", ("lines",), True, lambda a: count(a.lines)),
)  # fmt: skip
TEXT_COLUMNS = ("region", "service", "category", "quality", "basis")
USUAL_TEXTS = ("region", "service", "category", "quality")
FACTORS = "factors"


@dataclass(frozen=True)
class Chosen:
    """What the table shows: text columns in their order, figures in theirs, and whether single rows name their factors."""

    texts: tuple[str, ...]
    amounts: tuple[AmountColumn, ...]
    factors: bool

    @property
    def exported(self) -> list[str]:
        """The figures that a file of the same table holds."""
        return [name for column in self.amounts for name in column.exported]


def chosen_columns(groups: Sequence[str], asked: Sequence[str]) -> Chosen:
    """What to show for a grouping and the columns that were ticked; the usual ones when none was."""
    amounts = tuple(column for column in AMOUNTS if (column.key in asked if asked else column.usual))
    if groups:
        return Chosen(tuple(groups), amounts or AMOUNTS, factors=False)
    texts = tuple(name for name in TEXT_COLUMNS if (name in asked if asked else name in USUAL_TEXTS))
    return Chosen(("hour", "account", *texts), amounts, FACTORS in asked)


def choices(groups: Sequence[str], asked: Sequence[str]) -> list[dict[str, Any]]:
    """The column chooser: every column that this grouping can have, and whether it is ticked."""
    now = chosen_columns(groups, asked)
    texts = [] if groups else [(name, LABELS[name], name in now.texts) for name in TEXT_COLUMNS]
    figures = [(column.key, column.label, column in now.amounts) for column in AMOUNTS]
    factors = [] if groups else [(FACTORS, _("Factor ids"), now.factors)]
    return [{"key": key, "label": label, "ticked": ticked} for key, label, ticked in (*texts, *figures, *factors)]


def amount_cells(amount: Amount, chosen: Chosen) -> list[dict[str, Any]]:
    """A row's figures as text, with what to show on hover."""
    return [
        {"label": column.label, "text": column.text(amount), "title": column.title(amount), "css": column.css}
        for column in chosen.amounts
    ]


def text_of(row: LedgerRow, name: str) -> str:
    """A row's value in a text column; a dash where the grouping or the bill has none. A day's line names its day."""
    if name not in TIMES:
        return str(getattr(row, name) or "–")
    if row.hour is None:
        return "–"
    if name == "hour" and row.hour_through is not None and row.hour_through > row.hour:
        return gettext("%(day)s, the day") % {"day": hour_start(row.hour).strftime("%Y-%m-%d")}
    return hour_text(row.hour) if name == "hour" else hour_start(row.hour).strftime("%Y-%m-%d" if name == "day" else "%Y-%m")


def factor_links(row: LedgerRow) -> list[dict[str, str]]:
    """The region's factors that a single row was made with, each with the way to its source.

    The factors of single machines differ from line to line; they stand in the row's thread.
    """
    if not row.factor_set or not row.provider or row.hour is None:
        return []
    try:
        found = load_factor_set(row.factor_set)
    except FactorError:
        return [{"text": cut(row.factor_set), "href": ""}]
    day = hour_start(row.hour).date().isoformat()
    region = row.region or ""
    if not found.has_region(row.provider, region):
        return []
    grid, pue = found.grid(row.provider, region, day, row.basis or None), found.pue(row.provider, region, day)
    here = [("cea" if grid.zone.startswith("cea.") else "grid", grid.factor.id), ("pue", pue.id)]
    return [
        {"text": told, "href": f"{reverse('emissions:factors')}?{urlencode({'set': found.id, 'table': table, 'q': told})}"}
        for table, told in here
    ]
