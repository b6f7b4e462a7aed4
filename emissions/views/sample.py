"""Which bill does somebody bring in who has none at hand? The sample's first delivery, under account numbers of their own.

One usage account serves one organisation, so two visitors cannot both bring in the same numbers.
"""

from __future__ import annotations

import gzip
import hashlib
import tempfile
from functools import lru_cache
from uuid import UUID

from django.core.files.base import ContentFile

from emissions.samples import ACCOUNTS, PAYER, write_first_bill


@lru_cache(maxsize=1)
def _first_delivery() -> tuple[str, bytes]:
    """Name and unpacked text of the sample's first delivery; made once per process."""
    with tempfile.TemporaryDirectory(prefix="cloudtuner-sample-") as folder:
        path = write_first_bill(folder).path
        return path.name, gzip.decompress(path.read_bytes())


def own_number(organization: UUID, number: str) -> str:
    """A twelve-digit account number that no other organisation's sample has.

    >>> own_number(UUID(int=1), "110022003300"), own_number(UUID(int=2), "110022003300")
    ('947253365299', '917073314003')
    """
    drawn = hashlib.sha256(f"sample {organization} {number}".encode()).digest()
    return str(int.from_bytes(drawn[:8], "big") % 10**11 + 9 * 10**11)


def sample_bill(organization: UUID) -> ContentFile[bytes]:
    """The organisation's sample bill as an uploaded file; the same bytes every time."""
    name, text = _first_delivery()
    for number in (PAYER, *ACCOUNTS):
        text = text.replace(number.encode(), own_number(organization, number).encode())
    return ContentFile(gzip.compress(text, compresslevel=4, mtime=0), name=name)
