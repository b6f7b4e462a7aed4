"""What a validator found: a value with codes, not an exception."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emissions.poce.eip712 import SignedStruct


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold. `code` is stable; `where` names the node or report."""

    code: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.code}]"


@dataclass(frozen=True)
class Verdict:
    """Whether this validator stands behind a header: only when it found nothing wrong."""

    header: SignedStruct
    faults: tuple[Fault, ...]

    @property
    def agrees(self) -> bool:
        return not self.faults

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(fault.code for fault in self.faults)


def faults_of(told: Iterable[tuple[bool, str, str]], *, where: str) -> list[Fault]:
    """The faults among (holds, code, message)."""
    return [Fault(code, where, message) for holds, code, message in told if not holds]
