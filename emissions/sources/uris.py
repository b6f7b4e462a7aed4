"""Which texts name a place in an object store, and which place.

`s3://bucket/prefix` (Amazon S3 and what speaks its protocol), `gs://bucket/prefix` (Google Cloud Storage) and
`az://container/prefix` (Azure Blob Storage; the account's name is in the environment or before an @, as in
`az://container@account/prefix`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from emissions.sources.errors import SourceError

# One slash is what is left of two when somebody took the text for a path.
_URI = re.compile(r"(?P<scheme>s3|gs|az):/{1,2}(?P<bucket>[^/@]+)(@(?P<account>[^/]+))?(/(?P<prefix>.*))?", re.DOTALL)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]", re.IGNORECASE)
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")


@dataclass(frozen=True)
class StoreUri:
    """A bucket (Azure: container) and a prefix in it, which may be a single object's name."""

    scheme: str
    bucket: str
    prefix: str
    account: str = ""

    def __str__(self) -> str:
        """The URI."""
        owner = f"@{self.account}" if self.account else ""
        return f"{self.scheme}://{self.bucket}{owner}/{self.prefix}"


def is_store_uri(text: str | Path) -> bool:
    """Whether a text names a place in an object store and not a file here.

    >>> is_store_uri("s3://bills/cur"), is_store_uri("bill.csv"), is_store_uri("s3/bill.csv")
    (True, False, False)
    """
    return _URI.match(str(text)) is not None


def parse_uri(text: str | Path) -> StoreUri:
    """The place that a URI names; raises SourceError for one that names none.

    >>> parse_uri("az://exports@aravali/cost/2026")
    StoreUri(scheme='az', bucket='exports', prefix='cost/2026', account='aravali')
    """
    found = _URI.fullmatch(str(text))
    if found is None or not _BUCKET.fullmatch(found["bucket"]):
        raise SourceError(
            "this names no bucket.",
            code="source.uri",
            where=str(text)[:200],
            hint="Write s3://bucket/prefix, gs://bucket/prefix or az://container@account/prefix.",
        )
    account, prefix = found["account"] or "", (found["prefix"] or "").strip("/")
    if account and (found["scheme"] != "az" or not _ACCOUNT.fullmatch(account)):
        raise SourceError("only az:// takes an account, of 3 to 24 letters and digits.", code="source.uri", where=str(text)[:200])
    if ".." in prefix.split("/"):
        raise SourceError("a prefix cannot go up.", code="source.uri", where=str(text)[:200])
    return StoreUri(found["scheme"], found["bucket"], prefix, account)
