"""docs/protocol.md and docs/threat-model.md say what the code does: names, type strings, constants, roles, parameters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tokens.chain import artifacts
from tokens.chain.deploy import DeployParameters
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.contracts import build

DOCS = Path(__file__).resolve().parents[2] / "docs"
SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((build.HERE / "src").rglob("*.sol"))}
# The parts that a contract is made of, and what stands in the part but belongs to the contract.
PARTS = {
    "CT02": ["CT02"],
    "TunerToken": ["TunerToken"],
    "NodeRegistry": ["NodeRegistry", "NetworkRules"],
    "ValidatorSet": ["ValidatorSet", "StakeVotes"],
    "PoCE": ["PoCE", "EpochRing", "PayBook", "MintingGuard"],
    "Retirement": ["Retirement"],
}


@pytest.fixture(scope="module")
def protocol() -> str:
    return (DOCS / "protocol.md").read_text(encoding="utf-8")


def _rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first line begins so."""
    table = text[text.index(heading) :].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_type_strings__every_struct_of_the_protocol__is_hashed_by_a_contract_or_python(protocol):
    structs = re.findall(r"^([A-Z]\w+\((?:\w+ \w+,?)+\))$", protocol, re.MULTILINE)
    assert len(structs) >= 8
    code = "".join(SOURCES.values()) + "".join(
        re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8")) for path in (DOCS.parent / "emissions/poce").glob("*.py")
    )
    for struct in structs:
        assert f'"{struct}"' in code or struct.partition("(")[0] in {"Leaf", "RetroLeaf"}, struct
    ours = "".join(SOURCES[part] for parts in PARTS.values() for part in parts)
    for struct in re.findall(r'keccak256\(\s*"([A-Z]\w+\([^"]+\))"', ours):
        assert struct in structs, f"{struct} is not in docs/protocol.md"


def test_constants__table__is_the_codes_and_whole(protocol):
    told = {(row[1], row[0].strip("`")): row[2] for row in _rows(protocol, "| constant | contract | value |")}
    found = {
        (part, name): value
        for parts in PARTS.values()
        for part in parts
        for name, value in re.findall(r"public constant (\w+) = ([^;]+);", SOURCES[part])
    }
    assert told == found


def test_chains__table__is_the_networks(protocol):
    columns = {"local": 1, "amoy": 2, "arbitrum-sepolia": 2, "polygon": 3, "arbitrum": 3}
    rows = _rows(protocol, "| parameter | local |")
    assert {row[0].strip("`") for row in rows} == {
        name for name in NETWORKS["local"].__dataclass_fields__ if name.endswith("_s") or name == "confirmations"
    }
    for row in rows:
        for network, column in columns.items():
            assert int(row[column]) == getattr(NETWORKS[network], row[0].strip("`")), (row[0], network)


def test_parameters__at_genesis__are_what_is_deployed(protocol):
    somebody = "0x" + "11" * 20
    made = DeployParameters(
        network=NETWORKS["polygon"], owner=somebody, registrar=somebody, guardian=somebody, treasury=somebody,
        factor_set="0x" + "fa" * 32,
    )  # fmt: skip
    told = {row[0].strip("`"): row[1:] for row in _rows(protocol, "| parameter | at genesis | bound |")}
    assert told["NodeRegistry.epochCapUg"][0] == f"10^{len(str(made.epoch_cap_ug)) - 1} µg an epoch"
    assert told["NodeRegistry.nodeHourCapAt"][0] == f"10^{len(str(made.node_hour_cap_ug)) - 1} µg an hour"
    assert told["PoCE.maxTunerPerUg"][0] == f"10^{len(str(made.max_tuner_per_ug)) - 1} base units a µg"
    assert told["ValidatorSet.minStake"][0] == f"{made.min_stake // TUNER_UNIT:,} TUNER"
    book = SOURCES["PayBook"]
    assert told["PoCE.budgetBp"][0] == re.search(r"public budgetBp = (\w+);", book)[1]
    assert told["PoCE.epochFee"][0] == re.search(r"public epochFee = (\d+)e18;", book)[1] + " TUNER"
    assert told["PoCE.submitterRefund"][0] == re.search(r"public submitterRefund = (\d+)e18;", book)[1] + " TUNER"
    assert "unitsPerUg: 1e9, avoidedWeightBp: 10_000, scoreFloorBp: 10_000" in SOURCES["NetworkRules"]
    for name, (_, bound) in told.items():
        contract, _, member = name.partition(".")
        if member:
            assert member in {entry.get("name") for entry in artifacts.load(contract).abi}, name
        for constant in re.findall(r"`([A-Z_]{4,})`", bound):
            assert f" {constant} =" in "".join(SOURCES.values()), constant


def test_roles__table__is_every_guarded_function(protocol):
    rows = _rows(protocol, "| role | may |")
    told = {
        guard: {name for role, may in rows if role.startswith(word) for name in re.findall(r"`(\w+\.\w+)`", may)}
        for guard, word in (("onlyOwner", "owner of"), ("onlyGuardian", "guardian of"))
    }
    for guard, names in told.items():
        found = {
            f"{contract}.{name}"
            for contract, parts in PARTS.items()
            for part in parts
            for name in re.findall(rf"function (\w+)\([^)]*\)\s+external\s+{guard}\b", SOURCES[part])
        }
        assert names == found, names ^ found


def test_threats__every_name__is_in_the_code():
    text = (DOCS / "threat-model.md").read_text(encoding="utf-8")
    code = "".join(SOURCES.values())
    names = set(re.findall(r"`(\w+)`", text)) - {"slither", "reorged"}
    assert len(names) > 30
    missing = {name for name in names if not re.search(rf"\b{name}\b", code)}
    assert not missing, missing
    for kind in ("CT02", "NodeRegistry", "ValidatorSet", "PoCE", "Retirement", "Quorum", "StakeVotes"):
        assert kind in text
