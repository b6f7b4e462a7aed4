"""Which factors are the figures made with? Sets, regions, every row with its source, and what differs between two sets.

The same pages stand on an organisation's host and on the public one: factors are nobody's secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.views.page import page
from cloudtuner import clock
from cloudtuner.errors import FactorError
from cloudtuner.units import decimal_text, quantise
from emissions.grid.catalog import GENESIS, FactorSet, shipped_set, shipped_sets
from emissions.grid.diff import Change, Move, moves
from emissions.grid.diff import changes as changes_between
from emissions.grid.factors import Row
from emissions.selectors import factors as catalogue

PAGE = 50
REGIONS = "places"
MOST_CHANGES = 300


def shell(request: HttpRequest) -> dict[str, str]:
    """What differs between the two hosts: the frame of the page, and whose addresses its links have."""
    inside = getattr(request, "membership", None) is not None
    return {"shell": "shell/app.html", "ns": "emissions"} if inside else {"shell": "shell/public.html", "ns": "method"}


def explorer(request: HttpRequest) -> HttpResponse:
    """A table of a set, searched, a page at a time; the regions with both bases first."""
    told = shell(request)
    found = _set(request.GET.get("set", ""))
    table = request.GET.get("table", REGIONS)
    words, provider = request.GET.get("q", "")[:200], request.GET.get("provider", "")
    if table == REGIONS:
        day = clock.now().date().isoformat()
        rows: Sequence[Any] = catalogue.regions(found, day, words=words, provider=provider)
        columns: tuple[str, ...] = ()
    elif table in found.tables:
        kept = catalogue.table_rows(found, table, words=words, provider=provider)
        columns = catalogue.columns_of(table, found.tables[table])
        rows = [_listed(found, table, columns, row, told["ns"]) for row in kept]
    else:
        raise Http404
    number = _page_number(request, len(rows))
    query = {"set": found.name, "table": table, "q": words, "provider": provider}
    base = reverse(f"{told['ns']}:factors")
    context = {
        **told,
        "found": found,
        "sets": shipped_sets(),
        "tables": _tables(found, table, base),
        "table": table,
        "columns": [_label(name) for name in columns],
        "rows": rows[number * PAGE : (number + 1) * PAGE],
        "total": len(rows),
        "first": number * PAGE + 1,
        "last": min(len(rows), (number + 1) * PAGE),
        "words": words,
        "provider": provider,
        "providers": sorted({row["provider"] for rows in found.tables.values() for row in rows if row.get("provider")}),
        "previous_href": f"{base}?{_encoded({**query, 'page': str(number - 1)})}" if number else "",
        "next_href": f"{base}?{_encoded({**query, 'page': str(number + 1)})}" if (number + 1) * PAGE < len(rows) else "",
        "attributions": found.attributions(),
        "sources": found.sources(),
    }
    return page(request, "emissions/factors.html", context)


def factor_row(request: HttpRequest) -> HttpResponse:
    """One row with all of its columns, beside the page or as a page of its own."""
    found = _set(request.GET.get("set", ""))
    table, row_id = request.GET.get("table", ""), request.GET.get("id", "")
    row = catalogue.row_of(found, table, row_id)
    if row is None:
        raise Http404
    facts = [(_label(name), value) for name, value in row.items() if value and name != "id"]
    return page(
        request, "emissions/factor_row.html", {**shell(request), "found": found, "table": table, "row": row, "facts": facts}
    )


def factors_diff(request: HttpRequest) -> HttpResponse:
    """What a newer set adds, drops and changes against an older one."""
    sets = shipped_sets()
    older = _set(request.GET.get("from", sets[0].name))
    newer = _set(request.GET.get("to", sets[-1].name))
    changes = changes_between(older, newer)
    counts = {kind: sum(change.kind == kind for change in changes) for kind in ("added", "removed", "changed")}
    regions = moves(older, newer, clock.now().date().isoformat())
    by_table: dict[str, list[Change]] = {}
    for change in changes:
        by_table.setdefault(change.table, []).append(change)
    context = {
        **shell(request),
        "sets": sets,
        "older": older,
        "newer": newer,
        "counts": counts,
        "total": len(changes),
        "tables": [{"name": name, "total": len(told), "changes": told[:MOST_CHANGES]} for name, told in by_table.items()],
        "most": MOST_CHANGES,
        "moves": [_move(move) for move in regions if move.percent is not None],
        "new": sorted({f"{move.provider} {move.region}" for move in regions if move.older is None}),
        "gone": sorted({f"{move.provider} {move.region}" for move in regions if move.newer is None}),
    }
    return page(request, "emissions/factors_diff.html", context)


def _move(move: Move) -> dict[str, str]:
    """A region whose kilograms per kilowatt-hour differ, in words and with its sign."""
    percent = move.percent or Fraction(0)
    told = f"{'+' if percent > 0 else '−'}{decimal_text(abs(quantise(percent * 100)), scale=2, places=2)} %"
    figures = {
        name: "–" if value is None else f"{float(value):.5f}" for name, value in (("older", move.older), ("newer", move.newer))
    }
    return {"provider": move.provider, "region": move.region, "basis": move.basis, "change": told, **figures}


def _set(wanted: str) -> FactorSet:
    """The set that an address names: one that ships, never a folder of this machine."""
    try:
        return shipped_set(wanted or GENESIS)
    except FactorError as error:
        raise Http404 from error


def _tables(found: FactorSet, current: str, base: str) -> list[dict[str, Any]]:
    """The tabs: regions, then every table of the set with its number of rows."""
    labels = {
        "grid": _("Grid"),
        "cea": _("India (CEA)"),
        "regions": _("Region rows"),
        "pue": _("PUE"),
        "wue": _("Water"),
        "instances": _("Instances"),
        "processors": _("Processors"),
        "coefficients": _("Coefficients"),
        "usage_types": _("Usage types"),
        "prefixes": _("Region prefixes"),
        "gwp": _("Warming potentials"),
        "power": _("Power model"),
        "grid_hourly": _("Hourly profiles"),
        "aliases": _("Region names"),
        "attributions": _("Attributions"),
    }
    names = [(REGIONS, _("Regions"), None), *((name, labels.get(name, name.replace("_", " ")), name) for name in found.tables)]
    return [
        {
            "key": key,
            "label": label,
            "count": len(found.tables[table]) if table else None,
            "href": f"{base}?{_encoded({'set': found.name, 'table': key})}",
            "current": key == current,
        }
        for key, label, table in names
    ]


_UNITS = {"gib": "GiB", "kg": "kg CO2e", "h": "h", "percent": "%"}
_WORDS = {"vcpu": "vCPU", "gpu": "GPU"}


def _label(column: str) -> str:
    """What a column of a factor set is called, with its unit.

    >>> _label("teads_w_50"), _label("boavizta_w_idle"), _label("platform_embodied_kg"), _label("gpu_count")
    ('power at 50 %, W (Teads)', 'power idle, W (Boavizta)', 'platform embodied, kg CO2e', 'GPU count')
    """
    source, is_power, load = column.partition("_w_")
    if is_power:
        return f"power {load if load == 'idle' else f'at {load} %'}, W ({source.capitalize()})"
    words = column.split("_")
    unit = _UNITS.get(words[-1]) if len(words) > 1 else None
    named = " ".join(_WORDS.get(word, word) for word in (words[:-1] if unit else words))
    return f"{named}, {unit}" if unit else named


def _listed(found: FactorSet, table: str, columns: tuple[str, ...], row: Row, ns: str) -> dict[str, Any]:
    cells = [{"label": _label(name), "text": row[name] or "–"} for name in columns]
    href = f"{reverse(f'{ns}:factor_row')}?{_encoded({'set': found.name, 'table': table, 'id': row['id']})}"
    return {"id": row["id"], "href": href, "cells": cells, "source": row.get("source", ""), "year": row.get("year", "")}


def _page_number(request: HttpRequest, total: int) -> int:
    asked = request.GET.get("page", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    return min(number, max(0, (total - 1) // PAGE))


def _encoded(query: dict[str, str]) -> str:
    return urlencode({name: value for name, value in query.items() if value})
