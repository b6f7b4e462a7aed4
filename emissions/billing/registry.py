"""Which bill formats there are."""

from __future__ import annotations

from emissions.billing.cur2 import CUR2
from emissions.billing.formats import BillFormat, Unit

FORMATS: tuple[BillFormat, ...] = (CUR2,)


def unit_of(provider: str, text: str) -> Unit | None:
    """What a unit of a provider's bills measures; None when no format of that provider knows it."""
    for bill_format in FORMATS:
        if bill_format.provider == provider and text.lower() in bill_format.units:
            return bill_format.units[text.lower()]
    return None
