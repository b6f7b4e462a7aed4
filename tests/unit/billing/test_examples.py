"""The examples in the docstrings of the readers say what is so."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ("places", "registry", "units")


@pytest.mark.parametrize("module", MODULES)
def test_billing_docstring__examples__hold(module):
    result = doctest.testmod(importlib.import_module(f"emissions.billing.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
