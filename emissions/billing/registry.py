"""Which bill formats there are."""

from __future__ import annotations

from emissions.billing.azure import AZURE
from emissions.billing.cur import CUR
from emissions.billing.cur2 import CUR2
from emissions.billing.focus import FOCUS_AWS, FOCUS_AZURE, FOCUS_GCP, FOCUS_OCI
from emissions.billing.formats import BillFormat
from emissions.billing.gcp import GCP
from emissions.billing.oci import OCI
from emissions.billing.units import Unit, read_unit

# In the order in which they are tried.
FORMATS: tuple[BillFormat, ...] = (CUR2, CUR, FOCUS_AWS, FOCUS_AZURE, FOCUS_GCP, FOCUS_OCI, AZURE, GCP, OCI)


def unit_of(provider: str, text: str) -> Unit | None:
    """What a unit of a provider's bills measures: as a format of the provider says, else as it reads; None if neither.

    >>> unit_of("aws", "Lambda-GB-Second").dimension, unit_of("gcp", "byte-seconds").dimension
    ('second', 'gb_hour')
    """
    for bill_format in FORMATS:
        if bill_format.provider == provider and (unit := bill_format.units.get(text.lower())):
            return unit
    return read_unit(text)
