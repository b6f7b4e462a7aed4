"""Receipt proofs from real blocks of one and many transactions, and the refusal to make one from a lying node."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ChainError, ProofError
from emissions.poce.keys import address_of
from emissions.poce.receipt import verify_receipt_proof
from tokens.chain.client import RpcClient
from tokens.chain.proof import receipt_proof
from tokens.chain.sender import broadcast, sign_call, suggest_fees

pytestmark = pytest.mark.chain


class LyingClient(RpcClient):
    """A node that changes one receipt or one header field."""

    def __init__(self, url: str, lie: str) -> None:
        super().__init__(url)
        self.lie = lie

    def block_receipts(self, block_hash):
        receipts = super().block_receipts(block_hash)
        if self.lie == "receipt":
            receipts[0]["cumulativeGasUsed"] = hex(int(receipts[0]["cumulativeGasUsed"], 16) + 1)
        if self.lie == "missing":
            receipts.pop()
        return receipts

    def raw_block(self, block):
        raw = super().raw_block(block)
        return raw | {"extraData": "0x01"} if self.lie == "header" else raw


def _block_of_many(network, count: int) -> list[str]:
    """One block with this many TUNER transfers; their hashes."""
    client, key = network.client, network.anvil.keys[8]
    client.call_rpc("evm_setAutomine", [False])
    first = client.nonce(address_of(key))
    hashes = []
    for place in range(count):
        signed = sign_call(
            network.contracts.tuner_transfer(network.wallet, place + 1),
            private_key=key, chain_id=network.book.chain_id, nonce=first + place, gas_limit=100_000, fees=suggest_fees(client),
        )  # fmt: skip
        broadcast(client, signed.raw, signed.tx_hash)
        hashes.append(signed.tx_hash)
    network.mine()
    client.call_rpc("evm_setAutomine", [True])
    return hashes


@pytest.mark.parametrize("count", [1, 3, 20])
def test_proof__block_of_many__each_log_verifies_and_no_other(network, count):
    hashes = _block_of_many(network, count)
    for place in {0, count // 2, count - 1}:
        receipt = network.client.receipt(hashes[place])
        assert receipt.tx_index == place
        proof = receipt_proof(network.client, hashes[place], int(receipt.logs[0]["logIndex"], 16))
        proved = verify_receipt_proof(proof)
        assert (proved.block_hash, proved.tx_index, proved.log_index) == (receipt.block_hash, place, 0)
        assert int.from_bytes(proved.log.data, "big") == place + 1
        assert proved.timestamp == network.client.block(receipt.block_hash).timestamp
        for changed in ({"tx_index": place + 1}, {"log_index": 1}, {"block_hash": "0x" + "00" * 32}):
            with pytest.raises(ProofError):
                verify_receipt_proof(proof | changed)


def test_proof__lying_node__none_is_made(network):
    hashes = _block_of_many(network, 3)
    log_index = int(network.client.receipt(hashes[1]).logs[0]["logIndex"], 16)
    url = network.anvil.url
    for lie, code in {
        "receipt": "chain.receipts_mismatch", "missing": "chain.receipts_mismatch", "header": "chain.header_mismatch",
    }.items():  # fmt: skip
        with pytest.raises(ChainError) as refused:
            receipt_proof(LyingClient(url, lie), hashes[1], log_index)
        assert refused.value.code == code
    with pytest.raises(ChainError) as unknown:
        receipt_proof(network.client, hashes[1], 99)
    assert unknown.value.code == "chain.log_unknown"
