"""The committed artifacts are what the sources compile to, and Python spells calls as the contracts do."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
from pathlib import Path

import pytest

from emissions.poce.epoch import HEADER_STRUCT, LEAF_TYPES
from emissions.poce.retire import STRUCT as RETIRE_STRUCT
from tokens.chain import artifacts, contracts, decoding, deploy, duties, events, events_airdrop, refusals
from tokens.contracts import build

OURS = ("CT02", "MintingGuard", "NodeRegistry", "PoCE", "Quorum", "Retirement", "ValidatorSet", "WordList")
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_artifacts__compiled_again__are_the_same():
    compiled = build.compile_all()
    for name, artifact in compiled.items():
        path = build.ARTIFACTS / f"{name}.json"
        assert path.read_text(encoding="utf-8") == build.artifact_text(artifact), (
            f"{name}.json is not what the sources compile to: run python -m tokens.contracts.build"
        )
        assert path.stat().st_size < 1_000_000
    assert {path.stem for path in build.ARTIFACTS.glob("*.json")} == set(compiled)


def test_artifacts__deployed_code__fits_the_chain():
    for path in build.ARTIFACTS.glob("*.json"):
        # Init code holds the code that stays, and more: below EIP-170's limit it fits on every chain.
        assert len(artifacts.load(path.stem).bytecode) < 24_576, f"{path.stem} is too large for EIP-170"


def test_source_hash__one_byte_changed__differs():
    sources = build.sources_of("CT02")
    assert "@openzeppelin/contracts/token/ERC20/ERC20.sol" in sources
    changed = dict(sources) | {"src/CT02.sol": sources["src/CT02.sol"] + " "}
    assert build.source_hash(sources) == artifacts.load("CT02").source_hash != build.source_hash(changed)


def _signatures(kind: str) -> dict[str, set[str]]:
    return {
        name: {artifacts.signature_of(entry) for entry in artifacts.load(contract).abi if entry["type"] == kind}
        for name, contract in artifacts.CONTRACTS.items()
    }


def test_events__every_class__is_an_event_of_its_contract():
    known = _signatures("event")
    for kind in (*events.EVENTS, *events_airdrop.AIRDROP_EVENTS):
        shape = decoding.layout(kind.EVENT)
        assert set(shape.names) == set(kind.__dataclass_fields__) - set(events.ChainLog.__dataclass_fields__), kind
        for contract in kind.CONTRACTS:
            assert shape.signature in known[contract], (kind, contract)
            entry = next(
                e for e in artifacts.load(artifacts.CONTRACTS[contract]).abi
                if e["type"] == "event" and artifacts.signature_of(e) == shape.signature
            )  # fmt: skip
            assert tuple(item["indexed"] for item in entry["inputs"]) == shape.indexed


def test_calls__every_signature_in_python__is_a_function_of_a_contract():
    every = set().union(*_signatures("function").values())
    text = inspect.getsource(contracts) + inspect.getsource(deploy) + inspect.getsource(duties)
    text = text.replace("{HEADER}", contracts.HEADER).replace("{LEAF}", contracts.LEAF)
    found = set(re.findall(r'"([a-z][A-Za-z0-9]*\([a-z0-9,()\[\]]*\))"', text))
    assert len(found) >= 40
    assert found <= every, found - every


def test_constructors__argument_types__are_the_contracts():
    for name, types in deploy._CONSTRUCTORS.items():
        entry = next(e for e in artifacts.load(artifacts.CONTRACTS[name]).abi if e["type"] == "constructor")
        assert tuple(artifacts.type_of(item) for item in entry["inputs"]) == types


def test_structs__fields__are_the_protocols():
    assert "(" + ",".join(re.findall(r"[(,](\w+) ", HEADER_STRUCT)) + ")" == contracts.HEADER
    assert "(" + ",".join(LEAF_TYPES) + ")" == contracts.LEAF
    sources = {name: (build.HERE / "src" / f"{name}.sol").read_text() for name in ("PoCE", "Retirement", "NodeRegistry")}
    assert f'"{HEADER_STRUCT}"' in sources["PoCE"]
    assert f'"{RETIRE_STRUCT}"' in sources["Retirement"]


def test_refusals__every_error_of_ours__has_a_sentence_with_its_arguments():
    ours = [
        entry
        for name in artifacts.CONTRACTS.values()
        for entry in artifacts.load(name).abi
        if entry["type"] == "error" and entry["name"].startswith(OURS)
    ]
    assert len(ours) > 45
    for entry in ours:
        text = refusals.TEXTS[entry["name"]]
        assert text.format(**{item["name"]: 0 for item in entry["inputs"]}), entry["name"]
    for name in refusals.TEXTS:
        assert any(
            entry["type"] == "error" and entry["name"] == name
            for contract in artifacts.CONTRACTS.values()
            for entry in artifacts.load(contract).abi
        ), f"{name} is no error of any contract"


@pytest.mark.slow
def test_forge__unit_fuzz_invariant__pass():
    """The short profile, or the deep one in `make test-deep`: 102,400 calls, every invariant asked after each."""
    forge = ROOT / "node_modules" / ".bin" / "forge"
    deep = {"FOUNDRY_PROFILE": os.environ["FOUNDRY_PROFILE"]} if "FOUNDRY_PROFILE" in os.environ else {}
    done = subprocess.run(
        [forge, "test", "--root", ROOT],
        check=False,
        env={"FOUNDRY_CONFIG": "tokens/contracts/foundry.toml", "PATH": os.environ["PATH"], "NO_COLOR": "1"} | deep,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=7200 if deep else 900,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert int(re.search(r"(\d+) tests passed, 0 failed", done.stdout)[1]) >= 235
    walks = re.findall(r"invariant_\w+\(\) \(runs: \d+, calls: (\d+), reverts: (\d+)\)", done.stdout)
    assert len(walks) == 3
    # A test that sets its own runs would shorten the deep profile without anybody noticing.
    assert all(int(calls) >= (100_000 if deep else 1_000) and reverts == "0" for calls, reverts in walks), walks
