"""What does the ledger hold? The explorer: filters in the address, a total that equals them, pages by cursor, CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from accounts.permissions import LEDGER_VIEW
from accounts.views.page import page
from cloudtuner.clock import hour_start, hour_text
from cloudtuner.errors import ServiceError
from cloudtuner.periods import NamedPeriod, period_of, periods_between
from emissions.selectors.figures import LedgerChoices, LedgerFilters, LedgerRow
from emissions.selectors.ledger import ledger_choices, ledger_csv, ledger_page, ledger_totals

TIMES = ("hour", "day", "month")
FILTERS = {
    "account": "accounts",
    "region": "regions",
    "service": "services",
    "category": "categories",
    "quality": "qualities",
    "basis": "bases",
}
EVERYTHING = NamedPeriod("all", "", 0, 0)


def _labels() -> dict[str, str]:
    return {
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


def _asked(request: HttpRequest, choices: LedgerChoices) -> tuple[NamedPeriod, LedgerFilters]:
    key = request.GET.get("period", "all")
    period = None if key == "all" else period_of(key, periods_between(choices.first_hour, choices.last_hour))
    chosen = {field: (value,) for name, field in FILTERS.items() if (value := request.GET.get(name, ""))}
    if period is None:
        return EVERYTHING, LedgerFilters(**chosen)  # type: ignore[arg-type] # FILTERS names text fields only
    return period, LedgerFilters(hour_from=period.hour_from, hour_through=period.hour_through, **chosen)


def _groups(request: HttpRequest) -> list[str]:
    asked = [request.GET.get(name, "") for name in ("group", "group2")]
    return list(dict.fromkeys(name for name in asked if name in (*TIMES, *FILTERS)))


def _query(request: HttpRequest, **changes: str) -> str:
    told = {name: value for name, value in request.GET.items() if value} | changes
    return urlencode({name: value for name, value in told.items() if value})


@require_safe
@permission_required(LEDGER_VIEW)
def ledger(request: HttpRequest) -> HttpResponse:
    """A page of rows with the totals of everything that the filters leave."""
    choices = ledger_choices()
    period, filters = _asked(request, choices)
    groups = _groups(request)
    sort = request.GET.get("sort", "")
    try:
        found = ledger_page(
            filters, group_by=groups, sort=sort or _usual_sort(groups), cursor=request.GET.get("after", ""), limit=50
        )
    except ServiceError:
        # A saved address whose grouping or page mark no longer fits: the same filters from the first page.
        return redirect(f"{reverse('emissions:ledger')}?{_query(request, sort='', after='', group='', group2='')}")
    shown = groups or ["hour", "account", "region", "service", "category", "quality"]
    labels = _labels()
    base = reverse("emissions:ledger")
    context: dict[str, Any] = {
        "choices": choices,
        "period": period,
        "periods": [NamedPeriod("all", _("All hours"), 0, 0), *periods_between(choices.first_hour, choices.last_hour)],
        "filters": [
            {"name": name, "label": labels[name], "values": getattr(choices, field), "current": request.GET.get(name, "")}
            for name, field in FILTERS.items()
        ],
        "groupings": _groupings(groups, labels),
        "sort": sort,
        "query": _query(request, after=""),
        "columns": _columns(request, shown, labels, sort or _usual_sort(groups)),
        "totals": ledger_totals(filters),
        "page": found,
        "rows": [_shown_row(request, row, shown, grouped=bool(groups), labels=labels) for row in found.rows],
        "first_href": f"{base}?{_query(request, after='')}" if request.GET.get("after") else "",
        "next_href": f"{base}?{_query(request, after=found.next_cursor)}" if found.next_cursor else "",
    }
    return page(request, "emissions/ledger.html", context)


@require_safe
@permission_required(LEDGER_VIEW)
def ledger_file(request: HttpRequest) -> StreamingHttpResponse | HttpResponse:
    """The filtered rows as CSV, a block at a time."""
    _period, filters = _asked(request, ledger_choices())
    response = StreamingHttpResponse(ledger_csv(filters, group_by=_groups(request)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="ledger.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _usual_sort(groups: Sequence[str]) -> str:
    return "-hour" if not groups or any(name in TIMES for name in groups) else "-ug"


def _groupings(groups: Sequence[str], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    options = [{"key": name, "label": label} for name, label in labels.items()]
    first, second = [*groups, "", ""][:2]
    return [
        {"name": "group", "label": _("Group by"), "current": first, "options": [{"key": "", "label": _("nothing")}, *options]},
        {"name": "group2", "label": _("and by"), "current": second, "options": [{"key": "", "label": _("nothing")}, *options]},
    ]


def _columns(request: HttpRequest, shown: Sequence[str], labels: Mapping[str, str], sort: str) -> list[dict[str, Any]]:
    def column(name: str, label: str, key: str, *, right: bool = False) -> dict[str, Any]:
        turned = sort.removeprefix("-") if sort == f"-{key}" else f"-{key}"
        order = {f"-{key}": "descending", key: "ascending"}.get(sort, "")
        href = f"{request.path}?{_query(request, sort=turned, after='')}" if key else ""
        return {"name": name, "label": label, "href": href, "sorted": order, "right": right}

    return [
        *(column(name, labels[name], "hour" if name in TIMES else name) for name in shown),
        column("energy", _("Energy, kWh"), "energy", right=True),
        column("ug", _("CO2e, kg"), "ug", right=True),
        column("band", _("Band"), "", right=True),
        column("lines", _("Bill lines"), "", right=True),
    ]


def _shown_row(
    request: HttpRequest, row: LedgerRow, shown: Sequence[str], *, grouped: bool, labels: Mapping[str, str]
) -> dict[str, Any]:
    cells = [{"label": labels[name], "text": _cell(row, name), "mono": name == "account"} for name in shown]
    if grouped:
        narrowed = {name: str(getattr(row, name)) for name in shown if name in FILTERS and getattr(row, name)}
        if "month" in shown and row.hour is not None:
            narrowed["period"] = hour_start(row.hour).strftime("%Y-%m")
        href = f"{reverse('emissions:ledger')}?{_query(request, after='', sort='', group='', group2='', **narrowed)}"
    else:
        keys = {name: getattr(row, name) for name in ("account", "hour", "region", "service", "category", "quality", "basis")}
        href = f"{reverse('pages:thread')}?{urlencode(keys)}"
    return {"cells": cells, "amount": row.amount, "href": href, "drawer": not grouped}


def _cell(row: LedgerRow, name: str) -> str:
    if name not in TIMES:
        return str(getattr(row, name) or "–")
    if row.hour is None:
        return "–"
    return hour_text(row.hour) if name == "hour" else hour_start(row.hour).strftime("%Y-%m-%d" if name == "day" else "%Y-%m")
