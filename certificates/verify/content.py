"""What the three files inside say, checked against each other without any network: V1, V5–V9, V11, V12, V15."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certificates import identifier
from certificates.integrity import check_proof
from certificates.verify.findings import Check
from certificates.verify.trust import Trust
from cloudtuner import units
from cloudtuner.errors import CloudTunerError, ProofError
from emissions.poce.canonical import read_canonical
from emissions.poce.claim import claim_faults, claim_hash
from emissions.poce.receipt import ProvedLog, RetiredEvent, retired_event, verify_receipt_proof


@dataclass(frozen=True, slots=True)
class Content:
    """The files of a certificate as read: a part that could not be read is None, with the reason kept beside it."""

    claim_bytes: bytes
    claim: dict[str, Any] | None
    claim_problem: ProofError | None
    credential: dict[str, Any] | None
    credential_problem: ProofError | None
    proved: ProvedLog | None
    proof_problem: ProofError | None

    @property
    def subject(self) -> dict[str, Any]:
        """What the credential says of the certificate."""
        subject = (self.credential or {}).get("credentialSubject")
        return subject if isinstance(subject, dict) else {}

    @property
    def certificate_id(self) -> str:
        return str((self.claim or {}).get("certificate_id", ""))

    def event(self, retirement: str) -> RetiredEvent | None:
        """The event that was proven, if it is a `Retired` of this contract."""
        if self.proved is None:
            return None
        try:
            return retired_event(self.proved.log, retirement)
        except ProofError:
            return None


def read_content(claim: bytes, proof: bytes, credential: bytes) -> Content:
    """Reads the three files; nothing is raised, since each fault belongs to a check of its own."""
    read_claim, claim_problem = _object(claim, "claim.json")
    read_credential, credential_problem = _object(credential, "certificate.vc.json")
    proved: ProvedLog | None = None
    proof_problem: ProofError | None = None
    try:
        proved = verify_receipt_proof(read_canonical(proof, what="receipt-proof.json"))
    except ProofError as error:
        proof_problem = error
    return Content(claim, read_claim, claim_problem, read_credential, credential_problem, proved, proof_problem)


def _object(data: bytes, what: str) -> tuple[dict[str, Any] | None, ProofError | None]:
    try:
        value = read_canonical(data, what=what)
    except ProofError as error:
        return None, error
    if not isinstance(value, dict):
        return None, ProofError(f"{what} is not a JSON object.", code="json.shape")
    return value, None


def _failed(check_id: str, error: CloudTunerError) -> Check:
    return Check(check_id, "fail", error.message, error.code)


def identifier_check(content: Content) -> Check:
    """V1."""
    try:
        found = identifier.parse(content.certificate_id)
    except ProofError as error:
        return _failed("V1", error)
    if str(found) != content.certificate_id:
        return Check("V1", "fail", "the identifier is not written in its one form", "certificate_id.shape")
    if content.subject.get("certificateId") != content.certificate_id:
        return Check("V1", "fail", "claim and credential name different certificates", "certificate_id.differs")
    return Check("V1", "pass", f"{found}, check characters {found.check}.")


def credential_check(content: Content, trust: Trust) -> Check:
    """V5: proved by the key of the trust file, whatever key the credential names."""
    if content.credential is None:
        return _failed("V5", content.credential_problem or ProofError("there is no credential"))
    try:
        check_proof(content.credential, did=trust.issuer_did_key)
    except ProofError as error:
        return _failed("V5", error)
    issuer = content.credential.get("issuer")
    named = issuer.get("id") if isinstance(issuer, dict) else issuer
    if named != trust.issuer_did_key:
        return Check("V5", "fail", "the credential names another issuer than the one that proved it", "credential.other_issuer")
    return Check("V5", "pass", "eddsa-jcs-2022 proof holds for the trusted issuer's key.")


def claim_check(content: Content) -> Check:
    """V6."""
    if content.claim is None:
        return _failed("V6", content.claim_problem or ProofError("there is no claim"))
    faults = claim_faults(content.claim)
    if faults:
        return Check("V6", "fail", "the claim does not hold: " + " ".join(faults[:3]), "claim.invalid")
    lots = len(content.claim["lots"])
    return Check("V6", "pass", f"schema {content.claim['schema']}; the micrograms of {lots} lots and of every split agree.")


def hash_check(content: Content) -> Check:
    """V7."""
    digest = claim_hash(content.claim_bytes)
    if content.subject.get("claimHash") != digest:
        return Check(
            "V7",
            "fail",
            "the claim in the file is not the one that the credential states",
            "claim.hash_differs",
            {"computed": digest, "stated": str(content.subject.get("claimHash", ""))[:80]},
        )
    return Check("V7", "pass", f"sha256 of claim.json is {digest}.")


def event_check(content: Content, trust: Trust) -> Check:
    """V8."""
    event = content.event(trust.contracts["retirement"])
    if event is None:
        return Check("V8", "fail", "no Retired event of the trusted contract was proven", "receipt.other_event")
    digest = claim_hash(content.claim_bytes)
    if event.claim_hash != digest:
        return Check(
            "V8",
            "fail",
            "the Retired event carries another claim's hash: the receipt is of another retirement, or the claim was altered",
            "receipt.other_claim",
            {"computed": digest, "event": event.claim_hash},
        )
    return Check("V8", "pass", f"Retired event number {event.id} carries this hash.")


def receipt_check(content: Content) -> Check:
    """V9, and that the credential names the same receipt."""
    if content.proved is None:
        return _failed("V9", content.proof_problem or ProofError("there is no receipt proof"))
    proved, subject = content.proved, content.subject
    stated = (subject.get("blockHash"), subject.get("blockNumber"), subject.get("logIndex"), subject.get("txHash"))
    if stated != (proved.block_hash, proved.block_number, proved.log_index, proved.tx_hash):
        return Check("V9", "fail", "the credential names another receipt than the one that is proven", "receipt.differs")
    return Check("V9", "pass", f"log {proved.log_index} of transaction {proved.tx_index} is in block {proved.block_number}.")


def chain_check(content: Content, trust: Trust) -> Check:
    """V11."""
    chain = (content.claim or {}).get("chain")
    stated = chain if isinstance(chain, dict) else {}
    ids = {stated.get("id"), content.subject.get("chainId"), content.proved.chain_id if content.proved else None}
    if ids != {trust.chain_id}:
        others = ", ".join(sorted(str(one) for one in ids - {trust.chain_id}))
        return Check(
            "V11", "fail", f"the certificate is of chain {others}, the trusted one is {trust.chain_id}", "chain.other_id"
        )
    for name in ("retirement", "ct02"):
        if str(stated.get(name, "")).lower() != trust.contracts[name].lower():
            return Check("V11", "fail", f"the claim names another {name} contract than the trusted one", "chain.other_contract")
    address = content.proved.log.address.lower() if content.proved else ""
    if address != trust.contracts["retirement"].lower():
        return Check("V11", "fail", "the proven event is of another contract than the trusted one", "chain.other_contract")
    return Check("V11", "pass", f"chain {trust.chain_id}, Retirement {trust.contracts['retirement']}.")


def amount_check(content: Content, trust: Trust) -> Check:
    """V12."""
    event, claim = content.event(trust.contracts["retirement"]), content.claim
    if event is None or claim is None or claim_faults(claim):
        return Check("V12", "not_checked", "There is no claim and event to compare.")
    pairs = (
        ("amount", event.amount_ug, int(claim["quantity_ug"])),
        ("account", event.account, claim["account"]),
        ("beneficiary", event.beneficiary, claim["beneficiary"]["address"]),
        ("first hour", event.period_from, claim["period"]["hour_from"]),
        ("last hour", event.period_through, claim["period"]["hour_through"]),
        ("retirement number", str(event.id), content.subject.get("retirementId")),
        ("stated amount", str(event.amount_ug), content.subject.get("quantityUg")),
    )
    for name, on_chain, stated in pairs:
        if on_chain != stated:
            return Check(
                "V12",
                "fail",
                f"{name}: the chain says {on_chain}, the certificate {str(stated)[:80]}",
                "receipt.amount_differs" if "amount" in name else "receipt.facts_differ",
            )
    return Check("V12", "pass", f"{units.kg_text(event.amount_ug, places=9)} from {event.account}.")


def method_check(content: Content, published: Mapping[str, frozenset[str]]) -> Check:
    """V15: offline against the factor sets that ship with the verifier."""
    claim = content.claim or {}
    factor_set, engine = str(claim.get("factor_set", "")), str(claim.get("engine", ""))
    if content.subject.get("factorSet") != factor_set or content.subject.get("engine") != engine:
        return Check("V15", "fail", "claim and credential name different factor sets or engines", "method.differs")
    sets, engines = published.get("factor_sets", frozenset()), published.get("engines", frozenset())
    if not sets:
        return Check("V15", "not_checked", "No list of published factor sets was at hand.")
    if factor_set not in sets:
        return Check(
            "V15",
            "not_checked",
            f"Factor set {factor_set} is newer or other than those known here.",
            "method.unknown_set",
        )
    named = f"factor set {factor_set}" + (f" and engine {engine}" if engine in engines else "")
    return Check("V15", "pass", f"{named[0].upper()}{named[1:]} published.")
