"""What does a page say when the chain is not there, or was not heard of for a while? Words, and since when."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.views.page import page
from cloudtuner.errors import ConfigurationError
from tokens.selectors import chain_status

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def needs_chain(view: View[P]) -> View[P]:
    """Answers with a page that says so where no contracts are deployed yet; emissions go on without them."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ConfigurationError:
            return page(request, "tokens/absent.html", {}, status=503)

    return guarded


def stale_text() -> str:
    """A sentence with since-when while the chain does not answer or indexing stopped; empty otherwise."""
    status = chain_status()
    if status.stopped_reason:
        return status.stopped_reason
    if status.unreachable_since is None:
        return ""
    since = f"{status.unreachable_since:%Y-%m-%d %H:%M} UTC"
    return _("The chain could not be reached since %(since)s. Claims and retirements are shown as they were then.") % {
        "since": since
    }
