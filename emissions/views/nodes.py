"""Which accounts report, and what of each month is claimable or why not?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from accounts.permissions import LEDGER_VIEW
from accounts.views.page import page
from emissions.selectors import claimability
from emissions.selectors import nodes as nodes_of


@require_safe
@permission_required(LEDGER_VIEW)
def nodes(request: HttpRequest) -> HttpResponse:
    """The organisation's nodes, and the claimability of every account's months."""
    return page(request, "emissions/nodes.html", {"nodes": nodes_of(), "claimability": claimability()})
