"""What the rate card needs to know of a line, and nothing else: a rate key."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from cloudtuner.errors import ProofError
from emissions.poce.lines import rate_key


@dataclass(frozen=True, order=True)
class RateKey:
    """Lines with the same rate key in the same month have the same rates. Its text is `docs/protocol.md` section 3's."""

    provider: str
    service: str
    usage_type: str
    operation: str
    unit: str
    region: str
    instance_type: str

    @property
    def text(self) -> str:
        """The JCS text."""
        return rate_key(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> RateKey:
        """The key of a JCS text; raises ProofError when a part is missing or too much.

        >>> key = RateKey("aws", "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "Hrs", "us-east-1", "m5.large")
        >>> RateKey.from_text(key.text) == key
        True
        """
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise ProofError(f"not a rate key: {text[:200]}", code="lines.rate_key") from error
