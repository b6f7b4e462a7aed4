"""What can be done with tokens."""

from tokens.services.retiring import (
    retirement_approve,
    retirement_cancel,
    retirement_confirm,
    retirement_mark_certified,
    retirement_prepare,
)

__all__ = [
    "retirement_approve",
    "retirement_cancel",
    "retirement_confirm",
    "retirement_mark_certified",
    "retirement_prepare",
]
