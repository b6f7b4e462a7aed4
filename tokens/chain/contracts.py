"""What the contracts know and what can be asked of them: one typed method per call.

Reads take `block` explicitly where the answer matters for a report; calls return calldata (`Call`) and send nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from cloudtuner.errors import ChainError
from emissions.poce.eip712 import Domain
from emissions.poce.epoch import EpochHeader, Leaf
from emissions.poce.hexes import bytes32, from_hex, normal_address, to_hex
from emissions.poce.node_id import RegisterNode
from emissions.poce.retire import Retire
from emissions.poce.score import RewardTerms, Schedule

from .abi import decode_values, encode_call
from .book import AddressBook
from .client import BlockId, Call, RpcClient

HEADER = "(uint64,bytes32,uint64,uint128,uint128,uint256,uint32,bytes32,bytes32,uint32)"
LEAF = "(bytes32,address,uint64,uint128,uint256,uint8,bytes32)"


class EpochStatus(IntEnum):
    """Where an epoch stands on chain."""

    NONE = 0
    REPORTED = 1
    FINAL = 2


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A registered node. `changes` counts its signed key and wallet changes; the next one signs this number."""

    key: str
    wallet: str
    first_hour: int
    changes: int


@dataclass(frozen=True, slots=True)
class Validator:
    """An active validator: the key that signs and the stake behind it, base units."""

    signer: str
    stake: int


@dataclass(frozen=True, slots=True)
class ValidatorSnapshot:
    """One version of the validator set."""

    set_id: int
    total_stake: int
    validators: tuple[Validator, ...]

    def has_quorum(self, signers: Sequence[str]) -> bool:
        """Whether these signers post an epoch: more than two thirds of stake and at least half of the validators."""
        agreed = {signer.lower() for signer in signers}
        stakes = [validator.stake for validator in self.validators if validator.signer.lower() in agreed]
        return sum(stakes) * 3 > self.total_stake * 2 and len(stakes) * 2 >= len(self.validators)


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """What PoCE keeps of an epoch. `reported_at` is chain time."""

    root: str
    through_hour: int
    ceiling_ug: int
    reported_at: int
    status: EpochStatus


@dataclass(frozen=True, slots=True)
class NodeClaims:
    """What was paid for a node so far: micrograms, and TUNER in base units."""

    ug: int
    tuner: int


@dataclass(frozen=True, slots=True)
class RetirementRecord:
    """What a certificate token stands for. `retired_at` is chain time."""

    amount_ug: int
    period_from: int
    period_through: int
    retired_at: int
    claim_hash: str
    beneficiary: str


class Contracts:
    """The contracts of one address book, read through one client."""

    def __init__(self, client: RpcClient, book: AddressBook) -> None:
        self.client = client
        self.book = book

    # --- EIP-712 domains ---

    @property
    def registry_domain(self) -> Domain:
        return Domain(self.book.chain_id, self.book.node_registry)

    @property
    def poce_domain(self) -> Domain:
        return Domain(self.book.chain_id, self.book.poce)

    @property
    def retirement_domain(self) -> Domain:
        return Domain(self.book.chain_id, self.book.retirement)

    # --- CT02 and TUNER ---

    def ct02_balance(self, account: str, *, block: BlockId = "latest") -> int:
        return self._number(self.book.ct02, "balanceOf(address)", account, block=block)

    def ct02_supply(self, *, block: BlockId = "latest") -> int:
        return self._number(self.book.ct02, "totalSupply()", block=block)

    def is_minter(self, account: str, *, block: BlockId = "latest") -> bool:
        return bool(self.read(self.book.ct02, "isMinter(address)", ("bool",), account, block=block)[0])

    def tuner_balance(self, account: str, *, block: BlockId = "latest") -> int:
        return self._number(self.book.tuner, "balanceOf(address)", account, block=block)

    def tuner_supply(self, *, block: BlockId = "latest") -> int:
        return self._number(self.book.tuner, "totalSupply()", block=block)

    def ct02_transfer(self, receiver: str, amount: int) -> Call:
        return call_to(self.book.ct02, "transfer(address,uint256)", receiver, amount)

    def tuner_transfer(self, receiver: str, amount: int) -> Call:
        return call_to(self.book.tuner, "transfer(address,uint256)", receiver, amount)

    def tuner_approve(self, spender: str, amount: int) -> Call:
        return call_to(self.book.tuner, "approve(address,uint256)", spender, amount)

    # --- NodeRegistry ---

    def registrar(self, *, block: BlockId = "latest") -> str:
        return self._address(self.book.node_registry, "registrar()", block=block)

    def node(self, node: str, *, block: BlockId = "latest") -> NodeRecord | None:
        """The node's binding, or None when it was never registered."""
        key, wallet, first_hour, changes = self.read(
            self.book.node_registry, "nodeOf(bytes32)", ("address", "address", "uint64", "uint32"), bytes32(node), block=block
        )
        if int(key, 16) == 0:
            return None
        return NodeRecord(normal_address(key), normal_address(wallet), first_hour, changes)

    def factor_set_at(self, hour: int, *, block: BlockId = "latest") -> str:
        """The factor set that answers for an hour."""
        return to_hex(self.read(self.book.node_registry, "factorSetAt(uint64)", ("bytes32",), hour, block=block)[0])

    def reward_terms(self, through_hour: int, *, block: BlockId = "latest") -> Schedule:
        """The terms of rewards for every hour up to one, oldest first. What counts for past hours never changes."""
        found: list[RewardTerms] = []
        hour = through_hour
        while hour >= 0:
            types = ("uint64", "uint64", "uint32", "uint32")
            found.insert(0, RewardTerms(*self.read(self.book.node_registry, "rewardTermsAt(uint64)", types, hour, block=block)))
            hour = found[0].from_hour - 1
        return tuple(found)

    def provider_allowed(self, provider: str, *, block: BlockId = "latest") -> bool:
        return bool(self.read(self.book.node_registry, "providerAllowed(string)", ("bool",), provider, block=block)[0])

    def register_node(self, request: RegisterNode, signature: bytes) -> Call:
        """Registers a node; the signature is the registrar's, anyone may send it."""
        return call_to(
            self.book.node_registry,
            "registerNode(bytes32,bytes32,address,address,uint64,bytes)",
            bytes32(request.node), bytes32(request.provider), request.key, request.wallet, request.first_hour, signature,
        )  # fmt: skip

    def publish_factor_set(self, factor_set: str, from_hour: int, uri: str) -> Call:
        """By the owner: a set that answers from a future hour on."""
        return call_to(self.book.node_registry, "publishFactorSet(bytes32,uint64,string)", bytes32(factor_set), from_hour, uri)

    def set_provider(self, provider: str, *, allowed: bool) -> Call:
        return call_to(self.book.node_registry, "setProvider(string,bool)", provider, allowed)

    # --- ValidatorSet ---

    def set_id(self, *, block: BlockId = "latest") -> int:
        return self._number(self.book.validator_set, "setId()", block=block)

    def validators(self, set_id: int | None = None, *, block: BlockId = "latest") -> ValidatorSnapshot:
        """A version of the set (the current one by default), signers ascending."""
        if set_id is None:
            set_id = self.set_id(block=block)
        signers, stakes, total = self.read(
            self.book.validator_set, "membersOf(uint32)", ("address[]", "uint96[]", "uint96"), set_id, block=block
        )
        pairs = tuple(Validator(normal_address(signer), stake) for signer, stake in zip(signers, stakes, strict=True))
        return ValidatorSnapshot(set_id, total, pairs)

    def is_active_validator(self, signer: str, *, block: BlockId = "latest") -> bool:
        return bool(self.read(self.book.validator_set, "isActive(address)", ("bool",), signer, block=block)[0])

    def stake_behind(self, signer: str, *, block: BlockId = "latest") -> int:
        """TUNER that equivocation by this signer would cost now, pending withdrawals included."""
        return self._number(self.book.validator_set, "slashableStake(address)", signer, block=block)

    def stake(self, staker: str, amount: int, signer: str) -> Call:
        return call_to(self.book.validator_set, "stake(address,uint96,address)", staker, amount, signer)

    def request_unstake(self, amount: int) -> Call:
        return call_to(self.book.validator_set, "requestUnstake(uint96)", amount)

    def withdraw_stake(self) -> Call:
        return call_to(self.book.validator_set, "withdraw()")

    # --- PoCE ---

    def head_epoch(self, *, block: BlockId = "latest") -> int:
        """The highest reported epoch, final or not; 0 before the first."""
        return self._number(self.book.poce, "headEpoch()", block=block)

    def epoch(self, epoch: int, *, block: BlockId = "latest") -> EpochRecord | None:
        """What is kept of an epoch, or None when it was not reported or was vetoed."""
        root, through_hour, ceiling_ug, reported_at, status = self.read(
            self.book.poce, "epochOf(uint64)", ("bytes32", "uint64", "uint128", "uint64", "uint8"), epoch, block=block
        )
        if status == EpochStatus.NONE:
            return None
        return EpochRecord(to_hex(root), through_hour, ceiling_ug, reported_at, EpochStatus(status))

    def claimed(self, node: str, *, block: BlockId = "latest") -> NodeClaims:
        ug, tuner = self.read(self.book.poce, "claimedOf(bytes32)", ("uint128", "uint128"), bytes32(node), block=block)
        return NodeClaims(ug, tuner)

    def minted_ug(self, *, block: BlockId = "latest") -> int:
        return self._number(self.book.poce, "mintedUg()", block=block)

    def window_s(self, *, block: BlockId = "latest") -> int:
        return self._number(self.book.poce, "window()", block=block)

    def minting_paused_until(self, *, block: BlockId = "latest") -> int:
        """Chain time until which claims wait; in the past or 0 when they do not."""
        return self._number(self.book.poce, "pausedUntil()", block=block)

    def report(self, header: EpochHeader, votes: Sequence[tuple[str, bytes]]) -> Call:
        """Posts a header with its votes `(signer, signature)`, which are put into the order the contract wants."""
        ordered = sorted(votes, key=lambda vote: int(vote[0], 16))
        return call_to(
            self.book.poce, f"report({HEADER},bytes)", header_values(header), b"".join(signature for _, signature in ordered)
        )

    def claim(self, epoch: int, leaf: Leaf, proof: Sequence[str]) -> Call:
        return call_to(
            self.book.poce, f"claim(uint64,{LEAF},bytes32[])", epoch, leaf_values(leaf), [bytes32(item) for item in proof]
        )

    def claim_many(self, epoch: int, leaves: Sequence[Leaf], proofs: Sequence[Sequence[str]]) -> Call:
        """Pays every leaf that has something to pay; the others are skipped."""
        return call_to(
            self.book.poce,
            f"claimMany(uint64,{LEAF}[],bytes32[][])",
            epoch,
            [leaf_values(leaf) for leaf in leaves],
            [[bytes32(item) for item in proof] for proof in proofs],
        )

    def slash_equivocation(self, header_a: EpochHeader, signature_a: bytes, header_b: EpochHeader, signature_b: bytes) -> Call:
        """Takes the stake of a validator that signed two headers of one epoch and set; the sender gets a tenth."""
        return call_to(
            self.book.poce,
            f"slashEquivocation({HEADER},bytes,{HEADER},bytes)",
            header_values(header_a), signature_a, header_values(header_b), signature_b,
        )  # fmt: skip

    def veto(self, epoch: int) -> Call:
        return call_to(self.book.poce, "veto(uint64)", epoch)

    def pause_minting(self, seconds: int) -> Call:
        return call_to(self.book.poce, "pauseMinting(uint64)", seconds)

    def resume_minting(self) -> Call:
        return call_to(self.book.poce, "resumeMinting()")

    # --- Retirement ---

    def retirement(self, retirement_id: int, *, block: BlockId = "latest") -> RetirementRecord:
        """The record behind a certificate token; raises `chain.revert.erc721_nonexistent_token` for a strange id."""
        values = self.read(
            self.book.retirement,
            "recordOf(uint256)",
            ("uint128", "uint64", "uint64", "uint64", "bytes32", "address"),
            retirement_id,
            block=block,
        )
        amount_ug, period_from, period_through, retired_at, claim_hash, beneficiary = values
        return RetirementRecord(
            amount_ug, period_from, period_through, retired_at, to_hex(claim_hash), normal_address(beneficiary)
        )

    def retirement_count(self, *, block: BlockId = "latest") -> int:
        return self._number(self.book.retirement, "retirementCount()", block=block)

    def retired_ug(self, *, block: BlockId = "latest") -> int:
        """Micrograms retired by everybody."""
        return self._number(self.book.retirement, "retiredUg()", block=block)

    def nonce_used(self, account: str, nonce: int, *, block: BlockId = "latest") -> bool:
        """Whether a Retire nonce was used. Nonces have no order: any unused number will do, also a random one."""
        return bool(self.read(self.book.retirement, "nonceUsed(address,uint256)", ("bool",), account, nonce, block=block)[0])

    def retire(self, amount_ug: int, beneficiary: str, period_from: int, period_through: int, claim_hash: str) -> Call:
        """By the holder itself."""
        return call_to(
            self.book.retirement,
            "retire(uint128,address,uint64,uint64,bytes32)",
            amount_ug, beneficiary, period_from, period_through, bytes32(claim_hash),
        )  # fmt: skip

    def retire_without_certificate(
        self, amount_ug: int, beneficiary: str, period_from: int, period_through: int, claim_hash: str
    ) -> Call:
        """By the holder itself; only an event stays. The claim hash may be zero."""
        return call_to(
            self.book.retirement,
            "retireWithoutCertificate(uint128,address,uint64,uint64,bytes32)",
            amount_ug, beneficiary, period_from, period_through, bytes32(claim_hash),
        )  # fmt: skip

    def retire_by_sig(self, request: Retire, signature: bytes) -> Call:
        """By anybody, with the holder's signature over every field."""
        return call_to(
            self.book.retirement,
            "retireBySig((address,uint128,address,uint64,uint64,bytes32,uint256,uint256),bytes)",
            (
                request.account, request.amount_ug, request.beneficiary, request.period_from, request.period_through,
                bytes32(request.claim_hash), request.nonce, request.deadline,
            ),
            signature,
        )  # fmt: skip

    # --- how ---

    def check_chain(self) -> None:
        """Raises `chain.wrong_chain` unless the endpoint serves the chain of the address book."""
        found = self.client.chain_id()
        if found != self.book.chain_id:
            raise ChainError(
                f"the endpoint serves chain {found}, the address book is of chain {self.book.chain_id}.",
                code="chain.wrong_chain",
                where=self.client.place,
                hint="Set RPC_URL or CLOUDTUNER_ADDRESS_BOOK so that both mean one chain.",
            )
        genesis = self.client.genesis_hash()
        if genesis != self.book.genesis_hash:
            raise ChainError(
                f"the chain's first block is {genesis}, the address book was made on {self.book.genesis_hash}.",
                code="chain.wrong_chain",
                where=self.client.place,
                hint="This is another chain with the same number: deploy anew, or start the old one again.",
            )

    def read(self, to: str, signature: str, types: Sequence[str], *values: Any, block: BlockId) -> tuple[Any, ...]:
        """What a view answers, decoded as `types`."""
        data = self.client.call(call_to(to, signature, *values), block=block)
        if not data:
            raise ChainError(
                f"{signature} gave nothing: there is no contract at {to}.", code="chain.no_contract", where=self.client.place
            )
        return decode_values(types, data)

    def _number(self, to: str, signature: str, *values: Any, block: BlockId) -> int:
        return int(self.read(to, signature, ("uint256",), *values, block=block)[0])

    def _address(self, to: str, signature: str, *values: Any, block: BlockId) -> str:
        return normal_address(self.read(to, signature, ("address",), *values, block=block)[0])


def call_to(to: str, signature: str, *values: Any) -> Call:
    """A call of a function by its text; sends nothing."""
    return Call(to, encode_call(signature, values))


def header_values(header: EpochHeader) -> tuple[Any, ...]:
    """The header as the contract's struct wants it."""
    return struct_values(header.values())


def leaf_values(leaf: Leaf) -> tuple[Any, ...]:
    """The leaf as the contract's struct wants it."""
    return struct_values(leaf.values())


def struct_values(values: Sequence[Any]) -> tuple[Any, ...]:
    """A struct's values as calls want them: hashes as bytes."""
    return tuple(from_hex(item) if isinstance(item, str) and len(item) == 66 else item for item in values)
