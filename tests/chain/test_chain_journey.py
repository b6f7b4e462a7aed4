"""The whole way on a real EVM: deploy, register, report, claim, retire by signature, prove."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ChainError
from emissions.poce.receipt import retired_event, verify_receipt_proof
from tokens.chain.contracts import EpochStatus
from tokens.chain.decoding import decode
from tokens.chain.events import Claimed, EpochReported, NodeRegistered, Retired, TokenTransfer
from tokens.chain.proof import receipt_proof
from tokens.chain.windows import read_logs

pytestmark = pytest.mark.chain

NODE_A = "0x" + "a1" * 32
NODE_B = "0x" + "b2" * 32
KG = 10**9


def test_journey__from_registration_to_proof__every_figure_holds(network):
    contracts, book = network.contracts, network.book
    network.register(NODE_A, first_hour=500)
    record = contracts.node(NODE_A)
    assert record is not None
    assert (record.wallet, record.first_hour, record.changes) == (network.wallet, 500, 0)
    assert contracts.node(NODE_B) is None

    leaves = [network.leaf(NODE_A, 3 * KG + 7), network.leaf(NODE_B, 5 * KG)]
    header = network.report(leaves)
    assert contracts.epoch(1).status is EpochStatus.REPORTED
    with pytest.raises(ChainError, match="not final") as refused:
        network.send(contracts.claim(1, leaves[0], network.proof(leaves, 0)))
    assert refused.value.code == "chain.revert.poce_not_final"
    network.pass_window()
    assert contracts.epoch(1).status is EpochStatus.FINAL

    network.send(contracts.claim_many(1, leaves, [network.proof(leaves, place) for place in range(2)]))
    assert contracts.ct02_balance(network.wallet) == (8 * KG + 7) * 10**9
    assert contracts.tuner_balance(network.wallet) == (8 * KG + 7) * 10**9
    assert contracts.claimed(NODE_A).ug == 3 * KG + 7

    request, signature = network.retire_request(2 * KG + 1)
    receipt = network.send(contracts.retire_by_sig(request, signature))
    assert contracts.ct02_supply() == (6 * KG + 6) * 10**9
    assert contracts.nonce_used(network.wallet, request.nonce)
    assert contracts.retirement(1).amount_ug == 2 * KG + 1

    events = decode(read_logs(network.client, book.addresses, first=book.deploy_block, last=network.client.block_number()), book)
    kinds = {type(event) for event in events}
    assert {NodeRegistered, EpochReported, Claimed, Retired, TokenTransfer} <= kinds
    reported = next(event for event in events if isinstance(event, EpochReported))
    assert (reported.root, reported.total_ug, reported.set_id) == (header.root, header.total_ug, 4)
    assert len(reported.signers) == 4
    retired = next(event for event in events if isinstance(event, Retired))
    assert (retired.id, retired.amount_ug, retired.claim_hash) == (1, 2 * KG + 1, request.claim_hash)
    assert retired.tx_hash == receipt.tx_hash

    proved = verify_receipt_proof(receipt_proof(network.client, retired.tx_hash, retired.log_index))
    shown = retired_event(proved.log, book.retirement)
    assert (shown.amount_ug, shown.account, shown.claim_hash) == (retired.amount_ug, network.wallet, request.claim_hash)
    assert proved.block_hash == network.client.block(receipt.block_number).hash
