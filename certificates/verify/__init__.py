"""Does this certificate hold? Checked from the PDF, a trust file and, if asked, one chain endpoint: no account with us."""

from __future__ import annotations

from certificates.verify.findings import Check, Findings
from certificates.verify.run import verify
from certificates.verify.trust import Trust

__all__ = ["Check", "Findings", "Trust", "verify"]
