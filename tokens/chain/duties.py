"""What a watcher, a guardian, a validator or the owner asks of the contracts: one function per call, as in `contracts`."""

from __future__ import annotations

from collections.abc import Sequence

from emissions.poce.epoch import Leaf
from emissions.poce.hexes import bytes32, normal_address

from .client import BlockId, Call
from .contracts import LEAF, Contracts, call_to, leaf_values

Proof = Sequence[str]


# --- inside the window, by anybody ---


def challenge_duplicate(chain: Contracts, epoch: int, leaf: Leaf, proof: Proof, other: Leaf, other_proof: Proof) -> Call:
    """Two leaves of one node: the epoch and later ones go, its signers lose a fifth, the sender gets a tenth of it."""
    return call_to(
        chain.book.poce,
        f"challengeDuplicate(uint64,{LEAF},bytes32[],{LEAF},bytes32[])",
        epoch, leaf_values(leaf), _proof(proof), leaf_values(other), _proof(other_proof),
    )  # fmt: skip


def challenge_regression(
    chain: Contracts, epoch: int, leaf: Leaf, proof: Proof, earlier: int, earlier_leaf: Leaf, earlier_proof: Proof
) -> Call:
    """A node's last hour below that of an earlier epoch that stands."""
    return call_to(
        chain.book.poce,
        f"challengeRegression(uint64,{LEAF},bytes32[],uint64,{LEAF},bytes32[])",
        epoch, leaf_values(leaf), _proof(proof), earlier, leaf_values(earlier_leaf), _proof(earlier_proof),
    )  # fmt: skip


def challenge_over_cap(chain: Contracts, epoch: int, leaf: Leaf, proof: Proof) -> Call:
    """More than a node's hours allow since its first, or a node that is not registered."""
    return call_to(chain.book.poce, f"challengeOverCap(uint64,{LEAF},bytes32[])", epoch, leaf_values(leaf), _proof(proof))


def challenge_wallet(chain: Contracts, epoch: int, leaf: Leaf, proof: Proof) -> Call:
    """A wallet that was not the node's."""
    return call_to(chain.book.poce, f"challengeWallet(uint64,{LEAF},bytes32[])", epoch, leaf_values(leaf), _proof(proof))


def node_ceiling_ug(chain: Contracts, node: str, through_hour: int, time: int, *, block: BlockId = "latest") -> int:
    """The most a node may have been attested with through an hour, by the cap that held at a chain time."""
    signature = "nodeCeilingUg(bytes32,uint64,uint64)"
    return int(chain.read(chain.book.node_registry, signature, ("uint256",), bytes32(node), through_hour, time, block=block)[0])


# --- by the guardian or the owner ---


def hold_node(chain: Contracts, node: str, seconds: int, reason: str) -> Call:
    """Makes a node's claims wait; `reason` is the hash of the text that says why."""
    return call_to(chain.book.poce, "holdNode(bytes32,uint64,bytes32)", bytes32(node), seconds, bytes32(reason))


def release_node(chain: Contracts, node: str) -> Call:
    """Ends a hold early."""
    return call_to(chain.book.poce, "releaseNode(bytes32)", bytes32(node))


def held_until(chain: Contracts, node: str, *, block: BlockId = "latest") -> int:
    """Chain time until which a node's claims wait; in the past or 0 when they do not."""
    return int(chain.read(chain.book.poce, "heldUntilOf(bytes32)", ("uint64",), bytes32(node), block=block)[0])


def set_reward_parameters(chain: Contracts, *, budget_bp: int, epoch_fee: int, submitter_refund: int) -> Call:
    """By the owner: the pool's part for a period, fees and refunds for an epoch, base units."""
    signature = "setRewardParameters(uint16,uint96,uint96)"
    return call_to(chain.book.poce, signature, budget_bp, epoch_fee, submitter_refund)


def set_node_hour_cap(chain: Contracts, cap_ug: int) -> Call:
    """By the owner; it counts a day later."""
    return call_to(chain.book.node_registry, "setNodeHourCap(uint128)", cap_ug)


def set_min_stake(chain: Contracts, amount: int) -> Call:
    """By the owner: the least stake of a validator, base units; seats below it stay."""
    return call_to(chain.book.validator_set, "setMinStake(uint96)", amount)


# --- fees and votes of validators ---


def settle_fees(chain: Contracts, epochs: Sequence[int]) -> Call:
    """Shares the fees of final epochs among their signers and refunds who posted them; by anybody, once each."""
    return call_to(chain.book.poce, "settleFees(uint64[])", list(epochs))


def claim_fees(chain: Contracts, staker: str) -> Call:
    """Pays a validator its fees; by anybody."""
    return call_to(chain.book.validator_set, "claimFees(address)", staker)


def fees_of(chain: Contracts, staker: str, *, block: BlockId = "latest") -> int:
    """Fees that wait for a validator, base units."""
    return int(chain.read(chain.book.validator_set, "feesOf(address)", ("uint256",), staker, block=block)[0])


def budget_left(chain: Contracts, *, block: BlockId = "latest") -> int:
    """TUNER that claims and fees may still take in the present period of 30 days, base units."""
    return int(chain.read(chain.book.poce, "budgetLeft()", ("uint96",), block=block)[0])


def staked_votes(chain: Contracts, account: str, *, block: BlockId = "latest") -> int:
    """Votes that an account has by stake, its own or delegated to it."""
    return int(chain.read(chain.book.validator_set, "getVotes(address)", ("uint256",), account, block=block)[0])


def attestation(chain: Contracts, epoch: int, *, block: BlockId = "latest") -> tuple[int, int, str]:
    """A kept epoch's set version, its signers (a bit for each one's place; 0 once fees were settled), who posted it."""
    set_id, signers, submitter = chain.read(
        chain.book.poce, "attestationOf(uint64)", ("uint32", "uint32", "address"), epoch, block=block
    )
    return set_id, signers, normal_address(submitter)


def _proof(proof: Proof) -> list[bytes]:
    return [bytes32(item) for item in proof]
