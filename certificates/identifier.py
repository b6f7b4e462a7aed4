"""What a certificate is called: CTC-YYYY-NNNNNN-CC, readable over the telephone.

YYYY is the UTC year of issue, NNNNNN counts within the year, CC is a check pair in Crockford's base 32. The pair is
the ten digits modulo 1021, the largest prime that two symbols can hold, so every single wrong digit and every swap of
two digits is noticed. The identifier is a name, not a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloudtuner.errors import ProofError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MODULUS = 1021
_SHAPE = re.compile(r"CTC-?(\d{4})-?(\d{6})-?([0-9A-HJKMNP-TV-Z]{2})")
# What people read or type for another symbol (Crockford).
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


@dataclass(frozen=True, slots=True)
class CertificateId:
    """A year and a number within it.

    >>> str(CertificateId(2026, 42))
    'CTC-2026-000042-45'
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1000 <= self.year <= 9999 and 1 <= self.number <= 999_999):
            raise ProofError(
                f"certificate {self.number} of {self.year} has no identifier",
                code="certificate_id.range",
                hint="A year holds the numbers 1 to 999999.",
            )

    @property
    def check(self) -> str:
        """The two check symbols."""
        high, low = divmod((self.year * 10**6 + self.number) % MODULUS, 32)
        return ALPHABET[high] + ALPHABET[low]

    def __str__(self) -> str:
        return f"CTC-{self.year:04d}-{self.number:06d}-{self.check}"


def parse(text: str) -> CertificateId:
    """The identifier a person typed or a file carries; case, missing hyphens, and O for 0, I or L for 1 are forgiven.

    >>> str(parse("ctc2026OOOO4245"))
    'CTC-2026-000042-45'

    Raises ProofError: `certificate_id.shape` when it is no identifier, `certificate_id.check` when the pair is wrong.
    """
    compact = "".join(text.split()).upper()
    if compact.startswith("CTC"):
        compact = "CTC" + compact[3:].translate(_READ_AS)
    match = _SHAPE.fullmatch(compact)
    if match is None:
        raise ProofError(
            f"{text[:40]!r} is not a certificate identifier",
            code="certificate_id.shape",
            hint="It reads like CTC-2026-000042-45.",
        )
    year, number, pair = match.groups()
    found = CertificateId(int(year), int(number))
    if pair != found.check:
        raise ProofError(
            f"{text[:40]!r} was mistyped: its check characters do not match its digits",
            code="certificate_id.check",
            hint="Compare it with the paper, digit by digit.",
        )
    return found
