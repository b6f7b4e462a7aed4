"""Each check of what the three files say, with one thing off at a time; no PDF and no network."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from certificates.document.credential import credential
from certificates.document.issue import payload_of
from certificates.document.payload import Issue
from certificates.integrity import add_proof
from certificates.verify import content as checks
from certificates.verify.content import read_content
from emissions.poce.canonical import jcs
from emissions.poce.claim import claim_bytes
from emissions.poce.hexes import checksum_address

OTHER = checksum_address(b"\x77" * 20)


@pytest.fixture
def content(issuer, claim_with, proof_of):
    """The three files read: genuine, but for a claim, a proof or parts of the credential that somebody else wrote."""
    genuine = claim_with()
    issue = Issue(issuer.name, issuer.did, issuer.label, "http://x")
    document = credential(payload_of(claim_bytes(genuine), proof_of(genuine), issue=issue), issuer)

    def read(*, claim=None, proof=None, subject=None, **parts):
        stated = {name: value for name, value in document.items() if name != "proof"} | parts
        stated["credentialSubject"] = stated["credentialSubject"] | (subject or {})
        proved = add_proof(stated, did=issuer.did, created=stated["validFrom"], sign=issuer.prove)
        return read_content(claim_bytes(claim or genuine), jcs(proof or proof_of(genuine)), jcs(proved))

    return read


def test_checks__genuine_files__all_pass(content, trust):
    read = content()
    found = [
        checks.identifier_check(read),
        checks.credential_check(read, trust),
        checks.claim_check(read),
        checks.hash_check(read),
        checks.event_check(read, trust),
        checks.receipt_check(read),
        checks.chain_check(read, trust),
        checks.amount_check(read, trust),
    ]
    assert {check.state for check in found} == {"pass"}


@pytest.mark.parametrize("data", [b"[]", b"{", b"", b"\xff", b'"text"'])
def test_checks__files_that_are_no_objects__fail_and_raise_nothing(data, trust):
    read = read_content(data, data, data)
    states = {
        "V1": checks.identifier_check(read).state,
        "V5": checks.credential_check(read, trust).state,
        "V6": checks.claim_check(read).state,
        "V7": checks.hash_check(read).state,
        "V8": checks.event_check(read, trust).state,
        "V9": checks.receipt_check(read).state,
        "V11": checks.chain_check(read, trust).state,
        "V12": checks.amount_check(read, trust).state,
    }
    assert states == dict.fromkeys(states, "fail") | {"V12": "not_checked"}
    assert checks.claim_check(read).code.startswith("json.")
    assert checks.credential_check(read, trust).code.startswith("json.")


def test_identifier__written_in_another_form__is_refused(content, claim_with):
    check = checks.identifier_check(content(claim=claim_with(certificate_id="ctc-2026-000042-45")))
    assert (check.state, check.code) == ("fail", "certificate_id.shape")


def test_identifier__credential_names_another__is_refused(content):
    check = checks.identifier_check(content(subject={"certificateId": "CTC-2026-000043-46"}))
    assert (check.state, check.code) == ("fail", "certificate_id.differs")


def test_credential__issuer_is_not_who_proved_it__is_refused(content, other_issuer, trust):
    check = checks.credential_check(content(issuer={"id": other_issuer.did}), trust)
    assert (check.state, check.code) == ("fail", "credential.other_issuer")
    assert checks.credential_check(content(issuer=trust.issuer_did_key), trust).state == "pass"


@pytest.mark.parametrize("field", ["blockHash", "blockNumber", "logIndex", "txHash"])
def test_receipt__credential_names_another__is_refused(content, field):
    check = checks.receipt_check(content(subject={field: 7}))
    assert (check.state, check.code) == ("fail", "receipt.differs")


def test_chain__one_of_the_files_is_of_another__is_refused(content, claim_with, proof_of, trust):
    claim = claim_with()
    for read in (
        content(subject={"chainId": 1}),
        content(proof=proof_of(claim, chain_id=1)),
        content(claim=claim_with(chain=claim["chain"] | {"id": 1})),
    ):
        check = checks.chain_check(read, trust)
        assert (check.state, check.code) == ("fail", "chain.other_id")
        assert "of chain 1," in check.message


def test_event__of_another_contract__is_none_of_ours_and_proves_no_facts(content, claim_with, proof_of, trust):
    read = content(proof=proof_of(claim_with(), address=OTHER))
    assert checks.event_check(read, trust).code == "receipt.other_event"
    assert checks.chain_check(read, trust).code == "chain.other_contract"
    assert checks.amount_check(read, trust).state == "not_checked"


def test_claim__that_does_not_add_up__is_refused_and_proves_no_facts(content, claim_with, trust):
    read = content(claim=claim_with(quantity_ug="1"))
    assert checks.claim_check(read).code == "claim.invalid"
    assert checks.hash_check(read).code == "claim.hash_differs"
    assert checks.event_check(read, trust).code == "receipt.other_claim"
    assert checks.amount_check(read, trust).state == "not_checked"


def test_credential__changed_after_it_was_proved__is_refused(content, trust):
    read = content()
    check = checks.credential_check(replace(read, credential=read.credential | {"validFrom": "2020-01-01T00:00:00Z"}), trust)
    assert (check.state, check.code) == ("fail", "credential.changed")


@pytest.mark.parametrize("name", ["retirement", "ct02"])
def test_chain__claim_names_another_contract__is_refused(content, claim_with, trust, name):
    check = checks.chain_check(content(claim=claim_with(chain=claim_with()["chain"] | {name: OTHER})), trust)
    assert (check.state, check.code) == ("fail", "chain.other_contract")
    assert name in check.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda claim: {"account": OTHER}, "account"),
        (lambda claim: {"beneficiary": claim["beneficiary"] | {"address": OTHER}}, "beneficiary"),
        (lambda claim: {"period": claim["period"] | {"hour_from": claim["period"]["hour_from"] - 24}}, "first hour"),
        (lambda claim: {"period": claim["period"] | {"hour_through": claim["period"]["hour_through"] + 24}}, "last hour"),
    ],
)
def test_facts__claim_says_another_than_the_event__are_refused_by_name(content, claim_with, trust, change, said):
    check = checks.amount_check(content(claim=claim_with(**change(claim_with()))), trust)
    assert (check.state, check.code) == ("fail", "receipt.facts_differ")
    assert check.message.startswith(f"{said}:")


@pytest.mark.parametrize(("field", "code"), [("retirementId", "receipt.facts_differ"), ("quantityUg", "receipt.amount_differs")])
def test_facts__credential_says_another_than_the_event__are_refused(content, trust, field, code):
    check = checks.amount_check(content(subject={field: "1"}), trust)
    assert (check.state, check.code) == ("fail", code)


@pytest.mark.parametrize("field", ["factorSet", "engine"])
def test_method__credential_names_another__is_refused(content, field):
    check = checks.method_check(content(subject={field: "0x" + "01" * 32}), {})
    assert (check.state, check.code) == ("fail", "method.differs")


def test_method__what_is_published__is_what_is_said(content, claim_with):
    factor_set, engine = claim_with()["factor_set"], claim_with()["engine"]
    read = content()
    none = checks.method_check(read, {})
    assert (none.state, none.code) == ("not_checked", "")
    assert checks.method_check(read, {"factor_sets": frozenset({"0x00"})}).code == "method.unknown_set"
    known = checks.method_check(read, {"factor_sets": frozenset({factor_set})})
    assert (known.state, engine in known.message) == ("pass", False)
    both = checks.method_check(read, {"factor_sets": frozenset({factor_set}), "engines": frozenset({engine})})
    assert (both.state, engine in both.message) == ("pass", True)


def test_subject__is_no_object__says_nothing(content):
    read = replace(content(), credential={"credentialSubject": "x"})
    assert read.subject == {}
    assert json.loads(read.claim_bytes)["certificate_id"] == read.certificate_id
