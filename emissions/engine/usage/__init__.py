"""What a usage type stands for: which model, how many joules and copies per billed unit, and in which region."""

from __future__ import annotations

from emissions.engine.usage.read import use_of
from emissions.engine.usage.regions import region_of
from emissions.engine.usage.use import CATEGORIES, NotModelled, Refused, Use

__all__ = ["CATEGORIES", "NotModelled", "Refused", "Use", "region_of", "use_of"]
