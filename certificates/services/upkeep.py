"""Bringing an organisation's certificates in line with its retirements: revoke what lost its block, list what waits."""

from __future__ import annotations

import uuid

from certificates.models import Certificate, State
from certificates.services.withdrawing import REORGED, certificate_revoke
from cloudtuner import clock
from tokens.selectors.retirements import retirements_certified_but_reorged, retirements_final_without_certificate


def organization_bring_up_to_date() -> list[uuid.UUID]:
    """Revokes certificates whose block is gone; returns the final retirements that still want one, oldest first.

    One whose last attempt failed is left out until its wait is over. Works on the organisation that is open. Calling it
    again changes nothing.
    """
    for retirement in retirements_certified_but_reorged():
        lost = Certificate.objects.filter(
            retirement=retirement.pk, state=State.ISSUED, block_hash=retirement.certified_block_hash
        )
        for certificate in lost:
            certificate_revoke(certificate_id=certificate.pk, reason=REORGED)
    waiting = Certificate.objects.filter(state=State.FAILED, next_try_at__gt=clock.now())
    wanted = retirements_final_without_certificate().exclude(pk__in=waiting.values("retirement"))
    return [retirement.pk for retirement in wanted]
