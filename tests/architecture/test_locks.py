"""Whatever setting up installs is named with its version and its hashes, wherever it comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "requirements.lock", *sorted((ROOT / "locks").glob("*.lock"))]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_lock__every_requirement__has_one_version_and_hashes_and_no_address(path):
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,]+\])?==\S+ ", requirement), requirement.splitlines()[0]
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


def test_setup__every_installation__is_from_a_lock_or_of_this_project():
    text = (ROOT / "cloudtuner" / "deploy" / "setup.sh").read_text(encoding="utf-8")
    found = [line.strip() for line in text.splitlines() if "pip install" in line]
    assert len(found) == 4
    for line in found:
        assert re.search(r"--require-hashes -r (\"\$lock\"|locks/\w+\.lock)$", line) or line.endswith(
            "--no-build-isolation -e ."
        ), line


def test_setup__what_builds_the_project__is_in_the_installers_lock():
    needed = re.search(r'^requires = \["(\w+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert needed
    assert re.search(rf"^{needed[1]}==", (ROOT / "locks" / "installer.lock").read_text(encoding="utf-8"), re.MULTILINE)
