"""What does the ledger hold? The explorer: filters and columns in the address, a total that equals them, pages by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
from cloudtuner.clock import hour_start
from cloudtuner.errors import ServiceError
from cloudtuner.periods import NamedPeriod, period_of, periods_between
from emissions.selectors import ledger_choices, ledger_csv, ledger_page, ledger_parquet, ledger_totals, stand_for_days
from emissions.selectors.figures import LedgerChoices, LedgerFilters, LedgerRow
from emissions.views.ledger_columns import (
    LABELS,
    TIMES,
    Chosen,
    amount_cells,
    choices,
    chosen_columns,
    factor_links,
    text_of,
)

FILTERS = {
    "account": "accounts",
    "region": "regions",
    "service": "services",
    "category": "categories",
    "quality": "qualities",
    "basis": "bases",
}
EVERYTHING = NamedPeriod("all", "", 0, 0)
PAGE = 50
HOURS_OF_A_DAY = 24


def _asked(request: HttpRequest, offered: LedgerChoices) -> tuple[NamedPeriod, LedgerFilters]:
    key = request.GET.get("period", "all")
    period = None if key == "all" else period_of(key, periods_between(offered.first_hour, offered.last_hour))
    chosen = {field: (value,) for name, field in FILTERS.items() if (value := request.GET.get(name, ""))}
    if period is None:
        return EVERYTHING, LedgerFilters(**chosen)  # type: ignore[arg-type] # FILTERS names text fields only
    return period, LedgerFilters(hour_from=period.hour_from, hour_through=period.hour_through, **chosen)


def _groups(request: HttpRequest) -> list[str]:
    asked = [request.GET.get(name, "") for name in ("group", "group2")]
    return list(dict.fromkeys(name for name in asked if name in LABELS))


def _query(request: HttpRequest, **changes: str) -> str:
    """The address's own question with some parts changed; empty parts are left out."""
    told = request.GET.copy()
    for name, value in changes.items():
        told[name] = value
    return urlencode([(name, value) for name, values in told.lists() for value in values if value])


@require_safe
@permission_required(LEDGER_VIEW)
def ledger(request: HttpRequest) -> HttpResponse:
    """A page of rows with the totals of everything that the filters leave."""
    offered = ledger_choices()
    period, filters = _asked(request, offered)
    groups = _groups(request)
    sort = request.GET.get("sort", "")
    try:
        found = ledger_page(
            filters, group_by=groups, sort=sort or _usual_sort(groups), cursor=request.GET.get("after", ""), limit=PAGE
        )
    except ServiceError:
        # A saved address whose grouping or page mark no longer fits: the same filters from the first page.
        return redirect(f"{reverse('emissions:ledger')}?{_query(request, sort='', after='', group='', group2='')}")
    asked = request.GET.getlist("col")
    shown = chosen_columns(groups, asked)
    base = reverse("emissions:ledger")
    totals = ledger_totals(filters)
    context: dict[str, Any] = {
        "choices": offered,
        "period": period,
        "periods": [NamedPeriod("all", _("All hours"), 0, 0), *periods_between(offered.first_hour, offered.last_hour)],
        "filters": [
            {"name": name, "label": LABELS[name], "values": getattr(offered, field), "current": request.GET.get(name, "")}
            for name, field in FILTERS.items()
        ],
        "groupings": _groupings(groups),
        "sort": sort,
        "query": _query(request, after=""),
        "chooser": choices(groups, asked),
        "columns": _columns(request, shown, sort or _usual_sort(groups)),
        "totals": totals,
        "total_cells": amount_cells(totals, shown),
        "blank": range(len(shown.texts) - 1),
        "factors": shown.factors,
        "page": found,
        "rows": [
            _shown_row(request, row, shown, grouped=bool(groups)) for row in (found.rows if groups else _told_by_day(found.rows))
        ],
        "first_href": f"{base}?{_query(request, after='')}" if request.GET.get("after") else "",
        "next_href": f"{base}?{_query(request, after=found.next_cursor)}" if found.next_cursor else "",
    }
    return page(request, "emissions/ledger.html", context)


@require_safe
@permission_required(LEDGER_VIEW)
def ledger_file(request: HttpRequest, form: str) -> StreamingHttpResponse | HttpResponse:
    """What the explorer shows, all of its pages, as CSV or Parquet, a block at a time."""
    _period, filters = _asked(request, ledger_choices())
    groups = _groups(request)
    # Who chose no columns gets all figures: a file has room.
    asked = request.GET.getlist("col")
    wanted = {"amounts": chosen_columns(groups, asked).exported} if asked else {}
    try:
        if form == "parquet":
            response = StreamingHttpResponse(
                ledger_parquet(filters, group_by=groups, **wanted), content_type="application/vnd.apache.parquet"
            )
        else:
            response = StreamingHttpResponse(
                ledger_csv(filters, group_by=groups, **wanted), content_type="text/csv; charset=utf-8"
            )
    except ServiceError:
        return redirect("emissions:ledger")
    response["Content-Disposition"] = f'attachment; filename="ledger.{form}"'
    response["Cache-Control"] = "no-store"
    return response


def _usual_sort(groups: Sequence[str]) -> str:
    return "-hour" if not groups or any(name in TIMES for name in groups) else "-ug"


def _groupings(groups: Sequence[str]) -> list[dict[str, Any]]:
    options = [{"key": "", "label": _("nothing")}, *({"key": name, "label": label} for name, label in LABELS.items())]
    first, second = [*groups, "", ""][:2]
    return [
        {"name": "group", "label": _("Group by"), "current": first, "options": options},
        {"name": "group2", "label": _("and by"), "current": second, "options": options},
    ]


def _columns(request: HttpRequest, shown: Chosen, sort: str) -> list[dict[str, Any]]:
    def column(label: object, key: str, *, right: bool = False) -> dict[str, Any]:
        turned = sort.removeprefix("-") if sort == f"-{key}" else f"-{key}"
        order = {f"-{key}": "descending", key: "ascending"}.get(sort, "")
        href = f"{request.path}?{_query(request, sort=turned, after='')}" if key else ""
        return {"label": label, "href": href, "sorted": order if key else "", "right": right}

    return [
        *(column(LABELS[name], "hour" if name in TIMES else name) for name in shown.texts),
        *(column(figure.label, figure.sort, right=True) for figure in shown.amounts),
    ]


def _told_by_day(rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """Single rows, those of what is billed by the day with the day that they stand for."""
    return [
        replace(row, hour_through=row.hour + HOURS_OF_A_DAY - 1) if daily and row.hour is not None else row
        for row, daily in zip(rows, stand_for_days(rows), strict=True)
    ]


def _shown_row(request: HttpRequest, row: LedgerRow, shown: Chosen, *, grouped: bool) -> dict[str, Any]:
    if grouped:
        narrowed = {name: str(getattr(row, name)) for name in shown.texts if name in FILTERS and getattr(row, name)}
        if "month" in shown.texts and row.hour is not None:
            narrowed["period"] = hour_start(row.hour).strftime("%Y-%m")
        href = f"{reverse('emissions:ledger')}?{_query(request, after='', sort='', group='', group2='', **narrowed)}"
    else:
        keys = {name: getattr(row, name) for name in ("account", "hour", "region", "service", "category", "quality", "basis")}
        href = f"{reverse('pages:thread')}?{urlencode(keys)}"
    return {
        "cells": [{"label": LABELS[name], "text": text_of(row, name), "mono": name == "account"} for name in shown.texts],
        "amounts": amount_cells(row.amount, shown),
        "factors": factor_links(row) if shown.factors else [],
        "href": href,
        "drawer": not grouped,
    }
