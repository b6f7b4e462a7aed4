"""The contracts around the core: Python spells their calls and events as they do, and every refusal is a sentence."""

from __future__ import annotations

import inspect
import re

from emissions.poce.airdrop import RETRO_LEAF_TYPES, ROUND_STRUCT
from tokens.chain import airdrop, artifacts, governance, refusals, refusals_around
from tokens.chain.abi import topic
from tokens.market import buyback, feed, v4

AROUND = (*artifacts.AROUND.values(), "CarbonAirdrop")
OURS = ("Carbon", "Floor", "Buyback", "Twap", "FeeShare", "PoolDesk", "TunerGovernor", "TunerTimelock")


def _signatures(kind: str) -> dict[str, set[str]]:
    return {
        contract: {artifacts.signature_of(entry) for entry in artifacts.load(contract).abi if entry["type"] == kind}
        for contract in AROUND
    }


def test_calls__every_signature_in_python__is_a_function_of_the_contract():
    known = _signatures("function")
    for module, contracts in (
        (airdrop, ("CarbonAirdrop",)),
        (governance, ("TunerGovernor",)),
        (feed, ("CarbonPriceFeed", "FloorReserve")),
        (buyback, ("BuybackBurner",)),
        (v4, ("PoolDesk",)),
    ):
        every = set().union(*(known[contract] for contract in contracts))
        text = inspect.getsource(module)
        for name in ("ROUND", "LEAF", "KEY", "_CALLS"):
            text = text.replace("{" + name + "}", str(getattr(module, name, "")))
        for name in ("queue", "execute", "cancel"):  # one line spells all three
            text += f'"{name}({governance._CALLS},bytes32)"' if module is governance else ""
        found = set(re.findall(r'"([a-z][A-Za-z0-9]*\([a-z0-9,()\[\]]*\))"', text))
        elsewhere = {
            "balanceOf(address)", "delegate(address)", "initialize((address,address,uint24,int24,address),uint160)",
            "extsload(bytes32)",
        }  # fmt: skip
        assert found - elsewhere <= every, (module.__name__, found - elsewhere - every)
        assert len(found) >= 4, module.__name__


def test_events__topics_in_python__are_the_contracts():
    known = {topic(signature) for signatures in _signatures("event").values() for signature in signatures}
    assert {buyback.BOUGHT_EVENT, buyback.SOLD_EVENT, v4.SHARED_EVENT, governance._CREATED} <= known


def test_structs__of_the_airdrop__are_the_protocols():
    fields = "(" + ",".join(re.findall(r"[(,](\w+) ", ROUND_STRUCT)) + ")"
    assert fields == airdrop.ROUND
    assert "(" + ",".join(RETRO_LEAF_TYPES) + ")" == airdrop.LEAF


def test_flags__of_the_feed__are_the_contracts():
    source = (artifacts.resources.files("tokens.contracts") / "src" / "CarbonPriceFeed.sol").read_text(encoding="utf-8")
    told = {name: int(value) for name, value in re.findall(r"uint8 public constant FLAG_(\w+) = (\d+);", source)}
    assert told == {why.name: why.value for why in feed.Why}


def test_refusals__every_error_of_ours__has_a_sentence_with_its_arguments():
    known = {entry["name"]: entry for contract in AROUND for entry in artifacts.load(contract).abi if entry["type"] == "error"}
    for name, entry in known.items():
        if name.startswith(OURS):
            assert refusals_around.TEXTS[name].format(**{item["name"]: 0 for item in entry["inputs"]}), name
    for name, text in refusals_around.TEXTS.items():
        assert text.format(**{item["name"]: 0 for item in known[name]["inputs"]}), name
    assert not set(refusals.TEXTS) & set(refusals_around.TEXTS)


def test_artifacts__deployed_code__fits_the_chain():
    for contract in AROUND:
        assert len(artifacts.load(contract).bytecode) < 2 * 24_576, contract
