"""Do the forge tests notice a wrong line? Each mutant changes a line of quorum, tree, stake or books; some test must fail.

And what of our contracts the tests reach: at least 95 of 100 branches. Both compile everything again, so they are deep.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tokens.contracts import build

pytestmark = pytest.mark.deep

ROOT = Path(__file__).resolve().parents[2]

# A file, a piece of it, and what it becomes.
MUTANTS = [
    ("libraries/Quorum.sol", "uint256(agreed) * 3 > uint256(totalStake) * 2", "uint256(agreed) * 3 >= uint256(totalStake) * 2"),
    ("libraries/Quorum.sol", "uint256(agreed) * 3 > uint256(totalStake) * 2", "uint256(agreed) * 2 > uint256(totalStake)"),
    ("libraries/Quorum.sol", "&& signers * 2 >= count", ""),
    ("libraries/Quorum.sol", "signers * 2 >= count", "signers * 2 > count"),
    ("libraries/Quorum.sol", "if (signer <= previous)", "if (signer < previous)"),
    ("ValidatorSet.sol", "agreed += uint96(member);", "agreed = uint96(member);"),
    ("ValidatorSet.sol", "|| id < floorSetId ", ""),
    ("ValidatorSet.sol", "if (member >> 96 != uint160(signer)) revert ValidatorSetNotMember(signer);", ""),
    ("PoCE.sol", "keccak256(bytes.concat(keccak256(abi.encode(leaf))))", "keccak256(abi.encode(leaf))"),
    ("PoCE.sol", "if (!MerkleProof.verifyCalldata(proof, root, leafHash(leaf))) revert PoCEBadProof(leaf.node);", ""),
    ("PoCE.sol", "header.ceilingUg - previousCeiling > capUg", "false"),
    ("bases/EpochRing.sol", "if (next.number == epoch + 1 && _isFinal(next)) revert PoCENotNewest(epoch);", ""),
    ("bases/EpochRing.sol", "block.timestamp >= uint256(record.reportedAt) + window", "block.timestamp >= record.reportedAt"),
    ("bases/PayBook.sol", "if (leaf.cumUg > paid.ug) ug = leaf.cumUg - paid.ug;", "ug = leaf.cumUg;"),
    ("bases/PayBook.sol", "if (ug > available) revert PoCENoHeadroom(ug, available);", ""),
    ("bases/PayBook.sol", "_left -= owed;", ""),
    ("libraries/Quorum.sol", "length == 0 || signatures.length % SIGNATURE_LENGTH != 0", "length == 0"),
    (
        "libraries/Quorum.sol", "length == 0 || signatures.length % SIGNATURE_LENGTH != 0",
        "signatures.length % SIGNATURE_LENGTH != 0",
    ),
    ("ValidatorSet.sol", "mask |= uint32(1 << (place - 2));", "mask |= uint32(1 << (place - 1));"),
    ("ValidatorSet.sol", "|| lapsed", ""),
    ("ValidatorSet.sol", "while (place != 1 && words[place - 1] > member)", "while (false)"),
    ("ValidatorSet.sol", "floorSetId = setId;", ""),
    ("ValidatorSet.sol", "msg.sender != staker && (signer != staker || _exits[staker].amount != 0)", "false"),
    ("ValidatorSet.sol", "(signer != staker || _exits[staker].amount != 0)", "signer != staker"),
    ("PoCE.sol", "_requireLeaf(root, other, otherProof);", ""),
    ("PoCE.sol", "_requireLeaf(_standing(earlier).root, earlierLeaf, earlierProof);", ""),
    ("PoCE.sol", "uint256(window_) + validatorSet.setGrace() >=", "uint256(window_) >="),
    ("PoCE.sol", "digestA == digestB || ", ""),
    ("CarbonAirdrop.sol", "keccak256(bytes.concat(keccak256(abi.encode(leaf))))", "keccak256(abi.encode(leaf))"),
    ("CarbonAirdrop.sol", "leaves.length == 0 || ", ""),
    ("CarbonAirdrop.sol", "leaf.hourThrough >= firstHour", "leaf.hourThrough > firstHour"),
    ("CarbonAirdrop.sol", "if (leaf.ug > capUg) revert CarbonAirdropLeafOverCap(leaf.node, leaf.ug, capUg);", ""),
    ("CarbonAirdrop.sol", "if (msg.sender != leaf.wallet)", "if (false)"),
    ("CarbonAirdrop.sol", "if (leaf.hourThrough + 1 != paid.hourFrom) _requireWallet(leaf);", ""),
    ("CarbonAirdrop.sol", "_vetoed[record.digest] = true;", ""),
    ("CarbonAirdrop.sol", "if (ug > left) revert CarbonAirdropExhausted(ug, left);", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contracts and their tests in a folder of their own, with the same node_modules."""
    folder = tmp_path_factory.mktemp("mutants")
    shutil.copytree(
        build.HERE, folder / "tokens" / "contracts", ignore=shutil.ignore_patterns("out", "cache", "__pycache__", "artifacts")
    )
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def _forge(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "node_modules" / ".bin" / "forge", *arguments, "--root", folder, "--threads", "1"],
        check=False,
        env={
            "FOUNDRY_CONFIG": "tokens/contracts/foundry.toml", "PATH": os.environ["PATH"], "NO_COLOR": "1",
            "FOUNDRY_FUZZ_RUNS": "16", "FOUNDRY_INVARIANT_RUNS": "4", "FOUNDRY_DENY": "never",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1800,
    )  # fmt: skip


def test_mutants__each_wrong_line__is_noticed(copy):
    survived = []
    for file, line, wrong in MUTANTS:
        path = copy / "tokens" / "contracts" / "src" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(line) == 1, f"{file} has {text.count(line)} times: {line}"
        path.write_text(text.replace(line, wrong), encoding="utf-8")
        done = _forge(copy, "test", "--match-contract", "^(PoCE|Challenges|Rewards|ValidatorSet|Votes|CarbonAirdrop)Test$")
        path.write_text(text, encoding="utf-8")
        assert "Compilation failed" not in done.stdout + done.stderr, f"{file}: {wrong or 'removed'} does not compile"
        if done.returncode == 0:
            survived.append((file, line, wrong))
    assert not survived, survived


def test_coverage__branches_of_our_contracts__ninety_five_of_a_hundred(copy):
    done = _forge(copy, "coverage", "--report", "summary")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    rows = re.findall(r"\| tokens/contracts/src/\S+ +\|[^|]+\|[^|]+\| *[\d.]+% \((\d+)/(\d+)\)", done.stdout)
    assert len(rows) >= 12
    reached, all_branches = (sum(int(row[place]) for row in rows) for place in (0, 1))
    assert reached >= 0.95 * all_branches, f"{reached} of {all_branches} branches"
