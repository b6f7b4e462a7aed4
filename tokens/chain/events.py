"""What happens on chain: one frozen dataclass an event, made from logs by `tokens.chain.decoding`.

Each class carries the Solidity text of its event; field names match but for case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLog:
    """Where an event stands. `log_index` counts within the block, as eth_getLogs gives it."""

    CONTRACTS: ClassVar[tuple[str, ...]] = ()
    EVENT: ClassVar[str] = ""

    contract: str
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTransfer(ChainLog):
    """CT02 or TUNER moved; `contract` says which. Minted from and burned to the zero address."""

    CONTRACTS = ("ct02", "tuner")
    EVENT = "Transfer(address indexed sender,address indexed receiver,uint256 amount)"

    sender: str
    receiver: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRegistered(ChainLog):
    """A node exists from `first_hour` on. `provider` is the keccak of the provider's name."""

    CONTRACTS = ("node_registry",)
    EVENT = "NodeRegistered(bytes32 indexed node,address indexed key,address indexed wallet,uint64 firstHour,bytes32 provider)"

    node: str
    key: str
    wallet: str
    first_hour: int
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotated(ChainLog):
    """Reports of the node are signed by another key from now on."""

    CONTRACTS = ("node_registry",)
    EVENT = "KeyRotated(bytes32 indexed node,address indexed key)"

    node: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletChangeRequested(ChainLog):
    """Another wallet was asked for; it counts at `effective_at` (chain time) unless cancelled."""

    CONTRACTS = ("node_registry",)
    EVENT = "WalletChangeRequested(bytes32 indexed node,address indexed wallet,uint64 effectiveAt)"

    node: str
    wallet: str
    effective_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletChanged(ChainLog):
    """Later leaves of the node pay another wallet."""

    CONTRACTS = ("node_registry",)
    EVENT = "WalletChanged(bytes32 indexed node,address indexed wallet)"

    node: str
    wallet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletChangeCancelled(ChainLog):
    """The requested wallet will not count."""

    CONTRACTS = ("node_registry",)
    EVENT = "WalletChangeCancelled(bytes32 indexed node,address indexed wallet)"

    node: str
    wallet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSetPublished(ChainLog):
    """A factor set answers for the hours from `from_hour` on."""

    CONTRACTS = ("node_registry",)
    EVENT = "FactorSetPublished(bytes32 indexed factorSet,uint64 fromHour,string uri)"

    factor_set: str
    from_hour: int
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSet(ChainLog):
    """A cloud provider was allowed or no longer is."""

    CONTRACTS = ("node_registry",)
    EVENT = "ProviderSet(string provider,bool allowed)"

    provider: str
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorSetChanged(ChainLog):
    """A new version of the active set."""

    CONTRACTS = ("validator_set",)
    EVENT = "ValidatorSetChanged(uint32 indexed setId,uint96 totalStake,uint16 count)"

    set_id: int
    total_stake: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Staked(ChainLog):
    """TUNER was put at stake; `stake` is the validator's sum after it."""

    CONTRACTS = ("validator_set",)
    EVENT = "Staked(address indexed staker,address indexed signer,uint96 amount,uint96 stake)"

    staker: str
    signer: str
    amount: int
    stake: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnstakeRequested(ChainLog):
    """Stake stopped counting; it can be withdrawn at `available_at` (chain time) and is slashable until then."""

    CONTRACTS = ("validator_set",)
    EVENT = "UnstakeRequested(address indexed staker,uint96 amount,uint64 availableAt)"

    staker: str
    amount: int
    available_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StakeWithdrawn(ChainLog):
    """Released stake went back to the staker."""

    CONTRACTS = ("validator_set",)
    EVENT = "StakeWithdrawn(address indexed staker,uint96 amount)"

    staker: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerChanged(ChainLog):
    """A validator signs with another key from this set version on."""

    CONTRACTS = ("validator_set",)
    EVENT = "SignerChanged(address indexed staker,address indexed signer)"

    staker: str
    signer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slashed(ChainLog):
    """Stake behind a signer was taken, all or a fifth: `reward` to the reporter, the rest burned."""

    CONTRACTS = ("validator_set",)
    EVENT = "Slashed(address indexed staker,address indexed signer,address indexed reporter,uint96 amount,uint96 reward)"

    staker: str
    signer: str
    reporter: str
    amount: int
    reward: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeesCredited(ChainLog):
    """Fees wait for a validator, beside what did before."""

    CONTRACTS = ("validator_set",)
    EVENT = "FeesCredited(address indexed staker,uint96 amount)"

    staker: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeesClaimed(ChainLog):
    """A validator got its fees."""

    CONTRACTS = ("validator_set",)
    EVENT = "FeesClaimed(address indexed staker,uint256 amount)"

    staker: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReported(ChainLog):
    """A quorum's header was posted; it is final one window later unless vetoed."""

    CONTRACTS = ("poce",)
    EVENT = (
        "EpochReported(uint64 indexed epoch,bytes32 indexed root,uint64 throughHour,uint128 totalUg,uint128 ceilingUg,"
        "uint256 totalTuner,uint32 leafCount,bytes32 dataHash,bytes32 factorSet,uint32 setId,address[] signers)"
    )

    epoch: int
    root: str
    through_hour: int
    total_ug: int
    ceiling_ug: int
    total_tuner: int
    leaf_count: int
    data_hash: str
    factor_set: str
    set_id: int
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRejected(ChainLog):
    """A header was rejected inside its window; it and every later one no longer count. `reason` is Reason's number."""

    CONTRACTS = ("poce",)
    EVENT = "EpochRejected(uint64 indexed epoch,bytes32 indexed root,uint8 reason)"

    epoch: int
    root: str
    reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochChallenged(ChainLog):
    """Somebody proved an epoch wrong by what it says of a node; its signers lost `slashed` TUNER."""

    CONTRACTS = ("poce",)
    EVENT = "EpochChallenged(uint64 indexed epoch,bytes32 indexed node,address indexed challenger,uint8 reason,uint96 slashed)"

    epoch: int
    node: str
    challenger: str
    reason: int
    slashed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHeld(ChainLog):
    """Claims of a node wait until `until` (chain time)."""

    CONTRACTS = ("poce",)
    EVENT = "NodeHeld(bytes32 indexed node,uint64 until,bytes32 reason)"

    node: str
    until: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReleased(ChainLog):
    """Claims of a node pay again."""

    CONTRACTS = ("poce",)
    EVENT = "NodeReleased(bytes32 indexed node)"

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeesSettled(ChainLog):
    """An epoch's fee was shared among its signers; `refund` went to who posted it."""

    CONTRACTS = ("poce",)
    EVENT = "FeesSettled(uint64 indexed epoch,address indexed submitter,uint96 fee,uint96 refund)"

    epoch: int
    submitter: str
    fee: int
    refund: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(ChainLog):
    """A node's verified micrograms were paid: `ug` now, `cum_ug` in all; TUNER in base units."""

    CONTRACTS = ("poce",)
    EVENT = (
        "Claimed(uint64 indexed epoch,bytes32 indexed node,address indexed wallet,uint128 ug,uint256 tuner,"
        "uint128 cumUg,uint256 cumTuner,uint64 throughHour)"
    )

    epoch: int
    node: str
    wallet: str
    ug: int
    tuner: int
    cum_ug: int
    cum_tuner: int
    through_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MintingPaused(ChainLog):
    """Claims wait until `until` (chain time) or until resumed."""

    CONTRACTS = ("poce",)
    EVENT = "MintingPaused(uint64 until)"

    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MintingResumed(ChainLog):
    """Claims pay again."""

    CONTRACTS = ("poce",)
    EVENT = "MintingResumed()"


@dataclass(frozen=True, slots=True, kw_only=True)
class EquivocationProved(ChainLog):
    """A validator signed two headers for one epoch and set."""

    CONTRACTS = ("poce",)
    EVENT = "EquivocationProved(uint64 indexed epoch,address indexed signer,bytes32 digestA,bytes32 digestB)"

    epoch: int
    signer: str
    digest_a: str
    digest_b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired(ChainLog):
    """CT02 was retired for good and a certificate token given to the beneficiary."""

    CONTRACTS = ("retirement",)
    EVENT = (
        "Retired(uint256 indexed id,address indexed account,address indexed beneficiary,uint256 amountUg,"
        "uint64 periodFrom,uint64 periodThrough,bytes32 claimHash)"
    )

    id: int
    account: str
    beneficiary: str
    amount_ug: int
    period_from: int
    period_through: int
    claim_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredWithoutCertificate(ChainLog):
    """CT02 was retired for good without a certificate token."""

    CONTRACTS = ("retirement",)
    EVENT = (
        "RetiredWithoutCertificate(address indexed account,address indexed beneficiary,uint256 amountUg,"
        "uint64 periodFrom,uint64 periodThrough,bytes32 claimHash)"
    )

    account: str
    beneficiary: str
    amount_ug: int
    period_from: int
    period_through: int
    claim_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MinterChanged(ChainLog):
    """Another contract may mint CT02 in place of `previous` (the zero address: beside the others); it was announced at
    least seven days before, unless at deployment.
    """

    CONTRACTS = ("ct02",)
    EVENT = "MinterChanged(address indexed previous,address indexed minter)"

    previous: str
    minter: str


EVENTS: tuple[type[ChainLog], ...] = (
    TokenTransfer, NodeRegistered, KeyRotated, WalletChangeRequested, WalletChanged, WalletChangeCancelled,
    FactorSetPublished, ProviderSet, ValidatorSetChanged, Staked, UnstakeRequested, StakeWithdrawn, SignerChanged, Slashed,
    FeesCredited, FeesClaimed, EpochReported, EpochRejected, EpochChallenged, Claimed, NodeHeld, NodeReleased, FeesSettled,
    MintingPaused, MintingResumed, EquivocationProved, Retired, RetiredWithoutCertificate, MinterChanged,
)  # fmt: skip
