"""The code base as files and trees."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("cloudtuner", "accounts", "emissions", "tokens", "certificates")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shipped() -> dict[Path, str]:
    """Every Python file that we ship, migrations aside, with its text."""
    files = [ROOT / "manage.py", *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))]
    kept = [path for path in files if "migrations" not in path.parts and "node_modules" not in path.parts]
    return {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in sorted(kept)}


@pytest.fixture(scope="session")
def trees(shipped: dict[Path, str]) -> dict[Path, ast.Module]:
    """The same files, parsed."""
    return {path: ast.parse(text) for path, text in shipped.items()}
