"""`cloudtuner-node once` signs what bills say, once, and loses nothing when it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from emissions.engine.recompute import recompute
from emissions.engine.work import weigh
from emissions.grid.catalog import load_factor_set
from emissions.node.spool import SignedReport
from emissions.poce.canonical import read_canonical
from emissions.poce.eip712 import Domain
from emissions.poce.keys import address_of, recover
from emissions.poce.report import report_faults

from .conftest import KEY, NETWORK, NODES

DOMAIN = Domain(NETWORK["chain_id"], NETWORK["contracts"]["node_registry"])


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("0*.json"))}


def _reports(folder: Path) -> list[SignedReport]:
    return [SignedReport.from_json(read_canonical(data)) for data in _files(folder).values()]


def test_once__sample_bill__reports_follow_from_their_lines_and_are_signed(bills, command, run, tmp_path):
    done = run(command(bills.first.path, out=tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    signed = _reports(tmp_path / "out")
    assert (
        [json.loads(line)["node"] for line in done.stdout.splitlines()]
        == [item.report.node for item in signed]
        == list(NODES.values())
    )
    factors = load_factor_set()
    for item in signed:
        assert report_faults(item.report, item.lines, recompute(item.lines, factors), weigh(item.lines, factors)) == []
        assert recover(item.report.digest(DOMAIN), item.signature) == address_of(KEY)
        assert (item.report.seq, item.report.state) == (1, 2)


def test_once__spooled_files__hold_no_account_id_cost_or_resource(bills, command, run, tmp_path):
    assert run(command(bills.first.path, out=tmp_path / "out")).returncode == 0
    for data in _files(tmp_path / "out").values():
        for secret in (*NODES, b"900011112222", b"aravali", b"cost", b"arn:"):
            assert (secret.encode() if isinstance(secret, str) else secret) not in data


@pytest.mark.slow
def test_once__open_then_invoiced_then_restated__each_says_its_state_and_chains(bills, command, run, tmp_path):
    out = tmp_path / "out"
    for bill in (bills.uninvoiced, bills.first, bills.first, bills.second, bills.following):
        assert run(command(bill.path, out=out)).returncode == 0
    chain = [item.report for item in _reports(out) if item.report.node == NODES["110022003300"]]
    assert [report.seq for report in chain] == [1, 2, 3, 4]
    assert [report.state for report in chain] == [0, 2, 2, 2]
    assert [report.prev for report in chain[1:]] == [report.report_hash(DOMAIN) for report in chain[:-1]]
    assert chain[0].hour_from == chain[1].hour_from == chain[2].hour_from < chain[3].hour_from


def test_once__first_hour_inside_the_month__earlier_hours_do_not_count(bills, command, run, tmp_path):
    hour = 491_700
    words = [word.replace("a1" * 32, "a1" * 32 + f"@{hour}") for word in command(bills.first.path, out=tmp_path / "out")]
    assert run(words).returncode == 0
    report = next(item for item in _reports(tmp_path / "out") if item.report.node == NODES["110022003300"])
    assert report.report.hour_from == hour
    assert report.lines.lines[0][0] >= hour


@pytest.mark.slow
def test_once__two_deliveries_given_again__adds_nothing(bills, command, run, tmp_path):
    words = command(bills.first.path, bills.second.path, out=tmp_path / "out")
    assert run(words).returncode == 0
    before = _files(tmp_path / "out")
    assert run(words).stdout == ""
    assert _files(tmp_path / "out") == before


@pytest.mark.slow
def test_once__killed_at_any_moment_and_run_again__same_files_as_undisturbed(bills, command, run, tmp_path):
    whole = tmp_path / "whole"
    started = time.monotonic()
    subprocess.run(command(bills.first.path, bills.second.path, out=whole), check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - started
    broken = tmp_path / "broken"
    for part in (0.55, 0.75, 0.9):
        process = subprocess.Popen(
            command(bills.first.path, bills.second.path, out=broken), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(timeout=took * part)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    done = run(command(bills.first.path, bills.second.path, out=broken))
    assert done.returncode == 0, done.stderr
    assert _files(broken) == _files(whole)


def test_once__handed_in__each_report_once_and_marked(bills, command, run, host, tmp_path):
    words = command(bills.first.path, url=host.url)
    assert run(words).returncode == 0
    assert run(words).returncode == 0
    assert [body["report"]["node"] for body in host.posted] == list(NODES.values())
    assert sorted(path.name for path in (tmp_path / "spool").rglob("*.json")) == ["00000001.sent.json"] * 2


def test_once__host_down_for_a_moment__tries_again(bills, command, run, host):
    host.planned = [503, 500]
    done = run(command(bills.first.path, url=host.url), "--patience", "30")
    assert done.returncode == 0, done.stderr
    assert len(host.posted) == 2


def test_once__host_away__keeps_the_reports_and_sends_them_later(bills, command, run, host, tmp_path):
    host.planned = [503] * 50
    done = run(command(bills.first.path, url=host.url), "--patience", "0.1")
    assert done.returncode == 75
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / "spool").rglob("00000001.json"))) == 2
    host.planned = []
    assert run(command(url=host.url)).returncode == 0
    assert len(host.posted) == 2


@pytest.mark.parametrize(("status", "told"), [(409, "report.seq"), (302, "http.302")])
def test_once__host_refuses__says_why_and_keeps_the_report(bills, command, run, host, tmp_path, status, told):
    host.planned = [status]
    done = run(command(bills.first.path, url=host.url))
    assert done.returncode == 1
    assert told in done.stderr
    assert (tmp_path / "spool" / NODES["110022003300"] / "00000001.json").exists()


def test_once__accepted_but_killed_before_the_mark__hands_in_again_without_harm(bills, command, run, host, tmp_path):
    assert run(command(bills.first.path, url=host.url)).returncode == 0
    for path in (tmp_path / "spool").rglob("*.sent.json"):
        path.rename(path.with_name("00000001.json"))
    assert run(command(url=host.url)).returncode == 0
    assert host.posted[0] == host.posted[2]


def test_once__spool_lost__continues_after_the_hosts_head(bills, command, run, host):
    host.heads[NODES["110022003300"]] = (4, "0x" + "44" * 32)
    assert run(command(bills.first.path, url=host.url)).returncode == 0
    report = next(body["report"] for body in host.posted if body["report"]["node"] == NODES["110022003300"])
    assert (report["seq"], report["prev"]) == (5, "0x" + "44" * 32)


def test_once__node_bound_to_another_key__nothing_signed(bills, command, run, host, tmp_path):
    host.key = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    done = run(command(bills.first.path, url=host.url))
    assert done.returncode == 2
    assert "node.other_key" in done.stderr
    assert not list((tmp_path / "spool").rglob("*.json"))


def test_once__bill_that_cannot_be_read__says_where_and_writes_nothing(command, run, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"")
    done = run(command(bad, out=tmp_path / "out"))
    assert done.returncode == 2
    assert "bad.csv" in done.stderr
    assert not list((tmp_path / "out").rglob("*.json"))


def test_once__folder_that_is_a_file__says_so_without_a_traceback(bills, command, run, tmp_path):
    (tmp_path / "out").write_bytes(b"")
    done = run(command(bills.first.path, out=tmp_path / "out"))
    assert done.returncode == 2
    assert f"{tmp_path / 'out'}" in done.stderr
    assert "[node.disk]" in done.stderr


def test_once__second_process_on_the_same_spool__refused(bills, command, run, tmp_path):
    from emissions.node.spool import Spool

    with Spool(tmp_path / "out").lock():
        done = run(command(bills.first.path, out=tmp_path / "out"))
    assert done.returncode == 2
    assert "spool.locked" in done.stderr
