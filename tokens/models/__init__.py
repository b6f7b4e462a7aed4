"""An organisation's own kilograms on chain: lots and what was retired of them."""

from tokens.models.lots import Lot, LotAllocation
from tokens.models.retirements import Retirement, RetirementState, RetirementStep

__all__ = ["Lot", "LotAllocation", "Retirement", "RetirementState", "RetirementStep"]
