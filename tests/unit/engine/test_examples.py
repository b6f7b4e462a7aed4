"""The examples in the docstrings of the engine say what is so."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ("band", "curves", "estimate", "ratecard", "ratekey", "terms", "usage.measure")


@pytest.mark.parametrize("module", MODULES)
def test_engine_docstring__examples__hold(module):
    result = doctest.testmod(importlib.import_module(f"emissions.engine.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
