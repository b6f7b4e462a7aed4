"""How a transaction gets on chain: priced, signed here, known by its hash before it leaves."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cloudtuner.errors import ChainError
from emissions.poce.keys import address_of

from .client import Call, Receipt, RpcClient
from .loading import usual_recursion

# A limit above the estimate: state may change between estimate and block (another claim, a colder slot).
GAS_MARGIN_PERCENT = 25


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 prices in wei per gas."""

    max_fee_wei: int
    priority_fee_wei: int

    def raised(self, percent: int = 15) -> Fees:
        """Prices for a replacement; nodes want at least ten percent more on both."""
        return Fees(self.max_fee_wei * (100 + percent) // 100 + 1, self.priority_fee_wei * (100 + percent) // 100 + 1)


@dataclass(frozen=True, slots=True)
class SignedTx:
    """A transaction ready to be stored and sent. `tx_hash` is known before anybody saw it."""

    raw: bytes
    tx_hash: str
    sender: str
    nonce: int
    chain_id: int
    gas_limit: int
    fees: Fees


def suggest_fees(client: RpcClient) -> Fees:
    """The node's tip, and twice the base fee above it, so that six full blocks in a row do not price it out."""
    tip = client.priority_fee_wei()
    return Fees(max_fee_wei=2 * client.base_fee_wei() + tip, priority_fee_wei=tip)


def suggest_gas(client: RpcClient, call: Call | None, *, sender: str, init_code: bytes = b"") -> int:
    """A gas limit with margin; raises the contract's decoded refusal when the call would fail now."""
    return client.estimate_gas(call, sender=sender, init_code=init_code) * (100 + GAS_MARGIN_PERCENT) // 100


def sign_call(
    call: Call | None, *, private_key: bytes, chain_id: int, nonce: int, gas_limit: int, fees: Fees, init_code: bytes = b""
) -> SignedTx:
    """Signs offline; the same inputs give the same bytes. Without a call, `init_code` creates a contract."""
    with usual_recursion():
        from eth_account import Account  # eth-account loads late, it comes with web3

    fields = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "gas": gas_limit,
        "maxFeePerGas": fees.max_fee_wei,
        "maxPriorityFeePerGas": fees.priority_fee_wei,
        "value": 0,
        "data": "0x" + (call.data if call else init_code).hex(),
    }
    if call is not None:
        fields["to"] = call.to
    signed = Account.sign_transaction(fields, private_key)
    return SignedTx(
        raw=bytes(signed.raw_transaction),
        tx_hash="0x" + bytes(signed.hash).hex(),
        sender=address_of(private_key),
        nonce=nonce,
        chain_id=chain_id,
        gas_limit=gas_limit,
        fees=fees,
    )


def broadcast(client: RpcClient, raw: bytes, tx_hash: str) -> None:
    """Sends a signed transaction; sending one that the node already has changes nothing.

    Raises `chain.nonce_taken` when another transaction used its nonce, `chain.underpriced` when a replacement pays
    too little, and ChainError for other refusals.
    """
    try:
        client.send_raw(raw)
    except ChainError as error:
        if error.retryable:
            raise
        if client.knows_transaction(tx_hash):
            return
        told = error.message.lower()
        if "nonce too low" in told or "nonce is too low" in told:
            raise ChainError(
                f"the nonce of {tx_hash} was used by another transaction.", code="chain.nonce_taken", where=client.place
            ) from error
        if "underpriced" in told:
            raise ChainError(f"{tx_hash} pays too little to replace.", code="chain.underpriced", where=client.place) from error
        raise


def wait_receipt(client: RpcClient, tx_hash: str, *, timeout_s: float = 30.0, poll_s: float = 0.05) -> Receipt:
    """The receipt once mined; raises `chain.not_mined` (retryable) after the timeout. For tools; services poll."""
    deadline = time.monotonic() + timeout_s
    while True:
        receipt = client.receipt(tx_hash)
        if receipt is not None:
            return receipt
        if time.monotonic() > deadline:
            error = ChainError(f"{tx_hash} is in no block after {timeout_s:g} s.", code="chain.not_mined", where=client.place)
            error.retryable = True
            raise error
        time.sleep(poll_s)


def transact(client: RpcClient, call: Call, *, private_key: bytes, chain_id: int, timeout_s: float = 30.0) -> Receipt:
    """Signs, sends and waits, for command-line tools and tests; services go through the outbox instead.

    Refuses before signing when the endpoint serves another chain. Raises the decoded refusal of the contract.
    """
    check_chain_id(client, chain_id)
    sender = address_of(private_key)
    signed = sign_call(
        call,
        private_key=private_key,
        chain_id=chain_id,
        nonce=client.nonce(sender),
        gas_limit=suggest_gas(client, call, sender=sender),
        fees=suggest_fees(client),
    )
    broadcast(client, signed.raw, signed.tx_hash)
    receipt = wait_receipt(client, signed.tx_hash, timeout_s=timeout_s)
    if not receipt.succeeded:
        raise ChainError(f"{signed.tx_hash} was mined but reverted.", code="chain.reverted", where=client.place)
    return receipt


def check_chain_id(client: RpcClient, chain_id: int) -> None:
    """Raises `chain.wrong_chain` unless the endpoint serves this chain: nothing is signed for a chain that is not meant."""
    found = client.chain_id()
    if found != chain_id:
        raise ChainError(
            f"the endpoint serves chain {found}, {chain_id} is meant; nothing was signed.",
            code="chain.wrong_chain",
            where=client.place,
            hint="Set RPC_URL or the network so that both mean one chain.",
        )
