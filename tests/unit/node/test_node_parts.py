"""Key files, accounts, the spool and the host's address refuse what is unsafe."""

from __future__ import annotations

import stat

import pytest

from cloudtuner.errors import CloudTunerError, ConfigurationError
from cloudtuner.keyfile import read_key_file
from emissions.node.network import parse_account
from emissions.node.service import ServiceClient, ServiceUnreachable
from emissions.node.spool import SignedReport, Spool
from emissions.poce.keyfile import write_key
from emissions.poce.keys import address_of
from emissions.poce.lines import StrippedLines
from emissions.poce.report import NodeReport


def test_key__made__is_readable_by_the_owner_only_and_never_overwritten(tmp_path, run):
    path = tmp_path / "folder" / "node.key"
    words = ["cloudtuner-node", "", "", "key", "--out", str(path)]
    assert run(words).stdout.strip() == address_of(read_key_file(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    again = run(words)
    assert again.returncode == 2
    assert "key.exists" in again.stderr
    assert path.read_bytes() == before


def test_key__others_can_read_it__refused(tmp_path):
    path = tmp_path / "key"
    write_key(path)
    path.chmod(0o640)
    with pytest.raises(ConfigurationError) as caught:
        read_key_file(path)
    assert caught.value.code == "key.exposed"
    assert str(caught.value) == f"{path}: others can read this key, its mode is 0640. Run: chmod 600 {path}"


def test_key__damaged__refused_without_telling_its_content(tmp_path):
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text("0xsecretsecret")
    with pytest.raises(ConfigurationError) as caught:
        read_key_file(path)
    assert caught.value.code == "key.invalid"
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text", ["", "1", "1=0xab", "=0x" + "00" * 32, "1=0x" + "AB" * 32, "1=0x" + "00" * 32 + "@", "1=0x" + "00" * 32 + "@x"]
)
def test_account__not_account_and_node__refused(text):
    with pytest.raises(ConfigurationError) as caught:
        parse_account(text)
    assert caught.value.code == "node.account"


@pytest.mark.parametrize("url", ["http://example.org", "http://10.0.0.1:8000"])
def test_service__plain_http_to_another_machine__refused_unless_allowed(url):
    with pytest.raises(ConfigurationError) as caught:
        ServiceClient(url)
    assert caught.value.code == "service.plain_http"
    ServiceClient(url, plain_http=True)


@pytest.mark.parametrize("url", ["ftp://example.org", "file:///etc/passwd", "example.org", "https://", "https://a?b"])
def test_service__not_a_web_address__refused(url):
    with pytest.raises(ConfigurationError):
        ServiceClient(url)


@pytest.mark.parametrize(
    "url", ["https://example.org", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "http://cloudtuner.localhost:1"]
)
def test_service__encrypted_or_local__accepted(url):
    ServiceClient(url)


def test_service__nobody_listens__is_retryable():
    with pytest.raises(ServiceUnreachable) as caught:
        ServiceClient("http://127.0.0.1:1", timeout_s=1).network()
    assert caught.value.retryable


def _signed(seq: int) -> SignedReport:
    word = "0x" + "01" * 32
    report = NodeReport(word, seq, 484296, 485015, 2, 0, word, 0, 0, 0, 0, 0, 0, 0, word, word, word, word, word)
    return SignedReport(report, bytes(65), StrippedLines.collect([]))


def test_spool__seq_taken__refused(tmp_path):
    spool = Spool(tmp_path)
    item = spool.add(_signed(1))
    spool.mark_sent(item)
    with pytest.raises(CloudTunerError) as caught:
        spool.add(_signed(1))
    assert caught.value.code == "spool.seq_taken"
    assert [(found.seq, found.sent) for found in spool.reports(item.node)] == [(1, True)]


def test_spool__damaged_file__named_and_not_handed_in(tmp_path):
    item = Spool(tmp_path).add(_signed(1))
    item.path.write_bytes(item.path.read_bytes()[:-1])
    with pytest.raises(CloudTunerError) as caught:
        item.read()
    assert caught.value.code == "spool.damaged"
    assert str(item.path) in str(caught.value)


def test_spool__half_written_draft__is_not_a_report(tmp_path):
    spool = Spool(tmp_path)
    item = spool.add(_signed(1))
    (item.path.parent / "00000002.part").write_bytes(b"{")
    assert [found.seq for found in spool.reports(item.node)] == [1]
