"""Which issuer, which trust and which store this service works with: from the settings, in one place."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from certificates.document.issuer import Issuer, create_issuer, load_issuer
from certificates.document.trust import trust_of
from certificates.verify.trust import Trust
from cloudtuner.errors import ConfigurationError
from cloudtuner.origins import base_url
from emissions.store import Store, default_store
from tokens.network.connection import address_book


def issuer_folder() -> Path:
    """Where the issuer's keys are."""
    return Path(settings.ISSUER_DIR) if settings.ISSUER_DIR else Path(settings.DATA_DIR) / "issuer"


def issuer() -> Issuer:
    """The issuer of this service. A development mode without one makes a test issuer; production refuses."""
    folder = issuer_folder()
    if not folder.exists():
        if settings.MODE not in ("embedded", "test"):
            raise ConfigurationError(
                "there is no issuer folder",
                code="issuer.missing",
                where=str(folder),
                hint="Name the folder with the seal's keys in CLOUDTUNER_ISSUER_DIR.",
            )
        create_issuer(folder)
    return _loaded(folder)


@lru_cache(maxsize=4)
def _loaded(folder: Path) -> Issuer:
    return load_issuer(folder)


def registry_url() -> str:
    """The public address under which certificates say they can be checked."""
    return base_url("").rstrip("/")


def trust() -> Trust:
    """What this service itself trusts: its issuer, its chain, its contracts."""
    book = address_book()
    return trust_of(
        issuer(),
        chain_id=book.chain_id,
        genesis_hash=book.genesis_hash,
        confirmations=book.confirmations,
        contracts=book.contracts,
        registry_url=registry_url(),
    )


def store() -> Store:
    """Where the sealed files are, by sha256."""
    return default_store()
