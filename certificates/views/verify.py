"""Is a certificate genuine, and what is it worth today? For anyone, without log-in; nothing that is sent is kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.throttling import SimpleRateThrottle

from certificates import selectors
from certificates.register.models import Status
from certificates.selectors import PublicVerification
from certificates.views.facts import shown_facts
from cloudtuner.errors import CloudTunerError

MAX_BYTES = 20 * 1024 * 1024


class VerifyThrottle(SimpleRateThrottle):
    """Every check takes a part of a second and asks the chain: enough of them for a person, too few to keep us busy."""

    rate = "30/min"
    scope = "verify"

    def get_cache_key(self, request: Any, view: Any) -> str:
        del view
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}

    @classmethod
    def refuses(cls, request: HttpRequest) -> HttpResponse | None:
        """The answer to one who asked too often; None for everybody else, and one more is counted."""
        if cls().allow_request(request, None):  # type: ignore[arg-type] # it reads META, and our key asks for no view
            return None
        problem = _("Too many checks within a minute. Wait for one, or check it without us as told below.")
        return render(request, "verify/start.html", {"problem": problem}, status=429)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Asks for a number or a file; answers for a file."""
    if request.method == "POST":
        return _file(request)
    asked = request.GET.get("id", "").strip()
    if asked:
        kept = "".join(letter for letter in asked.upper() if letter.isascii() and (letter.isalnum() or letter == "-"))
        return redirect("verify:certificate", kept[:40] or "-")
    return render(request, "verify/start.html")


def _file(request: HttpRequest) -> HttpResponse:
    sent = request.FILES.get("pdf")
    problem = ""
    if sent is None:
        problem = _("No file was sent. Choose the PDF.")
    elif (sent.size or 0) > MAX_BYTES:
        problem = _("The file is larger than 20 MB. A certificate is much smaller; choose the PDF itself.")
    if problem or sent is None:
        return render(request, "verify/start.html", {"problem": problem}, status=400)
    if refused := VerifyThrottle.refuses(request):
        return refused
    try:
        found = selectors.verification_of_file(sent.read())
    except CloudTunerError as error:
        return render(request, "verify/start.html", {"problem": str(error)}, status=503 if error.retryable else 400)
    return render(request, "verify/result.html", _context(found, register_only=False))


@require_safe
def certificate(request: HttpRequest, certificate_id: str) -> HttpResponse:
    """What the register and the checks say of a number."""
    if refused := VerifyThrottle.refuses(request):
        return refused
    try:
        found = selectors.verification_of_id(certificate_id)
    except CloudTunerError as error:
        return render(request, "verify/start.html", {"problem": str(error), "asked": certificate_id}, status=503)
    if found is None:
        text = _("No certificate has the number %(id)s. Look for a typing mistake; the last two signs check the others.")
        return render(
            request, "verify/start.html", {"not_found": text % {"id": certificate_id}, "asked": certificate_id}, status=404
        )
    return render(request, "verify/result.html", _context(found, register_only=True))


def _context(found: PublicVerification, *, register_only: bool) -> dict[str, Any]:
    return {
        "answer": _answer(found),
        "facts": shown_facts(found),
        "checks": found.findings.checks,
        "register_only": register_only,
    }


def _answer(found: PublicVerification) -> dict[str, str]:
    """One plain answer. What is no longer in force is told before anything else that the checks say, of the registered file
    only: another file under its number was never in force.
    """
    registered = found.findings.check("V2").state != "fail"
    status = found.current.status if found.current and registered else ""
    if status == Status.REVOKED and found.current:
        return {"kind": "bad", "title": _("Revoked"), "sentence": _("Reason: %(reason)s.") % {"reason": found.current.reason}}
    if status == Status.SUPERSEDED:
        return {"kind": "warn", "title": _("Valid when issued, superseded"), "sentence": _("A newer edition took its place.")}
    match found.findings.verdict:
        case "valid":
            whole = _("Every check holds, also against the chain and the public register.")
            return {"kind": "good", "title": _("Valid"), "sentence": found.findings.sentence if found.findings.offline else whole}
        case "refused":
            return {"kind": "bad", "title": _("Refused"), "sentence": _reason(found.findings.sentence)}
        case "unknown":
            return {"kind": "warn", "title": _("Unknown"), "sentence": found.findings.sentence}


def _reason(sentence: str) -> str:
    """The reason without the word that the heading says already, as a sentence.

    >>> _reason("Refused: the file was changed after it was sealed")
    'The file was changed after it was sealed.'
    """
    reason = sentence.split(": ", 1)[1] if sentence.startswith("Refused: ") else sentence
    return f"{reason[:1].upper()}{reason[1:].removesuffix('.')}."
