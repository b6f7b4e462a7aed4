"""A version's way into the ledger: what it would change, who agreed, and the one transaction that posts it."""

from __future__ import annotations

import uuid
from typing import Any

import pyarrow as pa
from django.db import transaction
from django.db.models import Max

from accounts import audit
from accounts.models import User
from accounts.selectors import current_organization
from cloudtuner import clock, locks
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import current_schema
from emissions.models import BillVersion, LedgerBatch
from emissions.poce.hexes import ZERO_32
from emissions.register.jobs import job_wish
from emissions.register.models import WaitingJob
from emissions.services.batches import Leaves, batch_hash, rows_stored
from emissions.services.comparing import version_compare
from emissions.services.ledger import (
    periods_follow,
    periods_touched,
    rows_add,
    series_add,
    series_last,
    series_reverse,
    version_stated,
)
from emissions.services.series import Stated, stated

_State = BillVersion.State


def bill_version_confirm(*, actor: User, version_id: uuid.UUID) -> BillVersion:
    """Posts the version to the ledger. Confirming one that is confirmed changes nothing, so a double click is harmless.

    Raises ServiceError: `version.not_ready` outside REVIEW, `version.outdated` when a newer one was confirmed,
    `version.diff_changed` when the ledger moved since the diff was shown (the new diff is stored: look again).
    """
    with transaction.atomic():
        locks.acquire(f"ledger {current_schema()}")
        version = _locked(version_id)
        if version.state == _State.CONFIRMED:
            return version
        if version.state != _State.REVIEW:
            raise ServiceError(
                f"version {version.number} is {version.get_state_display().lower()}, it cannot be confirmed.",
                code="version.not_ready",
            )
        newest = version.bill.versions.filter(state=_State.CONFIRMED).aggregate(newest=Max("number"))["newest"] or 0
        if newest > version.number:
            raise ServiceError(
                f"version {newest} of this bill is newer and confirmed.",
                code="version.outdated",
                hint="Upload the bill again to go back to it.",
            )
        diff, flags = version_compare(version)
        same = diff == version.diff and flags == version.flags
        if same:
            version_post(version, confirmed_by=actor.email)
            _note(version, actor, "bill.confirmed")
            return version
        version.diff, version.flags = diff, flags
        version.save(update_fields=["diff", "flags"])
    raise ServiceError(
        "the ledger has changed since this was shown.",
        code="version.diff_changed",
        hint="Look at the new difference, then confirm.",
    )


def bill_version_discard(*, actor: User, version_id: uuid.UUID) -> BillVersion:
    """Puts a version in REVIEW away: the ledger stays as it is. Discarding twice changes nothing."""
    with transaction.atomic():
        version = _locked(version_id)
        if version.state == _State.DISCARDED:
            return version
        if version.state != _State.REVIEW:
            raise ServiceError(
                f"version {version.number} is {version.get_state_display().lower()}, it cannot be discarded.",
                code="version.not_ready",
            )
        version.state, version.decided_at, version.confirmed_by = _State.DISCARDED, clock.now(), actor.email
        version.save(update_fields=["state", "decided_at", "confirmed_by"])
        _note(version, actor, "bill.discarded")
    return version


def _note(version: BillVersion, actor: User, action: str) -> None:
    details = {"bill": str(version.bill), "version": version.number, "bill_digest": version.bill_digest}
    audit.record(organization=current_organization(), actor=actor, action=action, target=str(version.pk), details=details)


def version_post(version: BillVersion, *, confirmed_by: str, hours: pa.Table | None = None) -> BillVersion:
    """Writes the version into the ledger as the next batch. The caller holds the ledger's lock and the version's row.

    `hours` are its estimated hours, where they are still at hand; else they are read from the store.
    """
    locks.acquire(f"ledger {current_schema()}")
    now = clock.now()
    last = LedgerBatch.objects.order_by("-number").first()
    number, prev = (last.number + 1, last.batch_hash) if last else (1, ZERO_32)
    touched = periods_touched(version)
    after = series_last()
    series_reverse(version=version, batch=number, touched=touched)
    first, found = series_last() + 1, version_stated(version) if hours is None else stated(hours)
    through = first + found.series.num_rows - 1
    series_add(version=version, batch=number, told=found, first=first)
    root, count = _rows_and_root(found, after=after, first=first, through=through)
    told: dict[str, Any] = {
        "number": number,
        "prev_hash": prev,
        "merkle_root": root,
        "row_count": count,
        "series_through": through,
        "engine": version.engine,
        "factor_set": version.factor_set,
        "bill_digest": version.bill_digest,
        "posted_by": confirmed_by,
        "posted_at": now,
    }
    LedgerBatch.objects.create(**told, version=version, batch_hash=batch_hash(**told, version=str(version.pk)))
    periods_follow(version=version, batch=number, touched=touched, told=found, first=first)
    siblings = BillVersion.objects.filter(bill=version.bill_id).exclude(pk=version.pk)
    siblings.filter(state=_State.CONFIRMED).update(state=_State.REPLACED, decided_at=now)
    siblings.filter(state=_State.REVIEW, number__lt=version.number).update(
        state=_State.DISCARDED, decided_at=now, error=f"Version {version.number} is newer and was confirmed."
    )
    version.state, version.decided_at, version.confirmed_by = _State.CONFIRMED, now, confirmed_by
    version.save(update_fields=["state", "decided_at", "confirmed_by"])
    job_wish(kind=WaitingJob.Kind.REPORTS, schema=current_schema())
    return version


def _rows_and_root(told: Stated, *, after: int, first: int, through: int) -> tuple[str, int]:
    """Copies the rows of the series from `first` on; the root over them and the reversals before them, and their count."""
    leaves = Leaves()
    for block in rows_stored(after=after, through=first - 1):
        leaves.add(block)
    rows_add(told, first=first, leaves=leaves)
    return leaves.root(after=after, through=through), leaves.rows


def _locked(version_id: uuid.UUID) -> BillVersion:
    version = BillVersion.objects.select_for_update(of=("self",)).select_related("bill").filter(pk=version_id).first()
    if version is None:
        raise ServiceError("there is no such version of a bill.", code="version.unknown")
    return version
