"""Is this block canonical, is this event there? A read-only look at a chain with the standard library only.

Serves `cloudtuner-verify --rpc`, whose lock has no web3.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from cloudtuner.errors import ChainError, ChainUnreachable, ConfigurationError

from .endpoint import shown

_MAX_ANSWER = 8 * 1024 * 1024


class LightClient:
    """A JSON-RPC endpoint, read only. Raises ChainUnreachable when there is no usable answer."""

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ConfigurationError(f"not an http(s) address: {url}", code="chain.bad_url", hint="Give --rpc http(s)://…")
        self.url = url
        self.place = shown(url)
        self._timeout_s = timeout_s

    def call_rpc(self, method: str, params: list[Any] | None = None) -> Any:
        """The `result` of one JSON-RPC call."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or []}).encode()
        request = urllib.request.Request(self.url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 - the scheme is checked above
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310 - as above
                value = json.loads(answer.read(_MAX_ANSWER))
        except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError) as error:
            raise ChainUnreachable(f"no answer to {method}: {error}", where=self.place) from error
        if not isinstance(value, dict):
            raise ChainUnreachable(f"the answer to {method} is not JSON-RPC.", where=self.place)
        if value.get("error") is not None:
            raise ChainError(f"{method}: {value['error']}", where=self.place)
        return value.get("result")

    def chain_id(self) -> int:
        return _number(self.call_rpc("eth_chainId"))

    def genesis_hash(self) -> str:
        return str(self._block(0)["hash"])

    def block_number(self) -> int:
        return _number(self.call_rpc("eth_blockNumber"))

    def block_hash(self, number: int) -> str | None:
        """The hash of the canonical block at a height, or None when the chain is not that long."""
        raw = self.call_rpc("eth_getBlockByNumber", [hex(number), False])
        return None if raw is None else str(raw["hash"])

    def finalized_number(self) -> int | None:
        """The height of the last finalized block, or None where the node does not know the tag."""
        try:
            raw = self.call_rpc("eth_getBlockByNumber", ["finalized", False])
        except ChainUnreachable:
            raise
        except ChainError:
            return None
        return None if raw is None else _number(raw["number"])

    def call(self, to: str, data: bytes, *, block: str = "latest") -> bytes:
        """The bytes a read of a contract returns."""
        return bytes.fromhex(str(self.call_rpc("eth_call", [{"to": to, "data": "0x" + data.hex()}, block]))[2:])

    def logs_of_block(self, block_hash: str, address: str) -> list[dict[str, Any]]:
        """Raw logs of one contract in one block."""
        found = self.call_rpc("eth_getLogs", [{"blockHash": block_hash, "address": address}])
        return list(found or [])

    def _block(self, number: int) -> dict[str, Any]:
        raw = self.call_rpc("eth_getBlockByNumber", [hex(number), False])
        if not isinstance(raw, dict):
            raise ChainUnreachable(f"block {number} is not known.", where=self.place)
        return raw


def _number(value: Any) -> int:
    try:
        return int(value, 16)
    except (TypeError, ValueError) as error:
        raise ChainUnreachable(f"the node answered {value!r} where a number belongs.") from error
