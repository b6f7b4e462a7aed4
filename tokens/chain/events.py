"""What happened on chain: raw logs in, frozen dataclasses out.

Each class carries the Solidity text of its event; field names match but for case. A log of a strange address or an
event that nobody reads is left out; one of ours that cannot be read raises, since a gap in the ledger is worse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from cloudtuner.errors import ChainError
from emissions.poce.hexes import normal_address, to_hex

from .abi import decode_values, topic
from .book import AddressBook


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
    """A node exists from `first_hour` on."""

    CONTRACTS = ("node_registry",)
    EVENT = "NodeRegistered(bytes32 indexed node,address indexed key,address indexed wallet,uint64 firstHour)"

    node: str
    key: str
    wallet: str
    first_hour: int


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
    """All stake behind a signer was taken: `reward` to the reporter, the rest burned."""

    CONTRACTS = ("validator_set",)
    EVENT = "Slashed(address indexed staker,address indexed signer,address indexed reporter,uint96 amount,uint96 reward)"

    staker: str
    signer: str
    reporter: str
    amount: int
    reward: int


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
    """A header was vetoed inside its window; it and every later one no longer count."""

    CONTRACTS = ("poce",)
    EVENT = "EpochRejected(uint64 indexed epoch,bytes32 indexed root)"

    epoch: int
    root: str


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
class MinterChanged(ChainLog):
    """Another contract may mint CT02; the change was announced at least seven days before."""

    CONTRACTS = ("ct02",)
    EVENT = "MinterChanged(address indexed previous,address indexed minter)"

    previous: str
    minter: str


EVENTS: tuple[type[ChainLog], ...] = (
    TokenTransfer, NodeRegistered, KeyRotated, WalletChangeRequested, WalletChanged, WalletChangeCancelled,
    FactorSetPublished, ProviderSet, ValidatorSetChanged, Staked, UnstakeRequested, StakeWithdrawn, SignerChanged, Slashed,
    EpochReported, EpochRejected, Claimed, MintingPaused, MintingResumed, EquivocationProved, Retired, MinterChanged,
)  # fmt: skip


@dataclass(frozen=True)
class _Layout:
    """An event's text taken apart: canonical signature, field names, types, and which are indexed."""

    signature: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    indexed: tuple[bool, ...]


@cache
def layout(event: str) -> _Layout:
    """The layout of an event text such as `Burned(address indexed account,uint256 amount)`."""
    name, _, rest = event.partition("(")
    parts = [part.split(" ") for part in rest.rstrip(")").split(",") if part]
    types = tuple(part[0] for part in parts)
    return _Layout(
        signature=f"{name}({','.join(types)})",
        names=tuple(re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), part[-1]).lower() for part in parts),
        types=types,
        indexed=tuple("indexed" in part for part in parts),
    )


@cache
def _by_place() -> dict[tuple[str, str], type[ChainLog]]:
    return {(contract, topic(layout(kind.EVENT).signature)): kind for kind in EVENTS for contract in kind.CONTRACTS}


def decode(logs: Iterable[Mapping[str, Any]], book: AddressBook) -> list[ChainLog]:
    """The events that we read, in the order given. Raises `chain.log_unreadable` for one of ours that is damaged."""
    names = {address.lower(): name for name, address in book.contracts.items()}
    found = []
    for log in logs:
        contract = names.get(str(log["address"]).lower())
        if contract is None or not log["topics"]:
            continue
        kind = _by_place().get((contract, log["topics"][0]))
        if kind is not None:
            found.append(_read(kind, contract, log))
    return found


def _read(kind: type[ChainLog], contract: str, log: Mapping[str, Any]) -> ChainLog:
    shape = layout(kind.EVENT)
    in_topics = [kind_ for kind_, indexed in zip(shape.types, shape.indexed, strict=True) if indexed]
    in_data = [kind_ for kind_, indexed in zip(shape.types, shape.indexed, strict=True) if not indexed]
    try:
        topics = b"".join(bytes.fromhex(text[2:]) for text in log["topics"][1:])
        if len(topics) != 32 * len(in_topics):
            raise ValueError(f"{len(log['topics']) - 1} topics")
        indexed_values = iter(decode_values(in_topics, topics))
        data_values = iter(decode_values(in_data, bytes.fromhex(log["data"][2:])))
    except Exception as error:  # the decoder raises its own families; none of them means anything but damage
        raise ChainError(
            f"the {shape.signature} log {log.get('logIndex')} of {log.get('transactionHash')} cannot be read: {error}",
            code="chain.log_unreadable",
            hint="Does the address book belong to these contracts?",
        ) from error
    values = {
        name: _plain(type_, next(indexed_values if indexed else data_values))
        for name, type_, indexed in zip(shape.names, shape.types, shape.indexed, strict=True)
    }
    return kind(
        contract=contract,
        block_number=int(log["blockNumber"], 16),
        block_hash=log["blockHash"],
        tx_hash=log["transactionHash"],
        log_index=int(log["logIndex"], 16),
        **values,
    )


def _plain(type_: str, value: Any) -> Any:
    if type_.endswith("[]"):
        return tuple(_plain(type_[:-2], item) for item in value)
    if type_ == "address":
        return normal_address(value)
    return to_hex(value) if type_ == "bytes32" else value
