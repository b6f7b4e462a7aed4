"""What can go wrong, as a family with stable codes.

The code is for machines and never changes; the text is for people and may be translated; `retryable` says
whether the same call can succeed later. Every error says what is wrong, where, and what to do.
"""

from __future__ import annotations


class CloudTunerError(Exception):
    """The root of the family. `code` is stable ("report.signature_mismatch")."""

    code = "error"
    retryable = False

    def __init__(self, message: str, *, code: str | None = None, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """One line: where, what, and what to do."""
        parts = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.hint:
            parts.append(self.hint)
        return " ".join(parts)


class ConfigurationError(CloudTunerError):
    """The environment or a settings file is missing something or contradicts itself."""

    code = "configuration"


class BillError(CloudTunerError):
    """A bill cannot be read: nothing of it is used."""

    code = "bill.unreadable"


class FactorError(CloudTunerError):
    """A factor set is missing, damaged, or does not answer for the hours asked."""

    code = "factors.missing"


class ProofError(CloudTunerError):
    """A signature, a tree, a receipt or a report does not hold."""

    code = "proof.invalid"


class ChainError(CloudTunerError):
    """The chain refused, or could not be reached (then `retryable`)."""

    code = "chain.refused"


class ChainUnreachable(ChainError):
    """No answer from the RPC endpoint; the same call may succeed later."""

    code = "chain.unreachable"
    retryable = True


class ServiceError(CloudTunerError):
    """A use case refused for a reason of the business; shown to the person as it is."""

    code = "service.refused"


class PermissionRefused(ServiceError):
    """The member's role does not allow this."""

    code = "permission.refused"
