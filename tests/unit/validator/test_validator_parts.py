"""Votes are recorded once, configs refused whole, and a stop is heard at once."""

from __future__ import annotations

import json
import multiprocessing
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cloudtuner.errors import ConfigurationError
from emissions.poce.hexes import to_hex
from emissions.poce.live import LiveReport
from emissions.poce.node_id import node_id
from tokens.validator.config import load_config
from tokens.validator.store import Store

GENESIS = "0x" + "9e" * 32


def test_vote__second_digest_of_one_epoch_and_set__refused_for_ever(tmp_path):
    store = Store(tmp_path, genesis_hash=GENESIS)
    assert store.vote(1, 4) is None
    assert store.claim_vote(1, 4, "0xaa")
    assert store.claim_vote(1, 4, "0xaa")
    assert not store.claim_vote(1, 4, "0xbb")
    again = Store(tmp_path, genesis_hash=GENESIS)
    assert not again.claim_vote(1, 4, "0xbb")
    assert again.vote(1, 4) == "0xaa"
    assert again.claim_vote(1, 5, "0xbb")  # another validator set: the contract wants the epoch signed anew
    assert Store(tmp_path, genesis_hash="0x" + "11" * 32).vote(1, 4) is None  # another chain


def test_round_vote__vetoed__may_be_another_and_the_old_one_stays_on_record(tmp_path):
    store = Store(tmp_path / "not" / "yet", genesis_hash=GENESIS)
    assert store.claim_round_vote(1, 4, "0xaa")
    store.lay_aside_round_vote(1, 4, "0xbb")
    assert not store.claim_round_vote(1, 4, "0xcc")
    store.lay_aside_round_vote(1, 4, "0xaa")
    assert store.claim_round_vote(1, 4, "0xcc")
    with store._open() as database:
        assert database.execute("SELECT round, set_id, digest FROM vetoed_round_votes").fetchall() == [(1, 4, "0xaa")]


def test_store__opened__writes_a_vote_to_the_disk_before_it_goes_on(tmp_path):
    with Store(tmp_path, genesis_hash=GENESIS)._open() as database:
        asked = {name: database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")}
    assert asked == {"synchronous": 2, "journal_mode": "wal"}


def _claim(folder: Path, number: int, results) -> None:
    results.put(Store(folder, genesis_hash=GENESIS).claim_vote(7, 1, f"0x{number}"))


@pytest.mark.slow
def test_vote__four_processes_with_four_digests__one_wins(tmp_path):
    Store(tmp_path, genesis_hash=GENESIS)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_claim, args=(tmp_path, number, results)) for number in range(4)]
    for process in processes:
        process.start()
    won = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    results.close()
    results.join_thread()
    assert sorted(won) == [False] * 3 + [True]


def test_store__verified_report__known_for_its_node_only(tmp_path):
    store = Store(tmp_path, genesis_hash=GENESIS)
    report = LiveReport("0xaa", 1, 2, 3, -(10**30), 0, 10**30, -(10**29), 9_731, "0xfa", "0xe1")
    store.remember("0x01", report)
    store.remember("0x01", report)
    assert store.verified("0x01", ["0xaa", "0xbb"]) == {"0xaa": report}
    assert store.verified("0x02", ["0xaa"]) == {}


def test_store__bundle__kept_by_hash(tmp_path):
    store = Store(tmp_path, genesis_hash=GENESIS)
    store.keep_bundle("0xaa", 1, b"bytes")
    assert store.bundle("0xaa") == b"bytes"
    assert store.bundle("0xbb") is None


def _write(folder: Path, **change) -> Path:
    base = {
        "service_url": "http://127.0.0.1:1",
        "rpc_url": "http://127.0.0.1:1",
        "address_book": "book.json",
        "key_file": "key",
        "data_dir": "data",
    }
    path = folder / "config.json"
    path.write_text(json.dumps({**base, **change}))
    return path


def test_config__relative_paths__stand_beside_the_file(tmp_path):
    config = load_config(_write(tmp_path, poll_seconds=1))
    assert config.key_file == tmp_path / "key"
    assert config.poll_seconds == 1


def test_config__many_faults__told_together(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load_config(_write(tmp_path, poll_seconds=0, metrics_port=99999, key_file="", secret="x", plain_http="yes"))
    for name in ("poll_seconds", "metrics_port", "key_file", "secret", "plain_http"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("poll_seconds", 0.1, 0),
        ("poll_seconds", 3600, 3600.1),
        ("turn_seconds", 3600, True),
        ("metrics_port", 0, -1),
        ("metrics_port", 65_535, 65_536),
        ("metrics_port", 9_000, "9000"),
        ("plain_http", False, 0),
        ("service_url", "http://x", ""),
        ("network_key_file", "key", None),
    ],
)
def test_config__value_at_its_border__is_taken_and_beyond_it_refused_by_name(tmp_path, name, inside, outside):
    found = getattr(load_config(_write(tmp_path, **{name: inside})), name)
    assert found == (tmp_path / inside if name.endswith("_file") else inside)
    with pytest.raises(ConfigurationError, match=f"{name}: "):
        load_config(_write(tmp_path, **{name: outside}))


@pytest.mark.parametrize("text", ["", "[]", "{", "{}"])
def test_config__not_a_config__refused(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    assert caught.value.code == "validator.config"


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "tokens.validator.cli", *map(str, words)]


def test_node_id__guessed_account__named_with_the_network_key(tmp_path):
    key = tmp_path / "network.key"
    key.touch(0o600)
    key.write_text(to_hex(bytes([7]) * 32))
    config = _write(tmp_path, network_key_file="network.key")
    done = subprocess.run(
        _command("node-id", "--config", config, "aws", "111122223333"), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == node_id(bytes([7]) * 32, "aws", "111122223333")


def test_run__address_book_missing__says_where_and_exits_2(tmp_path):
    done = subprocess.run(_command("key", "--out", tmp_path / "key"), capture_output=True, text=True, check=True)
    assert done.stdout.startswith("0x")
    done = subprocess.run(_command("run", "--config", _write(tmp_path)), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "book.json" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_run__chain_that_accepts_and_says_nothing__stops_within_two_seconds_of_sigterm(tmp_path):
    subprocess.run(_command("key", "--out", tmp_path / "key"), stdout=subprocess.DEVNULL, check=True)
    zero = "0x" + "00" * 20
    names = ("ct02", "tuner", "node_registry", "validator_set", "poce", "retirement", "airdrop")
    book = {"version": 1, "chain_id": 31337, "genesis_hash": GENESIS, "deploy_block": 1, "contracts": dict.fromkeys(names, zero)}
    (tmp_path / "book.json").write_text(json.dumps({**book, "parameters": {}}))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            _command("run", "--config", _write(tmp_path, rpc_url=url, metrics_port=0)), stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            told = [json.loads(process.stderr.readline()) for _ in range(2)]
            silent.settimeout(30)
            with silent.accept()[0]:
                with urllib.request.urlopen(f"http://127.0.0.1:{told[0]['port']}/metrics", timeout=10) as answer:
                    assert b"cloudtuner_validator_cycles_total" in answer.read()
                started = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=10) == 0
                assert time.monotonic() - started < 2
