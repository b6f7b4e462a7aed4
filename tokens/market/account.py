"""Who acts on the market from the command line, in the demo and in tests: a key that sends and waits."""

from __future__ import annotations

from dataclasses import dataclass, field

from cloudtuner.errors import ChainError
from emissions.poce.keys import address_of
from tokens.chain.abi import decode_values, encode_call
from tokens.chain.client import Call, Receipt, RpcClient
from tokens.chain.sender import broadcast, check_chain_id, sign_call, suggest_fees, suggest_gas, wait_receipt

MAX_ALLOWANCE = 2**256 - 1


@dataclass(frozen=True)
class Account:
    """A key on one chain. Services use the outbox instead; this is for tools, which wait for each transaction."""

    client: RpcClient
    chain_id: int
    key: bytes = field(repr=False)

    @property
    def address(self) -> str:
        return address_of(self.key)

    def send(self, call: Call, *, timeout_s: float = 60.0) -> Receipt:
        """Signs, sends, waits. Raises the contract's decoded refusal, before anything is sent."""
        return self._perform(call, b"", timeout_s)

    def create(self, init_code: bytes, *, timeout_s: float = 60.0) -> str:
        """The address of the contract that this code makes."""
        receipt = self._perform(None, init_code, timeout_s)
        assert receipt.contract_address is not None  # a creation that succeeded has one
        return receipt.contract_address

    def _perform(self, call: Call | None, init_code: bytes, timeout_s: float) -> Receipt:
        check_chain_id(self.client, self.chain_id)
        signed = sign_call(
            call,
            init_code=init_code,
            private_key=self.key,
            chain_id=self.chain_id,
            nonce=self.client.nonce(self.address),
            gas_limit=suggest_gas(self.client, call, init_code=init_code, sender=self.address),
            fees=suggest_fees(self.client),
        )
        broadcast(self.client, signed.raw, signed.tx_hash)
        receipt = wait_receipt(self.client, signed.tx_hash, timeout_s=timeout_s)
        if not receipt.succeeded:
            raise ChainError(f"{signed.tx_hash} was mined but reverted.", code="chain.reverted", where=self.client.place)
        return receipt


def balance_of(client: RpcClient, token: str, account: str) -> int:
    """Base units of a token that an account holds."""
    data = client.call(Call(token, encode_call("balanceOf(address)", (account,))))
    return int(decode_values(("uint256",), data)[0])


def approve(token: str, spender: str, amount: int = MAX_ALLOWANCE) -> Call:
    """Lets a contract take up to `amount`."""
    return Call(token, encode_call("approve(address,uint256)", (spender, amount)))


def transfer(token: str, receiver: str, amount: int) -> Call:
    """Sends base units."""
    return Call(token, encode_call("transfer(address,uint256)", (receiver, amount)))
