"""What can go wrong with an object store."""

from __future__ import annotations

from cloudtuner.errors import CloudTunerError


class SourceError(CloudTunerError):
    """The store refused, or has not what was asked for."""

    code = "source.refused"


class SourceUnreachable(SourceError):
    """No answer, or a broken one; the same call may succeed later."""

    code = "source.unreachable"
    retryable = True
