"""What does the chain say? JSON-RPC over HTTP: blocks, logs, receipts and calls as plain typed values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from cloudtuner.errors import ChainError, ChainUnreachable
from emissions.poce.hexes import normal_address

from .endpoint import shown
from .loading import usual_recursion
from .reverts import revert_error

BlockId = int | str
"""A height, a 0x block hash, or a tag: latest, finalized, safe, pending, earliest."""

Topics = Sequence[Sequence[str]]
"""What a log's topics may be, place by place; any at a place that is empty or not told."""

_REFUSALS = (400, 413)
"""HTTP answers that stand for a refusal: some providers tell so of a range of logs that is too wide."""


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask of a contract: where, and the calldata."""

    to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class BlockHead:
    """A block's place in the chain. `timestamp` is chain time, unix seconds."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction that is in a block."""

    tx_hash: str
    block_number: int
    block_hash: str
    tx_index: int
    succeeded: bool
    gas_used: int
    effective_gas_price_wei: int
    contract_address: str | None
    logs: tuple[dict[str, Any], ...]


class RpcClient:
    """A JSON-RPC endpoint. Safe to share between threads.

    Raises ChainUnreachable (retryable) when there is no usable answer, a decoded ChainError when the node refuses.
    `place` names it in messages, which may end in logs and on public pages.
    """

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self.place = shown(url)

    @cached_property
    def _provider(self) -> Any:
        with usual_recursion():
            from web3 import HTTPProvider  # web3 loads late: 1.5 s that most processes never need

        return HTTPProvider(self.url, request_kwargs={"timeout": self._timeout_s}, exception_retry_configuration=None)

    def call_rpc(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The `result` of one JSON-RPC call."""
        try:
            answer = self._provider.make_request(method, list(params))
        except (OSError, ValueError) as error:
            response = getattr(error, "response", None)
            if response is not None and response.status_code in _REFUSALS:
                raise _refusal(method, _told(response)) from error
            raise ChainUnreachable(
                f"no answer to {method}: {type(error).__name__}.",
                where=self.place,
                hint="Is the node running and RPC_URL right? The call can be repeated.",
            ) from error
        if not isinstance(answer, dict):
            raise ChainUnreachable(f"the answer to {method} is not JSON-RPC.", where=self.place)
        if answer.get("error") is not None:
            raise _refusal(method, answer["error"])
        return answer.get("result")

    # --- the chain ---

    def chain_id(self) -> int:
        return _number(self.call_rpc("eth_chainId"))

    def genesis_hash(self) -> str:
        return self.block(0).hash

    def block_number(self) -> int:
        return _number(self.call_rpc("eth_blockNumber"))

    def block(self, block: BlockId = "latest") -> BlockHead:
        """Raises `chain.block_unknown` when the node does not have it."""
        raw = self.raw_block(block)
        return BlockHead(_number(raw["number"]), raw["hash"], raw["parentHash"], _number(raw["timestamp"]))

    def find_block(self, block: BlockId) -> BlockHead | None:
        """The block, or None when the node does not have it (not yet, or no longer after a reorg)."""
        try:
            return self.block(block)
        except ChainError as error:
            if error.code == "chain.block_unknown":
                return None
            raise

    def raw_block(self, block: BlockId) -> dict[str, Any]:
        """The node's own block object, with transaction hashes."""
        if isinstance(block, str) and block.startswith("0x") and len(block) == 66:
            raw = self.call_rpc("eth_getBlockByHash", [block, False])
        else:
            raw = self.call_rpc("eth_getBlockByNumber", [_tag(block), False])
        if raw is None:
            raise ChainError(f"block {block} is not known.", code="chain.block_unknown", where=self.place)
        return cast(dict[str, Any], raw)

    def block_receipts(self, block_hash: str) -> list[dict[str, Any]]:
        """Every receipt of a block in order, as the node gives them."""
        raw = self.call_rpc("eth_getBlockReceipts", [block_hash])
        if raw is None:
            raise ChainError(f"receipts of block {block_hash} are not known.", code="chain.block_unknown", where=self.place)
        return cast(list[dict[str, Any]], raw)

    def logs(self, addresses: Sequence[str], *, from_block: int, to_block: int, topics: Topics = ()) -> list[dict[str, Any]]:
        """Raw logs of these contracts in a range of heights, both included, in one question. Providers refuse a wide range:
        `windows.read_logs` asks for any.
        """
        where = {"address": list(addresses), "fromBlock": hex(from_block), "toBlock": hex(to_block)}
        wanted = [list(place) or None for place in topics]
        return cast(list[dict[str, Any]], self.call_rpc("eth_getLogs", [where | {"topics": wanted}]) or [])

    def block_logs(self, addresses: Sequence[str], block_hash: str) -> list[dict[str, Any]]:
        """Raw logs of these contracts in one block, pinned by its hash."""
        where = {"address": list(addresses), "blockHash": block_hash}
        return cast(list[dict[str, Any]], self.call_rpc("eth_getLogs", [where]) or [])

    # --- reads ---

    def call(self, call: Call, *, block: BlockId = "latest", sender: str | None = None) -> bytes:
        """The bytes that a read returns at a block; a revert is raised decoded."""
        message = {"to": call.to, "data": "0x" + call.data.hex()}
        if sender is not None:
            message["from"] = sender
        return _bytes(self.call_rpc("eth_call", [message, _block_param(block)]))

    def code(self, address: str, *, block: BlockId = "latest") -> bytes:
        return _bytes(self.call_rpc("eth_getCode", [address, _block_param(block)]))

    def nonce(self, address: str, *, block: BlockId = "pending") -> int:
        return _number(self.call_rpc("eth_getTransactionCount", [address, _block_param(block)]))

    # --- transactions ---

    def estimate_gas(self, call: Call | None, *, sender: str, init_code: bytes = b"") -> int:
        """Gas the call (without one: a creation) would use now; raises the decoded revert when it would fail."""
        message = {"from": sender, "data": "0x" + (call.data if call else init_code).hex()}
        if call is not None:
            message["to"] = call.to
        return _number(self.call_rpc("eth_estimateGas", [message]))

    def base_fee_wei(self) -> int:
        return _number(self.raw_block("latest").get("baseFeePerGas", "0x0"))

    def priority_fee_wei(self) -> int:
        return _number(self.call_rpc("eth_maxPriorityFeePerGas"))

    def send_raw(self, raw: bytes) -> str:
        """Broadcasts; the hash by the node."""
        return str(self.call_rpc("eth_sendRawTransaction", ["0x" + raw.hex()]))

    def knows_transaction(self, tx_hash: str) -> bool:
        """Whether the node has it, pending or in a block."""
        return self.call_rpc("eth_getTransactionByHash", [tx_hash]) is not None

    def receipt(self, tx_hash: str) -> Receipt | None:
        """The receipt once the transaction is in a block, else None."""
        raw = self.call_rpc("eth_getTransactionReceipt", [tx_hash])
        if raw is None or raw.get("blockHash") is None:
            return None
        created = raw.get("contractAddress")
        return Receipt(
            tx_hash=raw["transactionHash"],
            block_number=_number(raw["blockNumber"]),
            block_hash=raw["blockHash"],
            tx_index=_number(raw["transactionIndex"]),
            succeeded=_number(raw["status"]) == 1,
            gas_used=_number(raw["gasUsed"]),
            effective_gas_price_wei=_number(raw.get("effectiveGasPrice", "0x0")),
            contract_address=normal_address(created) if created else None,
            logs=tuple(raw["logs"]),
        )


def _refusal(method: str, error: Any) -> ChainError:
    if not isinstance(error, dict):
        return ChainError(f"{method}: {error}", code="chain.refused")
    data = error.get("data")
    if isinstance(data, dict):  # some nodes wrap the revert data once more
        data = data.get("data")
    if isinstance(data, str) and data.startswith("0x") and len(data) >= 10:
        return revert_error(bytes.fromhex(data[2:]))
    message = str(error.get("message", "no message"))
    if "revert" in message.lower():
        return ChainError(f"{method}: {message}", code="chain.reverted")
    return ChainError(f"{method}: {message}", code="chain.refused")


def _told(response: Any) -> Any:
    """The JSON-RPC error in an HTTP answer, else the status."""
    try:
        return response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code} {response.reason}"


def _number(value: Any) -> int:
    if isinstance(value, int):
        return value
    try:
        return int(value, 16)
    except (TypeError, ValueError) as error:
        raise ChainUnreachable(f"the node answered {value!r} where a number belongs.") from error


def _bytes(value: Any) -> bytes:
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError) as error:
        raise ChainUnreachable(f"the node answered {value!r} where bytes belong.") from error


def _tag(block: BlockId) -> str:
    return hex(block) if isinstance(block, int) else block


def _block_param(block: BlockId) -> str | dict[str, Any]:
    if isinstance(block, str) and block.startswith("0x") and len(block) == 66:
        return {"blockHash": block, "requireCanonical": True}  # EIP-1898: a read for a report is pinned to one block
    return _tag(block)
