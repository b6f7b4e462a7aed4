"""The receipt proof of protocol §9, made from what a node says and checked before it is given out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudtuner.errors import ChainError
from emissions.poce import rlp
from emissions.poce.hexes import to_hex
from emissions.poce.keccak import keccak

from .client import RpcClient
from .receipts_trie import root_and_path

# The header's fields in their order, and whether each is a number. The first fifteen are in every block; each fork
# since London has added some at the end, and a block has all up to its fork.
_HEADER = (
    ("parentHash", False), ("sha3Uncles", False), ("miner", False), ("stateRoot", False), ("transactionsRoot", False),
    ("receiptsRoot", False), ("logsBloom", False), ("difficulty", True), ("number", True), ("gasLimit", True),
    ("gasUsed", True), ("timestamp", True), ("extraData", False), ("mixHash", False), ("nonce", False),
    ("baseFeePerGas", True), ("withdrawalsRoot", False), ("blobGasUsed", True), ("excessBlobGas", True),
    ("parentBeaconBlockRoot", False), ("requestsHash", False),
)  # fmt: skip
_LONDON = 15


def receipt_proof(client: RpcClient, tx_hash: str, log_index: int) -> dict[str, Any]:
    """The proof that a log is in its block. `log_index` counts within the block, as events carry it; the proof's
    `log_index` counts within the receipt, as §9 says.

    Fails closed: raises `chain.header_mismatch` or `chain.receipts_mismatch` when what the node says does not hash to
    the block (a chain whose headers have other fields), `chain.log_unknown` when the transaction has no such log.
    """
    receipt = client.receipt(tx_hash)
    if receipt is None:
        raise ChainError(f"{tx_hash} is in no block.", code="chain.not_mined", where=client.place)
    within = next((n for n, log in enumerate(receipt.logs) if int(log["logIndex"], 16) == log_index), None)
    if within is None:
        raise ChainError(f"{tx_hash} has no log {log_index} of its block.", code="chain.log_unknown", where=client.place)
    block = client.raw_block(receipt.block_hash)
    header = header_rlp(block)
    if to_hex(keccak(header)) != receipt.block_hash:
        raise ChainError(
            f"the header of block {receipt.block_number} does not hash to {receipt.block_hash}.",
            code="chain.header_mismatch",
            where=client.place,
            hint="This chain's headers have other fields; no proof was made.",
        )
    encoded = [receipt_bytes(raw) for raw in client.block_receipts(receipt.block_hash)]
    root, nodes = root_and_path(encoded, receipt.tx_index)
    if to_hex(root) != block["receiptsRoot"]:
        raise ChainError(
            f"the receipts of block {receipt.block_number} do not give its receiptsRoot.",
            code="chain.receipts_mismatch",
            where=client.place,
            hint="The node leaves receipts out or changes them; ask another one.",
        )
    return {
        "chain_id": client.chain_id(),
        "block_hash": receipt.block_hash,
        "block_number": receipt.block_number,
        "header_rlp": to_hex(header),
        "tx_index": receipt.tx_index,
        "log_index": within,
        "nodes": [to_hex(node) for node in nodes],
        "tx_hash": tx_hash,
    }


def header_rlp(block: Mapping[str, Any]) -> bytes:
    """The RLP of a block's header from the node's block object."""
    names = [entry for place, entry in enumerate(_HEADER) if place < _LONDON or block.get(entry[0]) is not None]
    return rlp.encode([_quantity(block[name]) if number else _data(block[name]) for name, number in names])


def receipt_bytes(receipt: Mapping[str, Any]) -> bytes:
    """A receipt as it stands in the trie: the type byte (none for legacy) and the list of four."""
    logs = [[_data(log["address"]), [_data(item) for item in log["topics"]], _data(log["data"])] for log in receipt["logs"]]
    fields = [_quantity(receipt["status"]), _quantity(receipt["cumulativeGasUsed"]), _data(receipt["logsBloom"]), logs]
    kind = int(receipt.get("type", "0x0"), 16)
    return (bytes([kind]) if kind else b"") + rlp.encode(fields)


def _data(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _quantity(text: str) -> bytes:
    value = int(text, 16)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
