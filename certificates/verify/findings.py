"""What was found: fifteen checks and one verdict. A verdict is a value, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["pass", "fail", "unknown", "not_checked"]
Verdict = Literal["valid", "unknown", "refused"]

# Every check, in the order in which a person reads them.
TITLES: Mapping[str, str] = {
    "V1": "Identifier and its check characters",
    "V2": "File is the one in the public register",
    "V3": "Seal covers the whole file, unchanged",
    "V4": "Seal was made by the trusted issuer",
    "V5": "Embedded credential was proved by the issuer's key",
    "V6": "Claim is complete and its figures add up",
    "V7": "Claim has the hash that the credential states",
    "V8": "Claim hash is the one in the Retired event",
    "V9": "Event is proven to be in its block",
    "V10": "Block is on the chain and final",
    "V11": "Chain and contract are the trusted ones",
    "V12": "Amount, account and period are those of the event",
    "V13": "Not revoked, not superseded",
    "V14": "The only live certificate of its retirement",
    "V15": "Factor set and method are published",
}
EXIT_CODES: Mapping[Verdict, int] = {"valid": 0, "refused": 1, "unknown": 3}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its state, a stable code when it did not pass, and one sentence for people."""

    id: str
    state: State
    message: str
    code: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return TITLES[self.id]

    def to_json(self) -> dict[str, Any]:
        """The check as JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "state": self.state,
            "code": self.code,
            "message": self.message,
            "detail": dict(self.detail),
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """All checks in order, and what the certificate says of itself (to be believed only when the verdict is valid)."""

    checks: tuple[Check, ...]
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Refused if any check failed, else unknown if any could not be answered, else valid."""
        states = {check.state for check in self.checks}
        if "fail" in states:
            return "refused"
        return "unknown" if "unknown" in states else "valid"

    @property
    def deciding(self) -> Check | None:
        """The check that decided against the certificate; None when valid."""
        wanted = {"refused": "fail", "unknown": "unknown"}.get(self.verdict)
        return next((check for check in self.checks if check.state == wanted), None)

    @property
    def offline(self) -> bool:
        """Whether the block was left uncompared with the chain."""
        return any(check.id == "V10" and check.state == "not_checked" for check in self.checks)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        reason = self.deciding
        match self.verdict:
            case "valid":
                return "Valid offline: block not compared with the chain." if self.offline else "Valid."
            case "unknown":
                return f"Unknown: {reason.message if reason else ''}"
            case "refused":
                return f"Refused: {reason.message if reason else ''}"

    @property
    def exit_code(self) -> int:
        """0 valid, 1 refused, 3 unknown."""
        return EXIT_CODES[self.verdict]

    def check(self, check_id: str) -> Check:
        """The check of this number ("V7")."""
        return next(check for check in self.checks if check.id == check_id)

    def to_json(self) -> dict[str, Any]:
        """Everything, as `--json` prints it."""
        reason = self.deciding
        return {
            "version": 1,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "reason": reason.code if reason else "",
            "facts": dict(self.facts),
            "checks": [check.to_json() for check in self.checks],
        }
