"""What the chain refuses, how it says so, and what is refused before anything is signed."""

from __future__ import annotations

import dataclasses
import json

import pytest

from cloudtuner.errors import ChainError, ChainUnreachable, ConfigurationError
from emissions.poce.keys import address_of, sign
from tokens.chain.book import AddressBook
from tokens.chain.client import Call, RpcClient
from tokens.chain.contracts import Contracts
from tokens.chain.decoding import decode
from tokens.chain.deploy import DeployParameters, deploy, plan
from tokens.chain.events import EpochRejected, MintingPaused, Slashed
from tokens.chain.light import LightClient
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.chain.reverts import ContractRefused
from tokens.chain.sender import broadcast, sign_call, suggest_fees, transact
from tokens.chain.windows import read_logs

pytestmark = pytest.mark.chain

NODE = "0x" + "a1" * 32
KG = 10**9


def _refusal(network, call, key=None) -> ContractRefused:
    with pytest.raises(ContractRefused) as refused:
        network.send(call, key)
    return refused.value


def test_refusals__of_every_step__are_readable(network):
    contracts = network.contracts
    leaf = network.leaf(NODE, 5 * KG)
    header = network.header([leaf])
    few = _refusal(network, contracts.report(header, network.votes(header, network.validator_keys[:2])))
    assert few.code == "chain.revert.quorum_missing"
    assert (few.arguments["signers"], few.arguments["count"]) == (2, 4)
    assert "2 of 4 validators" in str(few)

    stranger = _refusal(network, contracts.report(header, network.votes(header, [network.wallet_key])))
    assert stranger.code == "chain.revert.validator_set_not_member"

    network.register(NODE)
    with pytest.raises(ContractRefused, match="is registered already") as twice:
        network.register(NODE)
    assert twice.value.code == "chain.revert.node_registry_known_node"

    network.report([leaf])
    network.pass_window()
    wrong = network.leaf(NODE, 6 * KG)
    assert _refusal(network, contracts.claim(1, wrong, [])).code == "chain.revert.poce_bad_proof"
    network.send(contracts.claim(1, leaf, []))
    assert _refusal(network, contracts.claim(1, leaf, [])).code == "chain.revert.poce_nothing_to_claim"

    request, signature = network.retire_request(2 * KG)
    other = dataclasses.replace(request, beneficiary=address_of(network.relayer_key))
    assert _refusal(network, contracts.retire_by_sig(other, signature)).code == "chain.revert.retirement_bad_signature"
    network.send(contracts.retire_by_sig(request, signature))
    assert _refusal(network, contracts.retire_by_sig(request, signature)).code == "chain.revert.retirement_nonce_used"
    more, signature = network.retire_request(4 * KG, nonce=2)
    assert _refusal(network, contracts.retire_by_sig(more, signature)).code == "chain.revert.erc20_insufficient_balance"
    with pytest.raises(ContractRefused, match="there is no retirement 9"):
        contracts.retirement(9)


def test_guardian__vetoes_and_pauses__claims_wait(network):
    contracts = network.contracts
    leaf = network.leaf(NODE, 5 * KG)
    network.report([leaf])
    assert _refusal(network, contracts.veto(1)).code == "chain.revert.minting_guard_not_guardian"
    network.send(contracts.veto(1), network.guardian_key)
    assert contracts.head_epoch() == 0
    assert contracts.epoch(1) is None
    network.report([leaf])
    network.pass_window()
    network.send(contracts.pause_minting(3600), network.guardian_key)
    assert _refusal(network, contracts.claim(1, leaf, [])).code == "chain.revert.minting_guard_paused"
    assert contracts.minting_paused_until() > network.client.block().timestamp
    network.send(contracts.resume_minting(), network.guardian_key)
    network.send(contracts.claim(1, leaf, []))
    kinds = [
        type(event)
        for event in decode(
            read_logs(network.client, [network.book.poce], first=0, last=network.client.block_number()), network.book
        )
    ]
    assert EpochRejected in kinds
    assert MintingPaused in kinds


def test_equivocator__shown_by_anybody__loses_its_stake(network):
    contracts = network.contracts
    key = network.validator_keys[0]
    a = network.header([network.leaf(NODE, KG)])
    b = network.header([network.leaf(NODE, 2 * KG)])
    before = contracts.validators()
    assert before.has_quorum([address_of(each) for each in network.validator_keys[:3]])
    assert not before.has_quorum([address_of(each) for each in network.validator_keys[:2]])
    signatures = [sign(key, header.digest(contracts.poce_domain)) for header in (a, b)]
    receipt = network.send(contracts.slash_equivocation(a, signatures[0], b, signatures[1]))
    slashed = next(event for event in decode(receipt.logs, network.book) if isinstance(event, Slashed))
    assert (slashed.signer, slashed.amount) == (address_of(key), 250_000 * TUNER_UNIT)
    assert contracts.tuner_balance(address_of(network.relayer_key)) == 25_000 * TUNER_UNIT
    assert contracts.stake_behind(address_of(key)) == 0
    assert not contracts.is_active_validator(address_of(key))
    assert len(contracts.validators().validators) == 3
    assert len(contracts.validators(before.set_id).validators) == 4


def test_wrong_chain__known_before_signing(network):
    contracts = network.contracts
    with pytest.raises(ChainError, match="nothing was signed") as refused:
        transact(network.client, contracts.withdraw_stake(), private_key=network.relayer_key, chain_id=137)
    assert refused.value.code == "chain.wrong_chain"
    elsewhere = dataclasses.replace(network.book, genesis_hash="0x" + "11" * 32)
    with pytest.raises(ChainError, match="another chain with the same number"):
        Contracts(network.client, elsewhere).check_chain()
    contracts.check_chain()
    with pytest.raises(ChainError) as polygon:
        deploy(network.client, network.deployer_key, dataclasses.replace(_parameters(), network=NETWORKS["polygon"]))
    assert polygon.value.code == "chain.wrong_chain"


def test_broadcast__again__changes_nothing(network):
    client, contracts = network.client, network.contracts
    call = contracts.tuner_transfer(network.wallet, 5)
    treasury_key = network.anvil.keys[8]
    sender = address_of(treasury_key)
    prices = {"chain_id": network.book.chain_id, "gas_limit": 100_000, "fees": suggest_fees(client)}
    signed = sign_call(call, private_key=treasury_key, nonce=client.nonce(sender), **prices)
    assert signed == sign_call(call, private_key=treasury_key, nonce=signed.nonce, **prices)
    assert not client.knows_transaction(signed.tx_hash)
    for _ in range(3):
        broadcast(client, signed.raw, signed.tx_hash)
    assert client.receipt(signed.tx_hash).succeeded
    assert contracts.tuner_balance(network.wallet) == 5
    rival = sign_call(contracts.tuner_transfer(network.wallet, 6), private_key=treasury_key, nonce=signed.nonce, **prices)
    with pytest.raises(ChainError) as taken:
        broadcast(client, rival.raw, rival.tx_hash)
    assert taken.value.code == "chain.nonce_taken"


def test_client__nobody_there__is_unreachable_and_retryable():
    with pytest.raises(ChainUnreachable) as refused:
        RpcClient("http://127.0.0.1:9", timeout_s=1).block_number()
    assert refused.value.retryable
    with pytest.raises(ChainUnreachable):
        LightClient("http://127.0.0.1:9", timeout_s=1).block_number()
    with pytest.raises(ConfigurationError, match="not an http"):
        LightClient("file:///etc/passwd")


def test_client__strange_block_or_contract__says_so(anvil):
    with pytest.raises(ChainError) as unknown:
        anvil.client.block("0x" + "12" * 32)
    assert unknown.value.code == "chain.block_unknown"
    assert anvil.client.find_block(10**6) is None
    assert anvil.client.call(Call("0x" + "12" * 20, b"\x01\x02\x03\x04")) == b""
    with pytest.raises(ChainError, match="no_such_method") as refused:
        anvil.client.call_rpc("no_such_method")
    assert not refused.value.retryable


def test_light__same_answers_as_the_client(network):
    light, client = LightClient(network.anvil.url), network.client
    assert (light.chain_id(), light.genesis_hash()) == (31337, client.genesis_hash())
    head = client.block()
    assert light.block_hash(head.number) == head.hash
    assert light.block_hash(head.number + 100) is None
    assert light.call(network.book.ct02, bytes.fromhex("18160ddd")) == bytes(32)
    assert light.logs_of_block(client.block(network.book.deploy_block).hash, network.book.tuner)
    network.mine(100)
    assert light.finalized_number() is not None


def test_reads__pinned_to_a_block__do_not_move(network):
    leaf = network.leaf(NODE, KG)
    before = network.client.block()
    network.report([leaf])
    assert network.contracts.head_epoch(block=before.number) == 0
    assert network.contracts.head_epoch(block=before.hash) == 0
    assert network.contracts.head_epoch(block="latest") == 1


def _parameters(**changes) -> DeployParameters:
    somebody = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    values = {
        "network": NETWORKS["local"], "owner": somebody, "registrar": somebody, "guardian": somebody,
        "treasury": somebody, "factor_set": "0x" + "fa" * 32,
    }  # fmt: skip
    return DeployParameters(**values | changes)


def test_plan__asked_twice__is_the_same_and_needs_no_chain():
    somebody = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    first = plan(_parameters(), deployer=somebody, first_nonce=7)
    assert first == plan(_parameters(), deployer=somebody, first_nonce=7)
    assert [step.what for step in first.steps][:2] == ["create TunerToken", "create NodeRegistry"]
    assert first.contracts != plan(_parameters(), deployer=somebody, first_nonce=8).contracts
    with pytest.raises(ConfigurationError, match="exceed the supply"):
        _parameters(pool=10**27 + 1)


def test_book__saved_and_loaded__is_the_same(network, tmp_path):
    path = tmp_path / "deep" / "book.json"
    network.book.save(path)
    assert AddressBook.load(path) == network.book
    damaged = json.loads(path.read_text()) | {"contracts": {}}
    path.write_text(json.dumps(damaged))
    with pytest.raises(ConfigurationError, match="names no ct02"):
        AddressBook.load(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        AddressBook.load(tmp_path / "none.json")


def test_deploy__figures__stakes_pool_and_roles_are_as_asked(network):
    contracts, book = network.contracts, network.book
    assert contracts.tuner_supply() == 10**27
    assert contracts.tuner_balance(book.poce) == 400_000_000 * TUNER_UNIT
    assert contracts.tuner_balance(book.validator_set) == 1_000_000 * TUNER_UNIT
    assert contracts.tuner_balance(book.parameters["treasury"]) == 599_000_000 * TUNER_UNIT
    assert contracts.is_minter(book.poce)
    assert contracts.registrar() == address_of(network.registrar_key)
    assert contracts.factor_set_at(0) == book.parameters["factor_set"]
    assert contracts.provider_allowed("aws")
    assert not contracts.provider_allowed("oci")
    assert contracts.window_s() == book.window_s
    assert contracts.validators().total_stake == 1_000_000 * TUNER_UNIT
