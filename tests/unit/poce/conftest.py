"""The committed protocol vectors, and small makers of protocol objects."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[2] / "golden" / "protocol"


@pytest.fixture(scope="session")
def golden() -> Path:
    return GOLDEN


@pytest.fixture(scope="session")
def trees() -> list[dict[str, Any]]:
    return json.loads((GOLDEN / "trees.json").read_text(encoding="utf-8"))["trees"]


@pytest.fixture(scope="session")
def signatures() -> dict[str, Any]:
    return json.loads((GOLDEN / "signatures.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def texts() -> dict[str, dict[str, Any]]:
    made = json.loads((GOLDEN / "canonical.json").read_text(encoding="utf-8"))["texts"]
    return {text["name"]: text for text in made}


@pytest.fixture
def word():
    """Thirty-two bytes named by a text, as 0x hex."""
    return lambda text: "0x" + sha256(text.encode()).hexdigest()
