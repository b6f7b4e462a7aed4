"""What nodes say to the public host: `/poce/v1/nodes/{node}` and `POST /poce/v1/reports` (docs/protocol.md §7)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from cloudtuner.api import problem_response, refusal_status
from cloudtuner.errors import CloudTunerError, ProofError
from emissions.poce.canonical import read_json
from emissions.register import selectors
from emissions.register.services import report_accept

# A month of a busy account is a few hundred thousand lines of some thirty bytes.
MAX_BODY = 64 * 1024 * 1024


@require_GET
def node_detail(request: HttpRequest, node: str) -> HttpResponse:
    """A node's binding and the head of its chain of reports."""
    found = selectors.node(node)
    if found is None:
        return problem_response(request, 404, "node.unknown", f"Node {node} is not registered here.")
    return JsonResponse(found.to_json())


# Machines post here with a signature and no cookie, so there is no session that another site could ride on.
@csrf_exempt
@require_POST
def report_post(request: HttpRequest) -> HttpResponse:
    """Takes in a signed report with its stripped lines: 201 with its hash, also when it was there already."""
    try:
        value = _body(request)
        report_hash = report_accept(report=value["report"], signature=value["signature"], lines=value["lines"])
    except CloudTunerError as error:
        more: dict[str, Any] = {"hint": error.hint} if error.hint else {}
        status = 409 if error.code == "report.seq" else 413 if error.code == "report.too_large" else refusal_status(error)
        return problem_response(request, status, error.code, error.message, **more)
    return JsonResponse({"report_hash": report_hash}, status=201)


def _body(request: HttpRequest) -> dict[str, Any]:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise ProofError(
            f"the body is larger than {MAX_BODY} bytes.", code="report.too_large", hint="Split the account's lines by month."
        )
    value = read_json(request.read(MAX_BODY + 1), what="body")
    if not isinstance(value, dict) or set(value) != {"report", "signature", "lines"}:
        raise ProofError("the body is {report, signature, lines}.", code="json.shape")
    return value
