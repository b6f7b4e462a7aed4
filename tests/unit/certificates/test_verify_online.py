"""What the outside adds: the block on its chain and the register's record; unreachable is unknown, never valid."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certificates.document.trust import write_trust_file
from certificates.verify import verify
from certificates.verify.cli import main
from certificates.verify.online import RegistryUnreachable, http_registry


class Outside:
    """A chain endpoint and a register on one port of this machine; tests change what they answer."""

    def __init__(self, certificate: Any, genesis: str) -> None:
        receipt = certificate.payload.receipt
        self.url = ""
        self.chain_id, self.genesis, self.head = 31337, genesis, receipt.block_number + 5
        self.blocks = {receipt.block_number: receipt.block_hash}
        self.final: int | None = receipt.block_number
        self.log_tx = receipt.tx_hash
        self.record: dict[str, Any] | None = {
            "certificate_id": certificate.payload.certificate_id,
            "editions": [
                {
                    "edition": 1,
                    "status": "valid",
                    "reason": "",
                    "superseded_by": None,
                    "pdf_sha256": "0x" + hashlib.sha256(certificate.pdf).hexdigest(),
                    "retirement_id": str(receipt.retirement_id),
                }
            ],
        }
        self.register_status = 200
        self.refuses = ""

    def answer(self, path: str, asked: Any) -> tuple[int, Any]:
        if asked is not None and asked["method"] == self.refuses:
            return 200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "not here"}}
        if asked is not None:
            return 200, {"jsonrpc": "2.0", "id": 1, "result": self.rpc(asked["method"], asked["params"])}
        known = self.record is not None and path == f"/verify/{self.record['certificate_id']}.json"
        return (self.register_status, self.record) if known else (404, {"code": "not_found"})

    def rpc(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "eth_blockNumber":
                return hex(self.head)
            case "eth_getBlockByNumber" if params[0] == "finalized":
                return None if self.final is None else {"hash": "0x" + "33" * 32, "number": hex(self.final)}
            case "eth_getBlockByNumber":
                number = int(params[0], 16)
                found = self.genesis if number == 0 else self.blocks.get(number)
                return None if found is None else {"hash": found, "number": params[0]}
            case "eth_getLogs":
                return [{"transactionHash": self.log_tx}] if params[0]["blockHash"] in self.blocks.values() else []
        raise AssertionError(method)


@pytest.fixture
def outside(certificate, trust, serve) -> Outside:
    found = Outside(certificate, trust.genesis_hash)
    found.url = serve(found.answer)
    return found


@pytest.fixture
def look(certificate, trust, outside) -> Callable[..., Any]:
    def findings(**changes: Any) -> Any:
        return verify(certificate.pdf, replace(trust, registry_url=outside.url, **changes), outside.url)

    return findings


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_online__everything_in_order__is_valid(look):
    findings = look()
    assert findings.verdict == "valid"
    assert findings.sentence == "Valid."
    assert {check.state for check in findings.checks} == {"pass"}


@pytest.mark.parametrize(
    ("change", "check_id", "state", "code"),
    [
        ({"chain_id": 1}, "V10", "fail", "chain.other_id"),
        ({"genesis": "0x" + "22" * 32}, "V10", "fail", "chain.other_genesis"),
        ({"blocks": {}}, "V10", "fail", "chain.not_canonical"),
        ({"blocks": {18211: "0x" + "77" * 32}}, "V10", "fail", "chain.not_canonical"),
        ({"head": 18212}, "V10", "unknown", "chain.not_final"),
        ({"log_tx": "0x" + "cd" * 32}, "V10", "fail", "chain.other_transaction"),
        ({"record": None}, "V2", "fail", "registry.unknown_certificate"),
        ({"register_status": 500}, "V13", "unknown", "registry.unreachable"),
    ],
)
def test_online__one_thing_off__is_named(look, outside, change, check_id, state, code):
    for name, value in change.items():
        setattr(outside, name, value)
    findings = look()
    check = findings.check(check_id)
    assert (check.state, check.code) == (state, code)
    assert findings.verdict == ("refused" if state == "fail" else "unknown")


def test_online__block_with_just_the_confirmations_asked_for__is_valid(look, outside):
    outside.head = 18211 + 2
    check = look().check("V10")
    assert (check.state, check.message) == ("pass", "block 18211 is canonical with 2 confirmations.")


def test_online__endpoint_refuses__is_unknown(look, outside):
    outside.refuses = "eth_getLogs"
    check = look().check("V10")
    assert (check.state, check.code) == ("unknown", "chain.refused")


@pytest.mark.parametrize(
    ("final", "state", "words"),
    [(18211, "pass", "canonical"), (18210, "unknown", "final up to block 18210"), (None, "unknown", "does not tell")],
)
def test_online__main_network__is_final_when_the_chain_says_so(look, outside, final, state, words):
    outside.final = final
    check = look(confirmations=0).check("V10")
    assert check.state == state
    assert words in check.message


@pytest.mark.parametrize(
    ("edition", "check_id", "code"),
    [
        ({"status": "revoked", "reason": "reorged", "superseded_by": 2}, "V13", "registry.revoked"),
        ({"status": "superseded", "reason": "restated"}, "V13", "registry.superseded"),
        ({"pdf_sha256": "0x" + "00" * 32}, "V2", "registry.other_file"),
        ({"retirement_id": "8"}, "V14", "registry.other_retirement"),
    ],
)
def test_register__edition_says_otherwise__is_refused(look, outside, edition, check_id, code):
    outside.record["editions"][0].update(edition)
    findings = look()
    assert findings.verdict == "refused"
    assert findings.check(check_id).code == code
    if code == "registry.revoked":
        assert "revoked: reorged; edition 2 took its place" in findings.sentence


def test_register__two_live_editions__is_refused(look, outside):
    outside.record["editions"].append({**outside.record["editions"][0], "edition": 2, "pdf_sha256": "0x" + "12" * 32})
    assert look().check("V14").code == "registry.several_live"


def test_register__this_edition_gave_way_to_another__is_refused_and_not_called_the_live_one(look, outside):
    own = outside.record["editions"][0]
    outside.record["editions"] = [{**own, "status": "superseded"}, {**own, "edition": 2, "pdf_sha256": "0x" + "12" * 32}]
    findings = look()
    assert findings.check("V13").code == "registry.superseded"
    assert findings.check("V14").state == "not_checked"


def test_register__edition_has_no_status__is_unknown(look, outside):
    outside.record["editions"][0]["status"] = "?"
    check = look().check("V13")
    assert (check.state, check.code) == ("unknown", "registry.unreadable")


@pytest.mark.parametrize("editions", [None, [], ["x"]])
def test_register__record_without_editions__does_not_know_the_file(look, outside, editions):
    outside.record["editions"] = editions
    findings = look()
    assert findings.check("V2").code == "registry.other_file"
    assert findings.check("V13").state == findings.check("V14").state == "not_checked"


def test_register__answer_is_no_record__is_unreachable(serve):
    with pytest.raises(RegistryUnreachable, match="not a record"):
        http_registry(serve(lambda *_: (200, ["x"])))("CTC-2026-000042-45")


def test_online__nobody_answers__is_unknown_and_exit_code_three(certificate, trust, tmp_path, capsys):
    url = f"http://127.0.0.1:{free_port()}"
    pdf = tmp_path / "c.pdf"
    pdf.write_bytes(certificate.pdf)
    trust_file = write_trust_file(tmp_path / "trust.json", replace(trust, registry_url=url))
    assert main([str(pdf), "--trust", str(trust_file), "--rpc", url, "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "unknown"
    assert {check["id"] for check in told["checks"] if check["state"] == "unknown"} == {"V2", "V10", "V13", "V14"}


def test_online__damaged_and_nobody_answers__stays_refused(certificate, trust):
    url = f"http://127.0.0.1:{free_port()}"
    assert verify(certificate.pdf + b"\n", replace(trust, registry_url=url), url).verdict == "refused"


def test_cli__rpc_is_no_address__is_two(certificate, trust, tmp_path):
    pdf = tmp_path / "c.pdf"
    pdf.write_bytes(certificate.pdf)
    trust_file = write_trust_file(tmp_path / "trust.json", trust)
    assert main([str(pdf), "--trust", str(trust_file), "--rpc", "localhost:8545"]) == 2


def test_register__under_a_localhost_name__is_found_on_this_machine(outside):
    port = outside.url.rsplit(":", 1)[1]
    found = http_registry(f"http://cloudtuner.localhost:{port}")(outside.record["certificate_id"])
    assert found == outside.record


def test_register__number_that_is_a_way_elsewhere__asks_for_that_number_only(outside):
    outside.record["certificate_id"] = "x"
    assert http_registry(outside.url)("y/../x") is None
    assert http_registry(outside.url)("x") == outside.record


def test_register__address_without_http__is_unreachable():
    with pytest.raises(RegistryUnreachable):
        http_registry("ftp://example.org")("CTC-2026-000042-45")
