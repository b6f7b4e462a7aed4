"""An address book as a deployment writes it, for pages that read where the contracts are."""

from __future__ import annotations

import pytest

from tokens.chain.book import NAMES, AddressBook


@pytest.fixture
def deployed(settings, tmp_path):
    """The settings name an address book; no chain is behind it, as while a node is down."""
    contracts = {name: f"0x{number:040x}" for number, name in enumerate(NAMES, start=0xA1)}
    book = AddressBook(31337, "0x" + "11" * 32, 1, contracts, {"confirmations": 2, "window_s": 2, "epoch_s": 10})
    path = tmp_path / "addresses.json"
    book.save(path)
    settings.ADDRESS_BOOK = str(path)
    return book
