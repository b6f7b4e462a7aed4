"""How one look at the network ended."""

from __future__ import annotations

from enum import StrEnum


class Result(StrEnum):
    """How a cycle ended; the label of the counter."""

    IDLE = "idle"  # nothing is pending for the present set
    INACTIVE = "inactive"  # this signer is not in the validator set
    REFUSED = "refused"  # what is pending is not true
    CONFLICT = "conflict"  # another header of the same number and set was signed before
    WAITING = "waiting"  # voted; no quorum yet, or it is another's turn
    POSTED = "posted"
    UNREACHABLE = "unreachable"  # host or chain gave no answer
    FAILED = "failed"
