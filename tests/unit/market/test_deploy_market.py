"""The plan of the contracts around the core, and the split of the supply."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from cloudtuner.errors import ConfigurationError
from tokens.chain import artifacts, deploy_market
from tokens.chain.abi import decode_values
from tokens.chain.book import NAMES
from tokens.chain.deploy import SUPPLY, created_address
from tokens.chain.genesis import grants, read_shares, share_named, shares
from tokens.chain.networks import NETWORKS, TUNER_UNIT

DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ROLES = {"team": "0x" + "0a" * 20, "backers": "0x" + "0b" * 20, "ecosystem": "0x" + "0c" * 20}


def _parameters(network: str = "polygon", **changes) -> deploy_market.MarketParameters:
    core = {name: "0x" + f"{place + 1:02x}" * 20 for place, name in enumerate(NAMES)}
    values = {
        "network": NETWORKS[network], "core": core, "guardian": "0x" + "99" * 20, "poster": "0x" + "98" * 20,
        "dollar": "0x" + "d0" * 20, "v4_manager": "0x" + "f4" * 20, "grants": grants(ROLES),
    }  # fmt: skip
    return deploy_market.MarketParameters(**{**values, **changes})


def test_plan__same_inputs__gives_the_same_addresses_and_the_hook_its_flags():
    first, again = (deploy_market.plan(_parameters(), deployer=DEPLOYER, first_nonce=40, now=1_800_000_000) for _ in range(2))
    assert first == again
    known = deploy_market.addresses(deployer=DEPLOYER, first_nonce=40)
    assert {name: first.contracts[name] for name in known} == known
    assert int(first.contracts["fee_hook"], 16) & 0x3FFF == deploy_market.HOOK_FLAGS
    assert set(first.contracts) | {"grant"} == set(artifacts.AROUND)
    assert len(first.steps) == 7 + len(first.grants) == 10
    creations = [step for step in first.steps if step.creates]
    assert len({step.creates for step in creations}) == len(creations) == 9


def test_plan__without_uniswap_v4__makes_no_desk_and_no_hook():
    made = deploy_market.plan(_parameters(v4_manager=None, grants=()), deployer=DEPLOYER, first_nonce=0, now=0)
    assert {"pool_desk", "fee_hook"}.isdisjoint(made.contracts)
    assert len(made.steps) == 5


def _arguments(step):
    """What a creation hands to its constructor, by the types that the compiler told."""
    artifact = artifacts.load(step.what.split()[1])
    (constructor,) = (entry for entry in artifact.abi if entry["type"] == "constructor")
    types = [artifacts.type_of(item) for item in constructor["inputs"]]
    return decode_values(types, step.init_code[len(artifact.bytecode) :])


def test_plan__without_an_owner__gives_all_to_the_timelock():
    made = deploy_market.plan(_parameters(grants=()), deployer=DEPLOYER, first_nonce=0, now=0)
    owned = [step for step in made.steps if step.name in ("price_feed", "floor_reserve", "burner")]
    assert {int(_arguments(step)[0], 16) for step in owned} == {int(made.contracts["timelock"], 16)}
    assert len(owned) == 3


def test_plan__limits_and_times__are_in_units_of_the_dollar_and_in_seconds():
    parameters = _parameters(dollar_decimals=8, floor_daily_dollars=2_000, buyback_dollars=3_000)
    made = deploy_market.plan(parameters, deployer=DEPLOYER, first_nonce=40, now=1_800_000_000)
    step = {step.name: step for step in made.steps}
    assert _arguments(step["burner"])[-2:] == (600, (3_600, 1_800, 300, 3_000 * 10**8, 100_000 * 10**18))
    assert _arguments(step["floor_reserve"])[-1] == 2_000 * 10**8
    assert _arguments(step["timelock"])[0] == 2 * 86_400
    assert int(_arguments(step["pool_desk"])[0], 16) == int(parameters.v4_manager, 16)
    beneficiary, start, duration, cliff = _arguments(step["grant:backers"])
    assert (int(beneficiary, 16), start, duration, cliff) == (
        int(ROLES["backers"], 16),
        1_800_000_000,
        1_096 * 86_400,
        365 * 86_400,
    )
    for name, place in made.grants.items():
        nonce = 40 + made.steps.index(step[f"grant:{name}"])
        assert place == step[f"grant:{name}"].creates == created_address(DEPLOYER, nonce)


def test_constructors__argument_types__are_the_contracts():
    for name, types in deploy_market._CONSTRUCTORS.items():
        entry = next(e for e in artifacts.load(artifacts.AROUND[name]).abi if e["type"] == "constructor")
        assert tuple(artifacts.type_of(item) for item in entry["inputs"]) == types


def test_pace__public_networks__leave_days_and_half_hours():
    for name, network in NETWORKS.items():
        times = _parameters(name).times
        local = network.chain_id == 31337
        assert (times.timelock >= 2 * 86_400) != local
        assert (times.twap >= 1800) != local


def test_genesis__shares__are_the_whole_supply():
    assert sum(share.amount for share in shares()) == SUPPLY
    assert share_named("rewards").amount == 400_000_000 * TUNER_UNIT
    assert share_named("team").amount == 150_000_000 * TUNER_UNIT
    assert {grant.name: grant.cliff_days for grant in grants(ROLES)} == {"team": 365, "backers": 365, "ecosystem": 0}
    with pytest.raises(ConfigurationError, match="team"):
        grants({"backers": "0x", "ecosystem": "0x"})


@pytest.mark.parametrize(
    ("place", "change", "why"),
    [
        (0, {"amount": "1"}, "add up to 600000001"),
        (0, {"to": "me"}, "goes to none of"),
        (0, {"name": "team"}, "a name stands twice"),
        (2, {"days": 0, "cliff_days": 0}, "have days"),
        (0, {"days": 3}, "have days"),
        (2, {"cliff_days": 9999}, "longer than its grant"),
    ],
)
def test_genesis__a_fault__is_refused_by_its_name(place, change, why):
    value = _genesis()
    value["shares"][place] |= change
    with pytest.raises(ConfigurationError, match=why) as refused:
        read_shares(value)
    assert refused.value.code == "chain.genesis"


def test_genesis__of_another_version__is_refused():
    with pytest.raises(ConfigurationError, match="version 2"):
        read_shares(_genesis() | {"version": 2})


def _genesis():
    return json.loads((resources.files("tokens.contracts") / "genesis.json").read_text(encoding="utf-8"))
