"""Handing in what the spool holds, in order, patiently."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from cloudtuner.errors import CloudTunerError, ProofError
from emissions.poce.eip712 import Domain

from .service import ServiceClient
from .spool import Spool, SpooledReport

T = TypeVar("T")

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0


def send_waiting(spool: Spool, node: str, *, service: ServiceClient, domain: Domain, patience_s: float) -> int:
    """Posts the node's waiting reports by seq and marks each; returns how many. Stops at the first that is refused.

    A report that the host has already is answered with its hash again, so that dying between its answer and our mark
    costs one more call. Raises the service's error once `patience_s` of retries are over; the spool keeps the rest.
    """
    sent = 0
    for item in spool.reports(node):
        if not item.sent:
            _send(item, service, domain, patience_s)
            spool.mark_sent(item)
            logger.info("report handed in", extra={"node": node, "count": item.seq})
            sent += 1
    return sent


def _send(item: SpooledReport, service: ServiceClient, domain: Domain, patience_s: float) -> None:
    signed = item.read()
    expected = signed.report.report_hash(domain)
    told = retried(lambda: service.post_report(signed.to_bytes()), patience_s=patience_s)
    if told != expected:
        raise ProofError(
            f"the host has it as {told[:80]}, it is {expected}.",
            code="report.hash_differs",
            where=str(item.path),
            hint="Chain id or registry differ between this agent and the host.",
        )


def retried(call: Callable[[], T], *, patience_s: float) -> T:
    """The call's value; retryable errors are tried again with growing pauses until the patience is over."""
    deadline = time.monotonic() + patience_s
    pause = _FIRST_PAUSE_S
    while True:
        try:
            return call()
        except CloudTunerError as error:
            if not error.retryable or time.monotonic() + pause > deadline:
                raise
            logger.warning("will try again", extra={"reason": str(error), "seconds": pause})
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)
