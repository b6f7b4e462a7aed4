"""Owner actions as a Safe's transaction builder reads them: a file to load there, look at, and sign with the others.

The format is that of the builder's own exports, version 1.0 (safe-global/safe-react-apps, tx-builder). It carries no
signature and no key; who loads it sees every address and every byte of calldata.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .client import Call


def safe_batch(calls: Sequence[Call], *, chain_id: int, safe: str, created_at: int, name: str, why: str) -> dict[str, Any]:
    """The file's JSON value. `created_at` in unix seconds; `safe` is the owner that is to sign."""
    return {
        "version": "1.0",
        "chainId": str(chain_id),
        "createdAt": created_at * 1000,
        "meta": {"name": name, "description": why, "createdFromSafeAddress": safe},
        "transactions": [
            {
                "to": call.to,
                "value": "0",
                "data": "0x" + call.data.hex(),
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in calls
        ],
    }
