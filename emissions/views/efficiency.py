"""How much cleaner did the work become? Each account's closed months with every term of the score, and what to move."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from accounts.permissions import LEDGER_VIEW
from accounts.views.page import page
from cloudtuner.clock import hour_start
from cloudtuner.errors import CloudTunerError
from cloudtuner.units import decimal_text, quantise
from emissions.engine.advice import Move
from emissions.poce.score import CAP_BP, FULL_BP, Refusal, Score
from emissions.selectors import claimability
from emissions.selectors.efficiency import NodeEfficiency, advice, efficiency, work_ratio
from emissions.selectors.figures import LedgerFilters


def _todo(refusal: Refusal) -> str:
    """What a person can do about a refusal."""
    match refusal:
        case Refusal.NO_WORK:
            return _("Nothing: a month without recognised usage has no intensity.")
        case Refusal.COVERAGE:
            return _("Look at the coverage page: which services have no model, and what they cost.")
        case Refusal.TOO_FEW_MONTHS:
            return _("Import older bills, or wait: six closed months on one method make a base.")
        case Refusal.WORK_RANGE:
            return _("Wait: months of the new size become the base as they close.")


@require_safe
@permission_required(LEDGER_VIEW)
def efficiency_page(request: HttpRequest) -> HttpResponse:
    """One account's months; one of them opened with its terms and the moves that would save most."""
    accounts = efficiency()
    chosen = _chosen(accounts, request.GET.get("account", ""))
    if chosen is None:
        return page(request, "emissions/efficiency.html", {"chosen": None})
    base_query = {"account": chosen.info.account}
    month = next((each for each in chosen.scores if _month(each) == request.GET.get("month", "")), chosen.latest)
    held = claimability(LedgerFilters(accounts=(chosen.info.account,)))
    closed = {_month(each) for each in chosen.scores}
    context: dict[str, Any] = {
        "accounts": [
            {
                "account": each.info.account,
                "provider": each.info.provider,
                "score": _score_text(each.latest),
                "months": len(each.scores),
                "latest": _row(each.latest) if each.latest else None,
                "href": f"?{urlencode({'account': each.info.account})}",
                "current": each is chosen,
            }
            for each in accounts
        ],
        "chosen": chosen,
        "months": [
            {**_row(each), "href": f"?{urlencode({**base_query, 'month': _month(each)})}", "current": each is month}
            for each in chosen.scores
        ],
        "open_months": [row for row in held.months if row.month not in closed],
        "month": _terms(month) if month else None,
        **(_advice(month, many=request.GET.get("advice") == "1") if month and month is chosen.latest else {}),
        "advice_href": f"{reverse('emissions:efficiency')}?{urlencode({**base_query, 'advice': '1'})}",
    }
    return page(request, "emissions/efficiency.html", context)


def _chosen(accounts: tuple[NodeEfficiency, ...], asked: str) -> NodeEfficiency | None:
    """The account that was asked for, else the one whose newest month scores highest."""
    named = next((each for each in accounts if each.info.account == asked), None)
    return named or max(accounts, key=lambda each: each.latest.score_bp if each.latest else 0, default=None)


def _month(score: Score) -> str:
    return hour_start(score.hour_through).strftime("%Y-%m")


def intensity_text(value: Fraction | None) -> str:
    """Kilograms per kilowatt-hour of work, to the gram and below.

    >>> intensity_text(Fraction(376245, 1000000))
    '0.37625'
    """
    return "–" if value is None else decimal_text(quantise(value * 10**5), scale=5, places=5)


def _score_text(score: Score | None) -> str:
    return "–" if score is None else decimal_text(score.score_bp, scale=4, places=4)


def _row(score: Score) -> dict[str, Any]:
    return {
        "month": _month(score),
        "ug": score.ug,
        "work_uwh": score.work_uwh,
        "intensity": intensity_text(score.intensity),
        "base": intensity_text(score.base.intensity if score.base else None),
        "score": _score_text(score),
        "refused": bool(score.refusal),
        "reason": score.reason,
    }


def _terms(score: Score) -> dict[str, Any]:
    """Everything a score follows from, in the order in which it is worked out."""
    base, ratio = score.base, work_ratio(score)
    bounds = {FULL_BP: _("never below 1"), CAP_BP: _("never above 2")}
    raw = base.intensity / score.intensity if base and score.intensity else None
    return {
        **_row(score),
        "refusal": score.refusal,
        "todo": _todo(score.refusal) if score.refusal else "",
        "scored_ug": score.scored_ug,
        "coverage_ppm": score.coverage_bp * 100,
        "base_months": [hour_start(hour).strftime("%Y-%m") for hour in base.months] if base else [],
        "left_out": [hour_start(hour).strftime("%Y-%m") for hour in base.left_out] if base else [],
        "kept": base.kept if base else False,
        "ratio": "–" if ratio is None else decimal_text(quantise(ratio * 100), scale=2, places=2),
        "raw": "–" if raw is None else decimal_text(quantise(raw * 10**4), scale=4, places=4),
        "bound": bounds.get(score.score_bp, "") if raw is not None and quantise(raw * FULL_BP) != score.score_bp else "",
        "avoided_ug": score.avoided_ug,
        "rate": decimal_text(score.terms.units_per_ug, scale=9, places=4),
        "weight": decimal_text(score.terms.avoided_weight_bp, scale=4, places=4),
        "mint_units": score.mint_units,
        "bonus_units": score.bonus_units,
        "tuner_units": score.tuner_units,
        "report_hash": score.report_hash,
    }


def _advice(score: Score, *, many: bool) -> dict[str, Any]:
    """The moves that would save most; why there are none where the lines cannot be read."""
    try:
        found = advice(score, many=many)
    except CloudTunerError as error:
        return {"moves": [], "advice_problem": str(error), "advice_asked": True}
    return {"moves": [_move(move) for move in found.moves], "advice_asked": found.asked, "advice_lines": found.lines}


def _move(move: Move) -> dict[str, Any]:
    return {
        "from": move.region_from,
        "to": move.region_to,
        "saved_ug": move.saved_ug,
        "percent": decimal_text(move.saved_bp, scale=2, places=1),
        "score": "–" if move.score_bp is None else decimal_text(move.score_bp, scale=4, places=4),
    }
