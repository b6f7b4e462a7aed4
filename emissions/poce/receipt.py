"""That an event is in a block, shown without a node: header, trie nodes, receipt, log.

What stays open is whether the block is canonical; that takes one look at the chain (`cloudtuner-verify --rpc`).
"""

from __future__ import annotations

from dataclasses import dataclass

from cloudtuner.errors import ProofError

from . import rlp
from .fields import Fields
from .hexes import bytes32, checksum_address, from_hex, normal_address, to_hex
from .keccak import keccak
from .trie import walk

NAMES = ("chain_id", "block_hash", "block_number", "header_rlp", "tx_index", "log_index", "nodes", "tx_hash")
RETIRED_TOPIC = keccak(b"Retired(uint256,address,address,uint256,uint64,uint64,bytes32)")

_RECEIPTS_ROOT, _NUMBER, _TIMESTAMP, _FEWEST_HEADER_FIELDS = 5, 8, 11, 15


@dataclass(frozen=True)
class Log:
    """One event as the chain keeps it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class ProvedLog:
    """What a receipt proof proves: this log stands in the block with this hash. `timestamp` is the block's.

    `tx_hash` is told by the prover and not proved: the receipts trie names transactions by their index only.
    """

    chain_id: int
    block_hash: str
    block_number: int
    timestamp: int
    tx_index: int
    tx_hash: str
    log_index: int
    log: Log


@dataclass(frozen=True)
class RetiredEvent:
    """Kilograms taken out of circulation, as the Retirement contract said it."""

    id: int
    account: str
    beneficiary: str
    amount_ug: int
    period_from: int
    period_through: int
    claim_hash: str


def verify_receipt_proof(proof: object) -> ProvedLog:
    """What `receipt-proof.json` proves; raises ProofError with the code of the first link that does not hold.

    Codes: `receipt.block_hash`, `receipt.header`, `receipt.failed`, `receipt.invalid`, `receipt.no_log`, `trie.*`,
    `rlp.invalid`, `json.shape`, `hex.invalid`.
    """
    fields = Fields(proof, NAMES, what="receipt proof")
    header_rlp = from_hex(fields.raw("header_rlp"), field="receipt proof.header_rlp")
    block_hash = fields.bytes32("block_hash")
    if to_hex(keccak(header_rlp)) != block_hash:
        raise ProofError("the header does not hash to the block hash.", code="receipt.block_hash")
    receipts_root, block_number, timestamp = _header(header_rlp)
    if block_number != fields.number("block_number"):
        raise ProofError(f"the header is of block {block_number}.", code="receipt.header")
    nodes = fields.raw("nodes")
    if not isinstance(nodes, list):
        raise ProofError("receipt proof.nodes is not a list.", code="json.shape")
    tx_index, log_index = fields.number("tx_index"), fields.number("log_index")
    steps = [from_hex(node, field=f"receipt proof.nodes[{index}]") for index, node in enumerate(nodes)]
    logs = _receipt_logs(walk(receipts_root, rlp.encode_number(tx_index), steps))
    if log_index >= len(logs):
        raise ProofError(f"the receipt has {len(logs)} logs, none with index {log_index}.", code="receipt.no_log")
    return ProvedLog(
        chain_id=fields.number("chain_id"),
        block_hash=block_hash,
        block_number=block_number,
        timestamp=timestamp,
        tx_index=tx_index,
        tx_hash=fields.bytes32("tx_hash"),
        log_index=log_index,
        log=_log(logs[log_index]),
    )


def retired_event(log: Log, retirement: str) -> RetiredEvent:
    """The `Retired` event of this Retirement contract; raises ProofError `receipt.other_event` for any other log."""
    if log.address != normal_address(retirement) or len(log.topics) != 4 or log.topics[0] != RETIRED_TOPIC:
        raise ProofError("the log is not a Retired event of this Retirement contract.", code="receipt.other_event")
    words = [log.data[at : at + 32] for at in range(0, len(log.data), 32)]
    if len(log.data) != 128 or any(any(topic[:12]) for topic in log.topics[2:]):
        raise ProofError("the Retired event has another shape.", code="receipt.other_event")
    amount, period_from, period_through = (int.from_bytes(word, "big") for word in words[:3])
    return RetiredEvent(
        id=int.from_bytes(log.topics[1], "big"),
        account=checksum_address(log.topics[2][12:]),
        beneficiary=checksum_address(log.topics[3][12:]),
        amount_ug=amount,
        period_from=period_from,
        period_through=period_through,
        claim_hash=to_hex(words[3]),
    )


def _header(header_rlp: bytes) -> tuple[bytes, int, int]:
    header = rlp.decode(header_rlp)
    if not isinstance(header, list) or len(header) < _FEWEST_HEADER_FIELDS:
        raise ProofError("the block header is not a list of its fields.", code="receipt.header")
    root = header[_RECEIPTS_ROOT]
    if not isinstance(root, bytes) or len(root) != 32:
        raise ProofError("the block header has no receipts root.", code="receipt.header")
    return root, rlp.number(header[_NUMBER], field="block number"), rlp.number(header[_TIMESTAMP], field="timestamp")


def _receipt_logs(value: bytes) -> list[rlp.Item]:
    # A typed receipt is one type byte below 0x80 before the list (EIP-2718); a legacy one starts with the list.
    receipt = rlp.decode(value[1:] if value[0] < 0x80 else value)
    if not isinstance(receipt, list) or len(receipt) != 4:
        raise ProofError("a receipt has four fields.", code="receipt.invalid")
    status, logs = receipt[0], receipt[3]
    if status != b"\x01":
        raise ProofError("the transaction failed.", code="receipt.failed")
    if not isinstance(logs, list):
        raise ProofError("the receipt's logs are not a list.", code="receipt.invalid")
    return logs


def _log(item: rlp.Item) -> Log:
    match item:
        case [bytes() as address, list() as topics, bytes() as data] if len(address) == 20:
            words = tuple(bytes32(to_hex(topic), field="topic") for topic in topics if isinstance(topic, bytes))
            if len(words) == len(topics):
                return Log(checksum_address(address), words, data)
    raise ProofError("a log is address, topics and data.", code="receipt.invalid")
