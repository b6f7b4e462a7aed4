"""An address book without a chain behind it: what the pages and the API read is in rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tokens.chain.book import NAMES, AddressBook


@pytest.fixture
def book(settings: Any, tmp_path: Path) -> AddressBook:
    """A book for chain 31337 that the settings name; the endpoint answers nobody."""
    made = AddressBook(
        chain_id=31337,
        genesis_hash="0x" + "11" * 32,
        deploy_block=0,
        contracts={name: f"0x{place + 1:040x}" for place, name in enumerate(NAMES)},
        parameters={"epoch_s": 10, "window_s": 2, "confirmations": 2, "factor_set": "0x" + "fa" * 32},
    )
    made.save(tmp_path / "addresses.json")
    settings.ADDRESS_BOOK = str(tmp_path / "addresses.json")
    settings.RPC_URL = "http://127.0.0.1:9"
    return made
