"""What happens on chain with airdrop rounds: the events of CarbonAirdrop, as `tokens.chain.events` has those of the others."""

from __future__ import annotations

from dataclasses import dataclass

from .events import ChainLog


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPosted(ChainLog):
    """A quorum's airdrop round was posted; it can be claimed from `open_at` until `deadline` (chain time) unless vetoed."""

    CONTRACTS = ("airdrop",)
    EVENT = (
        "RoundPosted(uint32 indexed round,bytes32 indexed root,uint128 totalUg,uint32 leafCount,bytes32 dataHash,"
        "bytes32 factorSet,uint32 setId,address[] signers,uint64 openAt,uint64 deadline)"
    )

    round: int
    root: str
    total_ug: int
    leaf_count: int
    data_hash: str
    factor_set: str
    set_id: int
    signers: tuple[str, ...]
    open_at: int
    deadline: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundVetoed(ChainLog):
    """A round was taken back before it opened; its votes never count again."""

    CONTRACTS = ("airdrop",)
    EVENT = "RoundVetoed(uint32 indexed round,bytes32 indexed root)"

    round: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AirdropPaid(ChainLog):
    """A node's hours before its first hour were minted to a wallet."""

    CONTRACTS = ("airdrop",)
    EVENT = (
        "AirdropPaid(uint32 indexed round,bytes32 indexed node,address indexed wallet,uint64 hourFrom,uint64 hourThrough,"
        "uint128 ug)"
    )

    round: int
    node: str
    wallet: str
    hour_from: int
    hour_through: int
    ug: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundSwept(ChainLog):
    """What nobody claimed of a round until its deadline was minted to the owner of the rules."""

    CONTRACTS = ("airdrop",)
    EVENT = "RoundSwept(uint32 indexed round,address indexed receiver,uint256 ug)"

    round: int
    receiver: str
    ug: int


AIRDROP_EVENTS: tuple[type[ChainLog], ...] = (RoundPosted, RoundVetoed, AirdropPaid, RoundSwept)
