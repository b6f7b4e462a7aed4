"""Does a second platform on the same folder leave the first one alone?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cloudtuner.embedded.process import claim
from cloudtuner.embedded.supervisor import ENVIRONMENT, Supervisor
from cloudtuner.errors import ConfigurationError


def test_start__another_runs_on_the_folder__is_refused_and_touches_nothing(tmp_path: Path) -> None:
    lock = claim(tmp_path / "lock")
    assert lock is not None
    for name in ("run.json", ENVIRONMENT):
        (tmp_path / name).write_text("of the first")
    second = Supervisor(data_dir=tmp_path, say=lambda text: None)
    try:
        with pytest.raises(ConfigurationError) as refused:
            second.start()
        assert refused.value.code == "embedded.running"
        second.stop()
        assert sorted(path.name for path in tmp_path.iterdir()) == [ENVIRONMENT, "lock", "run.json"]
    finally:
        os.close(lock)


def test_claim__given_back__can_be_had_again(tmp_path: Path) -> None:
    first = claim(tmp_path / "lock")
    assert first is not None
    assert claim(tmp_path / "lock") is None
    os.close(first)
    second = claim(tmp_path / "lock")
    assert second is not None
    os.close(second)


def test_environment__part_set_to_nothing__is_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtuner.embedded.secrets import Keyring

    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("RPC_URL", "http://127.0.0.1:9")
    found = Supervisor(data_dir=tmp_path)._environment(Keyring(tmp_path / "keys"))
    assert "DATABASE_URL" not in found
    assert found["RPC_URL"] == "http://127.0.0.1:9"
