"""The pages: every figure is there, nothing forbidden is, and the file is what an archive expects."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
from datetime import datetime
from pathlib import Path

import pikepdf
import pytest

from certificates.document import figures
from certificates.document.issue import payload_of
from certificates.document.markup import el
from certificates.document.payload import Issue, level_text
from certificates.document.render import RenderError, _fetcher
from certificates.document.strings import EN, LANGUAGES
from cloudtuner import clock, units
from cloudtuner.errors import ProofError
from emissions.poce.claim import claim_bytes, claim_hash

# What a certificate must never say (design §2); each may stand in the fixed negative statement only.
FORBIDDEN = (
    r"trustless",
    r"carbon[ -]neutral", r"climate[ -]neutral", r"net[ -]zero", r"\boffsets?\b", r"SEBI-compliant", r"signed by AWS",
    r"real-time", r"\bpegged\b", r"\bequity\b", r"free money", r"carbon credits?\b", r"eco-friendly", r"\bgreen\b", r"guaranteed",
    r"immutable", r"compensated", r"climate positive", r"\bsustainable\b", r"\bclean\b",
)  # fmt: skip


def text_of(pdf: bytes, folder: Path) -> str:
    """The text as poppler reads it, white space evened out."""
    path = folder / "certificate.pdf"
    path.write_bytes(pdf)
    out = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True, text=True).stdout
    return " ".join(out.split())


@pytest.fixture(scope="module")
def opened(certificate):
    with pikepdf.open(io.BytesIO(certificate.pdf)) as pdf:
        yield pdf


def elements(node) -> list[pikepdf.Dictionary]:
    """Every structure element below a node."""
    found = []
    children = node.get("/K", [])
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            found += [child, *elements(child)]
    return found


def test_render__same_claim_twice__same_bytes(issue_with, certificate, claim):
    assert issue_with(claim).unsealed_sha256 == certificate.unsealed_sha256


def test_render__other_claim__other_bytes(issue_with, certificate, claim_with):
    assert issue_with(claim_with(purpose="Another")).unsealed_sha256 != certificate.unsealed_sha256


def test_seal__appended__leaves_the_unsealed_bytes_as_they_were(certificate):
    unsealed = [certificate.pdf[:end] for end in (m.end() for m in re.finditer(rb"%%EOF\n?", certificate.pdf))]
    assert certificate.unsealed_sha256 in {"0x" + hashlib.sha256(part).hexdigest() for part in unsealed}


def test_text__every_figure_of_the_claim__is_printed(certificate, claim, tmp_path, moment):
    text = text_of(certificate.pdf, tmp_path)
    emissions, quality = claim["emissions"], claim["data_quality"]
    amounts = [
        claim["quantity_ug"],
        emissions["operational_ug"],
        emissions["embodied_ug"],
        *emissions["by_basis"].values(),
        *quality.values(),
        *(row["ug"] for row in emissions["by_region"]),
        *(lot[name] for lot in claim["lots"] for name in ("ug", "first_hour_ug", "last_hour_ug")),
    ]
    for amount in amounts:
        assert units.kg_text(int(amount), places=9).removesuffix(" kg") in text
    for ug in (emissions["low_ug"], emissions["high_ug"]):
        assert units.tonnes_text(int(ug)).removesuffix(" t") in text
    assert units.kwh_text(int(emissions["energy_uwh"])) in text
    for lot in claim["lots"]:
        assert clock.hour_text(lot["hour_from"]).removesuffix(" UTC") in text
        assert clock.hour_text(lot["hour_through"]).removesuffix(" UTC") in text
    for whole in ("2,15,643.106", claim["certificate_id"], claim["issued_for"]["legal_name"], "A1h", "3 of 4 validators",
                  "Annual report FY 2025-26", "TotalScope3Emissions", "215.643", "18211", "number 7, log 1",
                  moment.strftime("%Y-%m-%d %H:%M:%S UTC"), "2025-04-01 00:00 UTC – 2026-04-01 00:00 UTC",
                  "TEST SEAL - not a legal signature", "Page 1 of 3", "CIN L29999RJ1994PLC000000"):  # fmt: skip
        assert whole in text
    squeezed = text.replace(" ", "")
    for full in (certificate.payload.claim_hash, claim["factor_set"], claim["engine"], claim["account"], claim["chain"]["ct02"]):
        assert full in squeezed


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_text__forbidden_words__stand_in_the_fixed_negative_statement_only(language, issue_with, claim, tmp_path):
    text = text_of(issue_with(claim, language=language).pdf, tmp_path)
    words = LANGUAGES[language]
    squeezed = text.replace(" ", "")
    for id_ in ("not_this", "sebi"):
        assert words[id_].replace(" ", "") in squeezed
    rest = squeezed.replace(words["not_this"].replace(" ", ""), "")
    for pattern in FORBIDDEN:
        assert not re.search(
            pattern.replace("[ -]", "-?").replace(" ", "").replace(r"\b", ""), rest.replace("GreenCredit", ""), re.I
        ), pattern


def test_words__of_every_language__have_the_same_ids_and_blanks():
    for words in LANGUAGES.values():
        assert set(words) == set(EN)
        for id_, text in words.items():
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", EN[id_])), id_


def test_words__outside_the_negative_statement__claim_nothing_forbidden():
    for id_, text in EN.items():
        if id_ != "not_this":
            for pattern in FORBIDDEN:
                if not (id_ == "class_C" and "credit" in pattern):
                    assert not re.search(pattern, text, re.I), (id_, pattern)


def test_archive__structure__is_that_of_pdf_a_3a(opened, certificate, moment):
    root = opened.Root
    assert opened.pdf_version == "1.7"
    with opened.open_metadata() as meta:
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "A")
        assert meta["dc:title"] == f"Sustainability Certificate {certificate.payload.certificate_id}"
        assert datetime.fromisoformat(meta["xmp:CreateDate"].replace("Z", "+00:00")) == moment
    assert root.MarkInfo.Marked
    assert str(root.Lang) == "en"
    (intent,) = root.OutputIntents
    assert str(intent.S) == "/GTS_PDFA1"
    assert len(intent.DestOutputProfile.read_bytes()) > 200
    assert "/OpenAction" not in root
    assert "/AA" not in root
    assert "/JavaScript" not in root.Names


def test_archive__attachments__are_each_listed_once(opened, certificate, claim):
    specs = list(opened.Root.AF)
    assert {(str(spec.UF), str(spec.AFRelationship)) for spec in specs} == {
        ("claim.json", "/Source"),
        ("receipt-proof.json", "/Data"),
        ("certificate.vc.json", "/Data"),
    }
    assert len(specs) == 3
    files = {str(spec.UF): spec.EF.F for spec in specs}
    assert all(str(file.Subtype) == "/application/json" for file in files.values())
    assert files["claim.json"].read_bytes() == claim_bytes(claim)
    subject = json.loads(files["certificate.vc.json"].read_bytes())["credentialSubject"]
    assert subject["claimHash"] == claim_hash(claim)


def test_archive__fonts__are_all_embedded(opened):
    seen = set()
    for page in opened.pages:
        for font in page.Resources.get("/Font", {}).values():
            for descendant in font.get("/DescendantFonts", [font]):
                descriptor = descendant.FontDescriptor
                assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
                seen.add(str(descriptor.FontName).split("+")[-1])
            assert "/ToUnicode" in font
    assert any("Noto" in name for name in seen)
    assert all("Noto" in name for name in seen), seen


def test_accessibility__structure_tree__names_figures_headings_and_table_headers(opened):
    found = elements(opened.Root.StructTreeRoot)
    kinds = [str(one.S).lstrip("/") for one in found]
    figures_found = [one for one in found if str(one.S) == "/Figure"]
    assert len(figures_found) == 2
    assert all(str(one.Alt) for one in figures_found)
    assert "QR code" in " ".join(str(one.Alt) for one in figures_found)
    for kind, least in (("H1", 1), ("H2", 6), ("Table", 6), ("Caption", 6), ("TH", 30), ("TD", 30), ("LI", 5)):
        assert kinds.count(kind) >= least, kind


def test_page__sizes__landscape_first_then_portrait(opened):
    sizes = [tuple(round(float(side)) for side in page.MediaBox[2:]) for page in opened.pages]
    assert sizes[0] == (842, 595)
    assert set(sizes[1:]) == {(595, 842)}


def test_qpdf__check__finds_nothing(certificate, tmp_path):
    path = tmp_path / "certificate.pdf"
    path.write_bytes(certificate.pdf)
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, check=False, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    "name",
    [
        "A" * 200,
        ("Überaus langer Name einer Gesellschaft mit beschränkter Haftung & Compagnie Kommanditgesellschaft auf Aktien " * 2)[
            :200
        ],
        "अरावली कंपोनेंट्स प्राइवेट लिमिटेड",
        "<script>alert(1)</script> & \"Söhne\" <img src='http://example.org/x.png'>",
    ],
)
def test_page__any_name__stays_one_page_and_is_text(name, issue_with, claim, tmp_path):
    claim["issued_for"]["legal_name"] = name
    sealed = issue_with(claim)
    with pikepdf.open(io.BytesIO(sealed.pdf)) as pdf:
        assert len(pdf.pages) == 3
    text = text_of(sealed.pdf, tmp_path)
    assert "Page 1 of 3" in text
    if name.isascii():
        assert name.replace(" ", "") in text.replace(" ", "")
    if name.startswith("<script>"):
        assert "<script>alert(1)</script>" in text


@pytest.mark.slow
def test_page__nine_digit_kilograms__fit(issue_with, claim_with, tmp_path):
    claim = claim_with()
    extra = 999_999_999_999_999_999 - int(claim["quantity_ug"])
    claim["quantity_ug"] = "999999999999999999"
    claim["lots"][1]["ug"] = str(int(claim["lots"][1]["ug"]) + extra)
    emissions = claim["emissions"]
    emissions["operational_ug"] = str(int(emissions["operational_ug"]) + extra)
    emissions["high_ug"] = "1200000000000000000"
    emissions["by_region"][0]["ug"] = str(int(emissions["by_region"][0]["ug"]) + extra)
    emissions["by_basis"]["direct_ug"] = str(int(emissions["by_basis"]["direct_ug"]) + extra)
    claim["data_quality"]["measured_ug"] = str(int(claim["data_quality"]["measured_ug"]) + extra)
    text = text_of(issue_with(claim).pdf, tmp_path)
    assert "99,99,99,999.999999999" in text
    assert "1,00,00,00,000.000" in text


def test_payload__proof_of_another_claim__is_not_printed(claim, proof_of):
    issue = Issue("issuer", "did:key:z", "", "http://x")
    with pytest.raises(ProofError) as refused:
        payload_of(claim_bytes(claim), proof_of(claim, hash_of_claim="0x" + "00" * 32), issue=issue)
    assert refused.value.code == "claim.hash_mismatch"
    with pytest.raises(ProofError) as refused:
        payload_of(claim_bytes(claim), proof_of(claim, amount_ug=1), issue=issue)
    assert refused.value.code == "claim.amount_mismatch"
    with pytest.raises(ProofError) as refused:
        payload_of(claim_bytes(claim), proof_of(claim, status=0), issue=issue)
    assert refused.value.code == "receipt.failed"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.png", "file:///etc/passwd", "https://example.org/a.css"])
def test_fetcher__anything_outside__is_refused(url):
    with pytest.raises(RenderError):
        _fetcher().fetch(url)


def test_border__two_claims__are_two_borders():
    assert figures.border("0x" + "01" * 32) != figures.border("0x" + "02" * 32)
    assert figures.border("0x" + "01" * 32) == figures.border("0x" + "01" * 32)


def test_qr__of_the_verify_address__is_a_picture_of_its_own(certificate):
    url = certificate.payload.verify_url
    assert url.endswith(f"/verify/CTC-2026-000042-45#h={certificate.payload.claim_hash[2:34]}")
    assert figures.qr(url).startswith("data:image/svg+xml;base64,")
    assert figures.qr(url) != figures.qr(url.replace("-45#", "-46#"))


def test_level__numbers_and_names__are_the_same_words():
    assert [level_text(number) for number in range(7)] == ["A0", "A1h", "A1c", "A2", "A3", "A4", "A5"]
    for wrong in (7, -1, "A9", None, True):
        with pytest.raises(ProofError):
            level_text(wrong)


def test_markup__text__is_escaped():
    assert el("p", "<b>", title='"') == '<p title="&quot;">&lt;b&gt;</p>'
