"""What was claimed, what is left of it, and whether everything ties out?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from accounts.permissions import CLAIM_VIEW
from accounts.views.page import page
from emissions.selectors import nodes
from tokens import selectors
from tokens.views.staleness import needs_chain, stale_text

SUMMED = ("ug", "allocated_ug", "free_ug", "tuner_units")


@require_safe
@permission_required(CLAIM_VIEW)
@needs_chain
def claims(request: HttpRequest) -> HttpResponse:
    """Claims by node, what was found and paid of the time before enrolment, lots, and the tie-out of all kilograms."""
    lots = selectors.lots()
    context = {
        "accounts": {info.node: info.account for info in nodes()},
        "claims": selectors.claims(),
        "history": selectors.history(),
        "lots": lots,
        "lot_sums": {name: sum(getattr(lot, name) for lot in lots if lot.on_chain) for name in SUMMED},
        "tie_out": selectors.tie_out(),
        "stale": stale_text(),
    }
    return page(request, "tokens/claims.html", context)
