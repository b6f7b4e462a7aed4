"""Which chain we are on: the address book and the endpoint of the settings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from cloudtuner.errors import ConfigurationError
from tokens.chain.book import AddressBook
from tokens.chain.client import RpcClient
from tokens.chain.contracts import Contracts


@lru_cache(maxsize=4)
def _read(path: str, _modified_ns: int) -> AddressBook:
    return AddressBook.load(Path(path))


def address_book() -> AddressBook:
    """The address book that the settings name, read again when the file changes."""
    path = Path(settings.ADDRESS_BOOK)
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        modified = 0
    return _read(str(path), modified)


@lru_cache(maxsize=4)
def _client(url: str) -> RpcClient:
    return RpcClient(url)


def client() -> RpcClient:
    """The chain's endpoint."""
    if not settings.RPC_URL:
        raise ConfigurationError("no chain endpoint is set", where="RPC_URL", hint="Set RPC_URL, or start with `cloudtuner up`.")
    return _client(settings.RPC_URL)


def contracts() -> Contracts:
    """Typed calls of the contracts in the address book."""
    return Contracts(client(), address_book())
