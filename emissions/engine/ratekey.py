"""What the rate card needs to know of a line, and nothing else: a rate key."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from cloudtuner.errors import ProofError
from emissions.poce.lines import rate_key

# A line that lasts longer than an hour, where the factor set has a profile of the day: it takes the day's mean.
LONGER = "longer"


@dataclass(frozen=True, order=True)
class RateKey:
    """Lines with the same rate key in the same month have the same rates. Its text is `docs/protocol.md` section 3's.

    `span` is LONGER or empty, and is left out of the text where it is empty.
    """

    provider: str
    service: str
    usage_type: str
    operation: str
    unit: str
    region: str
    instance_type: str
    span: str = ""

    @property
    def text(self) -> str:
        """The JCS text."""
        return rate_key({name: value for name, value in asdict(self).items() if value or name != "span"})

    @classmethod
    def from_text(cls, text: str) -> RateKey:
        """The key of a JCS text; raises ProofError when a part is missing or too much.

        >>> key = RateKey("aws", "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "Hrs", "us-east-1", "m5.large")
        >>> RateKey.from_text(key.text) == key
        True
        """
        try:
            parts = json.loads(text)
            found = cls(**parts)
        except (TypeError, ValueError) as error:
            raise ProofError(f"not a rate key: {text[:200]}", code="lines.rate_key") from error
        if parts.get("span", LONGER) != LONGER:
            raise ProofError(f"a rate key's span is {LONGER!r} or not there: {text[:200]}", code="lines.rate_key")
        return found
