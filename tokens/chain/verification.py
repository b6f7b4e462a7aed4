"""Is what stands on chain what we compiled? Each contract of an address book against the transaction that made it.

Asks a node only; needs neither compiler nor explorer. The address follows from the transaction, its input has to be our code
and the arguments of the book: nothing else can stand there, since no contract can be upgraded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import artifacts
from .book import AddressBook
from .client import RpcClient
from .creations import Creation, factory_address
from .deploy import created_address


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what was found."""

    subject: str
    passed: bool
    text: str


def verify_book(client: RpcClient, book: AddressBook) -> Iterator[Finding]:
    """The chain, its first block, then every contract. On another chain nothing more is looked at."""
    found = client.chain_id()
    yield Finding("chain", found == book.chain_id, f"the endpoint serves chain {found}, the book is of {book.chain_id}")
    if found != book.chain_id:
        return
    genesis = client.genesis_hash()
    yield Finding("genesis", genesis == book.genesis_hash, f"first block {genesis}, in the book {book.genesis_hash}")
    if genesis != book.genesis_hash:
        return
    for name, address in book.contracts.items():
        if name not in book.creations:
            yield Finding(name, False, f"{address}: the book does not say how it came to be")
        elif book.creations[name].address != address:
            yield Finding(name, False, f"{address}: the book tells of the creation of {book.creations[name].address}")
    for name, creation in book.creations.items():
        fault = _fault(client, creation)
        told = fault or f"made in {creation.tx_hash} from our code ({creation.compiler}), sources {creation.source_hash}"
        yield Finding(name, fault is None, f"{creation.address}: {told}")


def _fault(client: RpcClient, creation: Creation) -> str | None:
    """What is wrong with a contract, or None."""
    if artifacts.load(creation.contract).source_hash != creation.source_hash:
        return f"made from sources {creation.source_hash}, which this version does not have"
    raw: dict[str, Any] | None = client.call_rpc("eth_getTransactionByHash", [creation.tx_hash])
    receipt = client.receipt(creation.tx_hash)
    if raw is None or receipt is None:
        return f"its transaction {creation.tx_hash} is not on this chain"
    if not receipt.succeeded:
        return f"its transaction {creation.tx_hash} reverted"
    if bytes.fromhex(raw["input"].removeprefix("0x")) != creation.input:
        return "the transaction's input is not our code with these arguments"
    if _address(raw, creation) != creation.address:
        return f"the transaction made {_address(raw, creation)}"
    if not client.code(creation.address):
        return "there is no code"
    return None


def _address(raw: dict[str, Any], creation: Creation) -> str:
    """Where this transaction makes its contract: by sender and nonce, or by the factory's salt and code."""
    if creation.factory:
        if (raw["to"] or "").lower() != creation.factory.lower():
            return "nothing: it went elsewhere than to the factory"
        salt = bytes.fromhex(creation.salt)
        return factory_address(creation.factory, salt, creation.input[len(salt) :])
    return "nothing" if raw["to"] is not None else created_address(raw["from"], int(raw["nonce"], 16))
