"""The one signature that retires: every field of it, for one chain and one Retirement contract."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from .eip712 import Domain, digest

STRUCT = (
    "Retire(address account,uint128 amountUg,address beneficiary,uint64 periodFrom,uint64 periodThrough,bytes32 claimHash,"
    "uint256 nonce,uint256 deadline)"
)


@dataclass(frozen=True)
class Retire:
    """What the holder signs; `deadline` is unix seconds of chain time, `nonce` the account's on Retirement."""

    account: str
    amount_ug: int
    beneficiary: str
    period_from: int
    period_through: int
    claim_hash: str
    nonce: int
    deadline: int

    def digest(self, domain: Domain) -> bytes:
        """The bytes to sign; the domain's contract is Retirement."""
        return digest(domain, STRUCT, astuple(self))
