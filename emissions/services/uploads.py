"""Taking files in: into the store, one row each, and a wish that somebody reads them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Protocol

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.selectors import current_organization
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import current_schema
from emissions.models import Progress, Upload, UploadFile
from emissions.register.jobs import job_wish
from emissions.register.models import WaitingJob
from emissions.store import Stored, default_store, safe_name

MAX_FILES = 1000


class IncomingFile(Protocol):
    """What Django's UploadedFile is, and what a command gives for a file on disk."""

    @property
    def name(self) -> str | None:
        """The name people gave it."""

    def chunks(self) -> Iterable[bytes]:
        """Its bytes in pieces."""


def bill_upload(*, actor: User, files: Sequence[IncomingFile]) -> Upload:
    """Keeps the files and asks for them to be read; returns at once, in state PENDING.

    Files that are the same byte for byte are taken once. The bytes are on disk, synced, before the row is committed.
    The reading task is sent once this is committed.
    """
    if not files:
        raise ServiceError("no file was chosen.", code="upload.empty", hint="Choose one or more bill files.")
    if len(files) > MAX_FILES:
        raise ServiceError(
            f"{len(files)} files at once, at most {MAX_FILES} are taken.", code="upload.too_many", hint="Upload them in parts."
        )
    store = default_store()
    stored: dict[str, tuple[str, Stored]] = {}
    for file in files:
        kept = store.put(file.chunks())
        stored.setdefault(kept.digest, (safe_name(file.name or "file"), kept))
    with transaction.atomic():
        upload = Upload.objects.create(id=uuid.uuid4(), actor=actor.pk, actor_name=actor.email)
        UploadFile.objects.bulk_create(
            UploadFile(upload=upload, position=position, name=name, digest=kept.digest, size=kept.size)
            for position, (name, kept) in enumerate(stored.values())
        )
        Progress.objects.create(upload=upload)
        details = {"files": [{"name": name, "sha256": kept.digest} for name, kept in stored.values()]}
        audit.record(
            organization=current_organization(), actor=actor, action="bill.uploaded", target=str(upload.pk), details=details
        )
        job_wish(kind=WaitingJob.Kind.INGEST, schema=current_schema(), reference=str(upload.pk))
    return upload
