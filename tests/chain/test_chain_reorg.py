"""A chain that changes its mind: what was mined is gone, and the same transactions can be mined again, once."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ChainError
from emissions.poce.keys import address_of
from tokens.chain.proof import receipt_proof
from tokens.chain.sender import broadcast, sign_call, suggest_fees, suggest_gas, wait_receipt

pytestmark = pytest.mark.chain

NODE = "0x" + "a1" * 32
KG = 10**9


def test_reorg__after_a_retirement__same_signed_transaction_is_mined_again_once(network):
    contracts, client = network.contracts, network.client
    leaf = network.leaf(NODE, 5 * KG)
    network.report([leaf])
    network.pass_window()
    network.send(contracts.claim(1, leaf, []))
    network.mine(2)

    request, signature = network.retire_request(2 * KG)
    call = contracts.retire_by_sig(request, signature)
    sender = address_of(network.relayer_key)
    signed = sign_call(
        call,
        private_key=network.relayer_key,
        chain_id=network.book.chain_id,
        nonce=client.nonce(sender),
        gas_limit=suggest_gas(client, call, sender=sender),
        fees=suggest_fees(client),
    )
    broadcast(client, signed.raw, signed.tx_hash)
    first = wait_receipt(client, signed.tx_hash)
    old = receipt_proof(client, signed.tx_hash, int(first.logs[-1]["logIndex"], 16))

    network.anvil.reorg(1)
    assert client.receipt(signed.tx_hash) is None
    assert client.find_block(first.block_hash) is None
    assert contracts.retirement_count() == 0
    assert not contracts.nonce_used(network.wallet, request.nonce)
    with pytest.raises(ChainError) as gone:
        receipt_proof(client, signed.tx_hash, 0)
    assert gone.value.code == "chain.not_mined"

    broadcast(client, signed.raw, signed.tx_hash)
    second = wait_receipt(client, signed.tx_hash)
    assert second.block_hash != first.block_hash
    assert contracts.retired_ug() == 2 * KG
    assert contracts.ct02_supply() == 3 * KG * 10**9
    new = receipt_proof(client, signed.tx_hash, int(second.logs[-1]["logIndex"], 16))
    assert new["block_hash"] == second.block_hash != old["block_hash"]
