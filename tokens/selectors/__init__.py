"""What the pages, the API and the certificates read of tokens."""

from tokens.network.selectors import chain_status, epoch, epochs, validators, waiting_for_blocks
from tokens.selectors.figures import (
    AllocationRow,
    ClaimRow,
    KilogramStates,
    LotRow,
    Period,
    Retirable,
    RetirementDetail,
    RetirementRow,
    StepRow,
    TieOut,
)
from tokens.selectors.history import history
from tokens.selectors.kilograms import kilogram_states, tie_out
from tokens.selectors.lots import claims, lots
from tokens.selectors.retirements import (
    approval_needed,
    retirable,
    retirement,
    retirements,
    retirements_awaiting_approval,
    retirements_certified_but_reorged,
    retirements_final_without_certificate,
    retirements_of_hour,
)

__all__ = [
    "AllocationRow",
    "ClaimRow",
    "KilogramStates",
    "LotRow",
    "Period",
    "Retirable",
    "RetirementDetail",
    "RetirementRow",
    "StepRow",
    "TieOut",
    "approval_needed",
    "chain_status",
    "claims",
    "epoch",
    "epochs",
    "history",
    "kilogram_states",
    "lots",
    "retirable",
    "retirement",
    "retirements",
    "retirements_awaiting_approval",
    "retirements_certified_but_reorged",
    "retirements_final_without_certificate",
    "retirements_of_hour",
    "tie_out",
    "validators",
    "waiting_for_blocks",
]
