"""The genuine certificate holds; each forgery is refused with its own reason."""

from __future__ import annotations

import copy
import io
import json
import random
import re
import tracemalloc
from dataclasses import replace

import pikepdf
import pytest
from asn1crypto import keys, pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates.document.credential import credential
from certificates.document.issue import issue_certificate, payload_of
from certificates.document.payload import Issue
from certificates.document.render import Attachments, render
from certificates.document.seal import seal
from certificates.document.trust import write_trust_file
from certificates.verify import Trust, verify
from certificates.verify.cli import main
from certificates.verify.findings import TITLES, Check, Findings
from cloudtuner.errors import ConfigurationError
from emissions.poce.canonical import jcs
from emissions.poce.claim import claim_bytes

REGISTRY = "http://cloudtuner.localhost:8000"
ONLINE = {"V2", "V10", "V13", "V14"}


@pytest.fixture
def forge(issuer, claim_with, proof_of):
    """Builds a properly sealed file from parts that do not belong together."""

    def build(*, claim=None, proof=None, attached_claim=None, attached_credential=None, by=issuer, proved_by=issuer, extra=None):
        claim = claim or claim_with()
        proof = proof or proof_of(claim)
        issue = Issue(by.name, by.did, by.label, REGISTRY)
        payload = payload_of(claim_bytes(claim), proof_of(claim), issue=issue)
        proved = attached_credential or credential(payload, proved_by)
        files = Attachments(
            claim=claim_bytes(attached_claim) if attached_claim else claim_bytes(claim),
            receipt_proof=jcs(proof),
            credential=jcs(proved),
        )
        pdf = render(payload, files)
        return seal(extra(pdf) if extra else pdf, by)

    return build


def refused(findings, check_id: str, code: str) -> None:
    assert findings.verdict == "refused", findings.to_json()
    check = findings.check(check_id)
    assert (check.state, check.code) == ("fail", code), findings.to_json()


def test_verify__genuine__is_valid_offline(certificate, trust):
    findings = verify(certificate.pdf, trust)
    assert findings.verdict == "valid"
    assert findings.sentence == "Valid offline: block not compared with the chain."
    assert [check.id for check in findings.checks] == list(TITLES)
    for check in findings.checks:
        assert check.state == ("not_checked" if check.id in ONLINE else "pass"), check
    assert findings.facts["quantity"] == "2,15,643.106000000 kg CO2e"
    assert findings.exit_code == 0


def test_verify__bytes_appended__is_refused(certificate, trust):
    for tail in (b"\n", b"%%EOF\n", b"1 0 obj\n<<>>\nendobj\n", bytes(100)):
        refused(verify(certificate.pdf + tail, trust), "V3", "seal.bytes_after")


def test_verify__update_after_the_seal__is_refused(certificate, trust):
    writer = IncrementalPdfFileWriter(io.BytesIO(certificate.pdf))
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    stream = names[1]["/EF"].raw_get("/F")
    forged = json.loads(names[1]["/EF"]["/F"].data)
    forged["quantity_ug"] = "999000000000"
    replaced = generic.StreamObject(stream_data=jcs(forged))
    writer.objects[(stream.generation, stream.idnum)] = replaced
    writer.mark_update(stream)
    out = io.BytesIO()
    writer.write(out)
    refused(verify(out.getvalue(), trust), "V3", "seal.bytes_after")


def test_verify__every_byte_of_the_seal_flipped__is_refused(certificate, trust):
    pdf = certificate.pdf
    start = pdf.rindex(b"/Contents <") + len("/Contents ")
    end = pdf.index(b">", start) + 1
    chosen = random.Random(7)  # a fixed sample, so that a failure can be found again
    places = sorted({start, end - 1, *range(start, start + 24), *chosen.sample(range(start, end), 30)})
    for place in places:
        for mask in (0x01, 0x20):
            flipped = pdf[:place] + bytes([pdf[place] ^ mask]) + pdf[place + 1 :]
            assert verify(flipped, trust).verdict == "refused", (place, mask)


def test_verify__one_byte_flipped_anywhere__is_refused_by_name(certificate, trust):
    pdf = certificate.pdf
    chosen = random.Random(11)
    for place in [0, 1, len(pdf) - 1, len(pdf) // 2, *chosen.sample(range(len(pdf)), 30)]:
        flipped = pdf[:place] + bytes([pdf[place] ^ 0x10]) + pdf[place + 1 :]
        findings = verify(flipped, trust)
        assert findings.verdict == "refused", place
        assert findings.check("V3").state == "fail"
        assert findings.check("V3").code in {
            "seal.changed",
            "seal.unreadable",
            "seal.missing",
            "seal.not_whole",
            "seal.bytes_after",
        }
        assert findings.check("V7").state == "not_checked"


def test_verify__cut_short__is_refused(certificate, trust):
    for length in (10, 1000, len(certificate.pdf) - 1, len(certificate.pdf) // 2):
        assert verify(certificate.pdf[:length], trust).verdict == "refused"


def test_verify__rewritten_without_seal__is_refused(certificate, trust):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(certificate.pdf)) as pdf:
        del pdf.Root.AcroForm
        for page in pdf.pages:
            if "/Annots" in page:
                del page.Annots
        pdf.save(out)
    refused(verify(out.getvalue(), trust), "V3", "seal.missing")


def test_verify__attachment_rewritten_in_place__is_refused(certificate, trust):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(certificate.pdf)) as pdf:
        spec = next(spec for spec in pdf.Root.AF if str(spec.UF) == "claim.json")
        claim = json.loads(spec.EF.F.read_bytes())
        claim["quantity_ug"] = "1000000000"
        spec.EF.F.write(jcs(claim))
        pdf.save(out)
    assert verify(out.getvalue(), trust).check("V3").state == "fail"


def test_verify__resealed_by_another_key__is_refused(issue_with, other_issuer, claim_with, trust):
    findings = verify(issue_with(claim_with(), by=other_issuer).pdf, trust)
    refused(findings, "V4", "seal.other_issuer")
    refused(findings, "V5", "credential.other_key")
    assert findings.check("V3").state == "pass"
    assert findings.sentence.startswith("Refused: sealed by")


def test_verify__genuine_credential_resealed_by_another__is_refused(forge, other_issuer, issuer, trust):
    findings = verify(forge(by=other_issuer, proved_by=issuer), trust)
    refused(findings, "V4", "seal.other_issuer")


def test_verify__sealed_twice__is_refused(certificate, issuer, trust):
    _, _, der = pem.unarmor(issuer.signer_pem.encode())
    signer = signers.SimpleSigner(
        x509.Certificate.load(der), keys.PrivateKeyInfo.load(issuer.signer_key_der), SimpleCertificateStore()
    )
    pdf = certificate.pdf[: certificate.pdf.index(b"%%EOF") + 6]  # as it was before the seal
    for field in ("First", "Second"):
        signed = signers.PdfSigner(
            signers.PdfSignatureMetadata(field_name=field), signer=signer, new_field_spec=SigFieldSpec(field)
        ).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)))
        pdf = signed.getvalue()
    refused(verify(pdf, trust), "V3", "seal.several")


def test_verify__other_amount_in_the_claim__is_refused(forge, claim_with, trust):
    """Even the issuer itself cannot swap the claim: the chain holds the hash of the first one."""
    claim = claim_with()
    forged = copy.deepcopy(claim)
    forged["quantity_ug"] = str(int(forged["quantity_ug"]) + 10**12)
    findings = verify(forge(claim=claim, attached_claim=forged), trust)
    refused(findings, "V6", "claim.invalid")
    refused(findings, "V7", "claim.hash_differs")
    refused(findings, "V8", "receipt.other_claim")


def test_verify__balanced_other_amount__is_refused(forge, claim_with, trust):
    claim = claim_with()
    forged = copy.deepcopy(claim)
    for place, name in (
        (forged, "quantity_ug"),
        (forged["lots"][0], "ug"),
        (forged["emissions"], "operational_ug"),
        (forged["emissions"]["by_region"][0], "ug"),
        (forged["emissions"]["by_basis"], "direct_ug"),
        (forged["data_quality"], "measured_ug"),
    ):
        place[name] = str(int(place[name]) + 10**9)
    findings = verify(forge(claim=claim, attached_claim=forged), trust)
    assert findings.check("V6").state == "pass"
    refused(findings, "V7", "claim.hash_differs")
    refused(findings, "V8", "receipt.other_claim")
    refused(findings, "V12", "receipt.amount_differs")


def test_verify__receipt_of_another_transaction__is_refused(forge, claim_with, proof_of, trust):
    other = claim_with(salt="0x" + "66" * 32)
    findings = verify(forge(proof=proof_of(other, block_number=18999)), trust)
    refused(findings, "V8", "receipt.other_claim")
    refused(findings, "V9", "receipt.differs")


def test_verify__event_of_another_contract__is_refused(forge, claim_with, proof_of, trust):
    findings = verify(forge(proof=proof_of(claim_with(), address="0x" + "99" * 20)), trust)
    refused(findings, "V8", "receipt.other_event")
    refused(findings, "V11", "chain.other_contract")


def test_verify__receipt_altered__is_refused(forge, claim_with, proof_of, trust):
    proof = proof_of(claim_with())
    proof["nodes"][-1] = proof["nodes"][-1][:-2] + ("00" if proof["nodes"][-1][-2:] != "00" else "01")
    findings = verify(forge(proof=proof), trust)
    assert findings.check("V9").state == "fail"
    assert findings.check("V9").code.startswith(("trie.", "rlp."))


def test_verify__failed_transaction__is_refused(forge, claim_with, proof_of, trust):
    findings = verify(forge(proof=proof_of(claim_with(), status=0)), trust)
    refused(findings, "V9", "receipt.failed")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chain_id": 1}, "chain.other_id"),
        ({"contracts": {"retirement": "0x" + "98" * 20}}, "chain.other_contract"),
        ({"contracts": {"ct02": "0x" + "98" * 20}}, "chain.other_contract"),
    ],
)
def test_verify__trust_in_another_chain__is_refused(certificate, trust, changes, code):
    if "contracts" in changes:
        changes = {"contracts": {**trust.contracts, **changes["contracts"]}}
    refused(verify(certificate.pdf, replace(trust, **changes)), "V11", code)


def test_verify__mistyped_identifier__is_refused(issue_with, claim_with, trust):
    sealed = issue_with(claim_with(certificate_id="CTC-2026-000043-45"))
    refused(verify(sealed.pdf, trust), "V1", "certificate_id.check")


def test_verify__credential_of_another_certificate__is_refused(forge, claim_with, proof_of, issuer, trust):
    other = claim_with(certificate_id="CTC-2026-000043-46", salt="0x" + "66" * 32)
    issue = Issue(issuer.name, issuer.did, issuer.label, REGISTRY)
    foreign = credential(payload_of(claim_bytes(other), proof_of(other), issue=issue), issuer)
    findings = verify(forge(attached_credential=foreign), trust)
    refused(findings, "V1", "certificate_id.differs")
    refused(findings, "V7", "claim.hash_differs")
    assert findings.check("V5").state == "pass"


def test_verify__credential_edited__is_refused(forge, certificate, trust):
    edited = json.loads(certificate.credential)
    edited["credentialSubject"]["quantityUg"] = "1"
    findings = verify(forge(attached_credential=edited), trust)
    refused(findings, "V5", "credential.changed")
    refused(findings, "V12", "receipt.amount_differs")


def test_verify__a_fourth_file_inside__is_refused(forge, trust):
    def add(pdf: bytes) -> bytes:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            opened.attachments["extra.json"] = b"{}"
            opened.save(out)
        return out.getvalue()

    refused(verify(forge(extra=add), trust), "V3", "seal.attachments")


@pytest.mark.parametrize("packed", [True, False])
def test_verify__file_inside_larger_than_any__is_refused_before_it_fills_the_memory(forge, trust, packed):
    def inflate(pdf: bytes) -> bytes:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            opened.attachments["claim.json"].obj.EF.F.write(bytes((64 if packed else 5) << 20))
            opened.save(out, compress_streams=packed)
        return out.getvalue()

    pdf = forge(extra=inflate)
    tracemalloc.start()
    findings = verify(pdf, trust)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    refused(findings, "V3", "seal.attachments")
    assert "larger than 4 MiB" in findings.check("V3").message
    assert peak < 48 << 20


def test_verify__factor_set_not_known_here__is_not_checked(issue_with, claim_with, trust):
    findings = verify(issue_with(claim_with(factor_set="0x" + "0f" * 32)).pdf, trust)
    assert findings.check("V15").state == "not_checked"
    assert findings.verdict == "valid"


def test_findings__verdicts__worst_state_wins():
    def of(*states: str) -> Findings:
        return Findings(tuple(Check(f"V{number}", state, "m", "c") for number, state in enumerate(states, 1)))

    assert of("pass", "not_checked").verdict == "valid"
    assert of("pass", "unknown").exit_code == 3
    assert of("unknown", "fail").exit_code == 1
    assert of("unknown", "fail").deciding.state == "fail"


def test_cli__exit_codes_and_json__as_documented(certificate, trust, tmp_path, capsys):
    pdf, trust_file = tmp_path / "c.pdf", write_trust_file(tmp_path / "trust.json", trust)
    pdf.write_bytes(certificate.pdf)
    assert main([str(pdf), "--trust", str(trust_file)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Valid offline: block not compared with the chain.\n")
    assert "TEST SEAL" in out
    pdf.write_bytes(certificate.pdf + b"x")
    assert main([str(pdf), "--trust", str(trust_file), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["reason"]) == ("refused", "seal.bytes_after")
    assert len(told["checks"]) == 15


def test_cli__unusable_input__is_two_and_says_what_to_do(certificate, trust, tmp_path, capsys):
    trust_file = write_trust_file(tmp_path / "trust.json", trust)
    text = tmp_path / "notes.txt"
    text.write_text("no pdf")
    cases = [
        ([str(tmp_path / "absent.pdf"), "--trust", str(trust_file)], "absent.pdf"),
        ([str(text), "--trust", str(trust_file)], "not a PDF"),
        ([str(text), "--trust", str(tmp_path / "absent.json")], "absent.json"),
        ([str(text), "--trust", str(text)], "cannot be read"),
    ]
    for arguments, said in cases:
        assert main(arguments) == 2
        assert said in capsys.readouterr().err
    assert main([*cases[0][0], "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "file.unreadable"


def test_cli__no_trust_file_at_all__is_two(certificate, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("CLOUDTUNER_TRUST_FILE", raising=False)
    pdf = tmp_path / "c.pdf"
    pdf.write_bytes(certificate.pdf)
    assert main([str(pdf)]) == 2
    assert "--trust" in capsys.readouterr().err


def test_trust__written_and_read__is_the_same(trust, tmp_path):
    path = write_trust_file(tmp_path / "deep" / "trust.json", trust)
    again = Trust.load(path)
    assert again.to_json() == {
        **trust.to_json(),
        "chain": {**trust.to_json()["chain"], "contracts": {k: v.lower() for k, v in trust.contracts.items()}},
    }


@pytest.mark.parametrize("name", ["issuer_root_pem", "issuer_did_key", "chain", "version"])
def test_trust__lacking_a_part__is_refused(trust, name):
    data = trust.to_json()
    del data[name]
    with pytest.raises(ConfigurationError, match=f"garbles '{name}'") as error:
        Trust.from_json(data)
    assert error.value.code == "trust.unreadable"


def test_trust__of_another_version_or_no_object__is_refused(trust):
    with pytest.raises(ConfigurationError, match="another version"):
        Trust.from_json(trust.to_json() | {"version": 2})
    with pytest.raises(ConfigurationError, match="outermost"):
        Trust.from_json([trust.to_json()])


def test_issuer__created_twice__is_the_same_and_keys_are_private(tmp_path):
    from certificates.document.issuer import create_issuer, load_issuer

    folder = tmp_path / "issuer"
    first = create_issuer(folder)
    assert create_issuer(folder).did == first.did
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert "PRIVATE" not in repr(first)
    assert [path.name for path in tmp_path.iterdir()] == ["issuer"]
    (folder / "did.key.pem").chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read"):
        load_issuer(folder)


def test_issue__registry_url__is_in_the_pdf_and_the_credential(issuer, claim_with, proof_of):
    claim = claim_with()
    sealed = issue_certificate(claim_bytes(claim), proof_of(claim), issuer=issuer, registry_url="https://certs.example/")
    assert re.match(r"https://certs\.example/verify/CTC-", sealed.payload.verify_url)
    assert json.loads(sealed.credential)["credentialStatus"]["id"].startswith("https://certs.example/verify/")
