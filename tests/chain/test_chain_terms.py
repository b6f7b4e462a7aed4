"""What governance publishes on chain is what sealer and validators pay by."""

from __future__ import annotations

import pytest

from emissions.poce.score import GENESIS_TERMS, RewardTerms
from tokens.chain.abi import encode_call
from tokens.chain.client import Call

pytestmark = pytest.mark.chain

_PUBLISH = "publishRewardTerms(uint64,uint64,uint32,uint32)"


def test_reward_terms__published_for_a_later_hour__count_from_then_on(network):
    contracts = network.contracts
    assert contracts.reward_terms(500_000) == GENESIS_TERMS
    later = contracts.client.block("latest").timestamp // 3600 + 48
    call = Call(contracts.book.node_registry, encode_call(_PUBLISH, (later, 2 * 10**9, 5_000, 7_500)))
    network.send(call, network.deployer_key)
    assert contracts.reward_terms(later - 1) == GENESIS_TERMS
    assert contracts.reward_terms(later) == (*GENESIS_TERMS, RewardTerms(later, 2 * 10**9, 5_000, 7_500))
