"""The examples in docstrings say what is so: every module that shows one is run."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

HOUSE = ("accounts", "certificates", "cloudtuner", "emissions", "tokens")


def _modules() -> list[str]:
    root = Path(__file__).parents[2]
    found = [path for name in HOUSE for path in sorted((root / name).rglob("*.py")) if ">>> " in path.read_text()]
    return [".".join(path.relative_to(root).with_suffix("").parts) for path in found]


@pytest.mark.parametrize("name", _modules())
def test_docstrings__examples__hold(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
