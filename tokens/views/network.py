"""What may anyone see of the network? Epochs, votes, validators, contracts."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudtuner.errors import ConfigurationError, ServiceError
from tokens.network import selectors
from tokens.network.connection import address_book
from tokens.network.round_selectors import airdrop_rounds

NAMES = {
    "ct02": "CT02",
    "tuner": "TunerToken",
    "node_registry": "NodeRegistry",
    "validator_set": "ValidatorSet",
    "poce": "PoCE",
    "retirement": "Retirement",
    "airdrop": "CarbonAirdrop",
}


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The network at a glance; the page renews itself. Epochs come by pages, `before` a number."""
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    try:
        book = address_book()
    except ConfigurationError:
        return render(request, "network/absent.html", status=503)
    context = {
        "status": selectors.chain_status(),
        "epochs": selectors.epochs(before=before),
        "epoch_count": selectors.epoch_count(),
        "before": before,
        "rounds": airdrop_rounds(),
        "validators": selectors.validators(),
        "contracts": [(NAMES.get(name, name), address) for name, address in book.contracts.items()],
    }
    return render(request, "network/overview.html", context)


@require_safe
def epoch(request: HttpRequest, number: int) -> HttpResponse:
    """One epoch: header, votes, and how to check it."""
    try:
        context = {"epoch": selectors.epoch(number), "votes": selectors.votes(number)}
    except ServiceError as error:
        raise Http404 from error
    except ConfigurationError:
        return render(request, "network/absent.html", status=503)
    return render(request, "network/epoch.html", context)
