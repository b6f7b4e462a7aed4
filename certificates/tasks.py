"""The documents worker: certificates are pulled from final retirements, and taken back when a block is lost."""

from __future__ import annotations

import logging

from django.db import transaction

from accounts.models import Organization
from certificates.register.selectors import organizations_with_work
from certificates.services import certificate_issue, organization_bring_up_to_date
from cloudtuner import locks
from cloudtuner.errors import CloudTunerError, ConfigurationError
from cloudtuner.tasks import public_task, tenant_task
from tokens.network import reading
from tokens.network.connection import address_book

logger = logging.getLogger(__name__)


@public_task(queue="documents", recorded=False)
def certificates_tick() -> None:
    """Wakes the organisations that public rows say have something to issue or to revoke."""
    try:
        chain_id = address_book().chain_id
    except ConfigurationError:
        return  # No chain yet: nothing was retired.
    with transaction.atomic():
        if not locks.try_acquire("certificates:tick"):
            return
        found = organizations_with_work(chain_id=chain_id, final_below=reading.final_below())
    for schema in Organization.objects.filter(uuid__in=found).values_list("schema_name", flat=True):
        certificates_pull.enqueue(schema)


@tenant_task(queue="documents", recorded=False)
def certificates_pull(schema: str) -> None:
    """Revokes, then issues, one retirement after the other; a refusal of one does not hold up the next."""
    failed: CloudTunerError | None = None
    for retirement_id in organization_bring_up_to_date():
        try:
            certificate_issue(retirement_id=retirement_id)
        except CloudTunerError as error:
            failed = error
            logger.warning("certificate not issued: %s", error, extra={"tenant": schema, "code": error.code})
    if failed is not None and not failed.retryable:
        raise failed


TICKS = {"issue": (certificates_tick, 2.0)}
