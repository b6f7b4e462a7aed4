"""How a store is opened and read: list and get, nothing else. One library (obstore) for all three protocols.

Credentials come from the environment, as the provider's own tools take them (`AWS_…`, `GOOGLE_…`, `AZURE_…`), from the
machine's own identity where there is one, or from the caller. They need list and get only (docs/operate-sources.md).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cloudtuner.env import Env
from emissions.sources.errors import SourceError, SourceUnreachable
from emissions.sources.uris import StoreUri

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_MAX_OBJECTS = 100_000
_CHUNK = 4 << 20
_ENDPOINTS = {"s3": "endpoint", "gs": "base_url", "az": "endpoint"}
_ENDPOINT_VARIABLES = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}


@dataclass(frozen=True)
class Access:
    """How to reach a store where the environment does not say: obstore's option names (`access_key_id`, `region`, …).

    `endpoint` is another address than the provider's. Secrets are never part of a message or a representation.
    """

    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    endpoint: str = ""


@dataclass(frozen=True)
class StoredObject:
    """An object: its name below the bucket, its size in bytes, and the store's own tag for this version of it."""

    name: str
    size: int
    tag: str


class Source:
    """A place in an object store, open for reading."""

    def __init__(self, uri: StoreUri, access: Access | None = None) -> None:
        self.uri = uri
        self._store = _open(uri, access or Access())

    def objects(self) -> list[StoredObject]:
        """What lies under the prefix, by name; the object itself when the prefix is one. Raises SourceError."""
        found: list[StoredObject] = []
        with _asked(self.uri):
            for batch in self._store.list(self.uri.prefix or None):
                found.extend(StoredObject(each["path"], each["size"], each["e_tag"] or "") for each in batch)
                if len(found) > _MAX_OBJECTS:
                    raise SourceError(
                        f"there are more than {_MAX_OBJECTS} objects.",
                        code="source.too_many",
                        where=str(self.uri),
                        hint="Name a longer prefix, for example one month's.",
                    )
        if not found and self.uri.prefix:
            with _asked(self.uri):
                one = self._store.head(self.uri.prefix)
                found = [StoredObject(one["path"], one["size"], one["e_tag"] or "")]
        return sorted(found, key=lambda each: each.name)

    def chunks(self, item: StoredObject) -> Iterator[bytes]:
        """An object's bytes in pieces; raises SourceUnreachable when fewer or more come than the store said."""
        size = 0
        with _asked(self.uri, item.name):
            for chunk in self._store.get(item.name).stream(min_chunk_size=_CHUNK):
                size += len(chunk)
                yield bytes(chunk)
        if size != item.size:
            raise SourceUnreachable(
                f"{size} bytes came of {item.size}.",
                where=f"{self.uri.scheme}://{self.uri.bucket}/{item.name}",
                hint="Try again.",
            )

    def read(self, item: StoredObject) -> bytes:
        """A small object whole."""
        return b"".join(self.chunks(item))


def _open(uri: StoreUri, access: Access) -> ObjectStore:
    # The library takes half a second to load and most bills are files.
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    options: dict[str, Any] = dict(access.options)
    if uri.account:
        options["account_name"] = uri.account
    if access.endpoint:
        options[_ENDPOINTS[uri.scheme]] = access.endpoint
    told = (Env().text(name, "") for name in _ENDPOINT_VARIABLES.get(uri.scheme, ()))
    endpoint = str(options.get(_ENDPOINTS[uri.scheme], "")) or next((each for each in told if each), "")
    plain = endpoint.startswith("http://")
    if plain and not _is_loopback(endpoint):
        raise SourceError("credentials do not go over http.", code="source.insecure", where=str(uri), hint="Use https.")
    client = {"allow_http": plain, "timeout": "60s", "connect_timeout": "10s"}
    retry = {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}
    # Its types tell three providers' options apart by name; which it is, is known at run time only.
    opened: Any = from_url
    try:
        store: ObjectStore = opened(
            f"{uri.scheme}://{uri.bucket}", config=options or None, client_options=client, retry_config=retry
        )
    except (BaseError, ValueError) as error:
        raise SourceError(f"cannot be opened: {_first_line(error)}.", code="source.uri", where=str(uri)) from error
    return store


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _asked(uri: StoreUri, name: str = "") -> Iterator[None]:
    """Turns the library's complaint into ours."""
    from obstore import exceptions

    where = f"{uri.scheme}://{uri.bucket}/{name or uri.prefix}"
    try:
        yield
    except (exceptions.NotFoundError, FileNotFoundError) as error:
        raise SourceError("there is no such bucket or object.", code="source.missing", where=where) from error
    except (exceptions.BaseError, OSError) as error:
        # Only some calls say a refusal by its class; a listing says it in words.
        named = isinstance(error, exceptions.UnauthenticatedError | exceptions.PermissionDeniedError)
        if named or "403 Forbidden" in str(error) or "401 Unauthorized" in str(error):
            raise SourceError(
                "the credentials may not read this.", code="source.denied", where=where, hint="They need to list and to get."
            ) from error
        raise SourceUnreachable(f"the store did not answer: {_first_line(error)}.", where=where, hint="Try again.") from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
