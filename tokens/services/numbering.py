"""What the next certificate is called: its number is given with the claim, so that the claim can name it."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Max
from django.utils.module_loading import import_string

from cloudtuner import clock, locks
from tokens.network.models import RegisteredClaim


def next_certificate_number() -> tuple[int, int, str]:
    """Year, number and identifier of the next claim. Numbers have no gaps within a year; call inside the transaction that
    registers the claim.
    """
    year = clock.now().year
    locks.acquire(f"certificate-number:{year}")
    last = RegisteredClaim.objects.filter(year=year).aggregate(last=Max("number"))["last"]
    number = (last or 0) + 1
    # How they are spelled is the certificates' affair, which stand above us: a setting names the maker.
    spell = import_string(settings.CERTIFICATE_IDENTIFIER)
    return year, number, str(spell(year, number))
