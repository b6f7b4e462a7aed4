"""Is the file the one that was sealed, to the last byte, and by whom? The only part that reads PDF structure."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, pem, x509
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import UnacceptableSignerError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from cloudtuner.errors import ProofError

CLAIM, RECEIPT, CREDENTIAL = "claim.json", "receipt-proof.json", "certificate.vc.json"
ATTACHMENTS = frozenset({CLAIM, RECEIPT, CREDENTIAL})
ATTACHMENT_LIMIT = 4 << 20
# Anybody may hand in a file, and one of zeros inflates to a thousand times its size.
_LIMITS = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=ATTACHMENT_LIMIT),
    document_budget=DocumentDecodeBudget(base_allowance=8 * ATTACHMENT_LIMIT, max_ratio=1),
)
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*\d{1,12}\s+\d{1,12}\s+(\d{1,12})\s+(\d{1,12})\s*\]")

# pyHanko explains every refused chain at length; ours is the one sentence that people read.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An intact sealed file: what it carries and who sealed it."""

    attachments: dict[str, bytes]
    signer: str
    signed_at: str
    trusted: bool
    trust_problem: str


def open_sealed(pdf: bytes, *, root_pem: str) -> Sealed:
    """The sealed content of a PDF, read from the signed revision only.

    Raises ProofError with a code of the family `seal.` when the file is not exactly what one signature covers:
    `seal.unreadable`, `seal.missing`, `seal.several`, `seal.bytes_after`, `seal.not_whole`, `seal.changed`,
    `seal.attachments`. Whether the signer is the trusted one is a value of the result, not an error.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf), decode_limits=_LIMITS)
        signatures = reader.embedded_signatures
    except Exception as error:
        _require_nothing_after(pdf)
        raise ProofError("the file is damaged: it cannot be read as a PDF to its end", code="seal.unreadable") from error
    if not signatures:
        raise ProofError("the file carries no seal", code="seal.missing")
    if len(signatures) > 1:
        raise ProofError("the file carries more signatures than the issuer's one", code="seal.several")
    signature = signatures[0]
    _require_whole(pdf, signature)
    try:
        status = validate_pdf_signature(signature, _context(root_pem), skip_diff=True)
        intact = bool(status.intact and status.valid)
        trusted, problem = bool(status.trusted), _problem(status)
        signed_at = str(status.signer_reported_dt or "")
    except (SignatureValidationError, UnacceptableSignerError, PdfError, ValueError, KeyError, TypeError) as error:
        raise ProofError("the seal cannot be read: it was damaged after it was made", code="seal.changed") from error
    if not intact:
        raise ProofError("the file was changed after it was sealed", code="seal.changed")
    return Sealed(
        attachments=_attachments(reader, signature.signed_revision),
        signer=signature.signer_cert.subject.human_friendly,
        signed_at=signed_at,
        trusted=trusted,
        trust_problem=problem,
    )


def _require_whole(pdf: bytes, signature: EmbeddedPdfSignature) -> None:
    """The signature covers every byte but its own, and its own are written in the one canonical way.

    The hole that a signature leaves for itself is not signed. Letter case, padding, and the parts of the CMS envelope
    that no digest covers could be altered there without notice, so they are compared with what the sealer writes.
    """
    try:
        start, first, second, rest = (int(number) for number in signature.byte_range)
    except (TypeError, ValueError) as error:
        raise ProofError("the seal does not say what it covers", code="seal.not_whole") from error
    if start != 0 or first < 0 or second <= first or rest < 0:
        raise ProofError("the seal does not cover the file from its first byte", code="seal.not_whole")
    _require_nothing_after(pdf)
    if second + rest > len(pdf) or signature.evaluate_signature_coverage() != SignatureCoverageLevel.ENTIRE_FILE:
        raise ProofError("the seal does not cover the whole file", code="seal.not_whole")
    hole = pdf[first:second]
    try:
        envelope = cms.ContentInfo.load(bytes(signature.pkcs7_content))
        written = _canonical(envelope)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ProofError("the seal cannot be read: it was damaged after it was made", code="seal.changed") from error
    if hole != b"<" + written.hex().upper().encode().ljust(len(hole) - 2, b"0") + b">":
        raise ProofError("the seal's own bytes were changed after it was made", code="seal.changed")


def _require_nothing_after(pdf: bytes) -> None:
    """Names the commonest forgery by its name, also where it keeps the file from being parsed at all."""
    ends = [int(found[1]) + int(found[2]) for found in _BYTE_RANGE.finditer(pdf)]
    if ends and (more := len(pdf) - ends[-1]) > 0:
        raise ProofError(f"{more} bytes were appended after the sealed revision", code="seal.bytes_after")


def _canonical(envelope: cms.ContentInfo) -> bytes:
    """The envelope as the sealer writes it, from nothing but the parts that are verified."""
    data = envelope["content"]
    (info,) = data["signer_infos"]
    (certificate,) = data["certificates"]
    signer = certificate.chosen
    rebuilt = cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": cms.DigestAlgorithms([{"algorithm": "sha256"}]),
                    "encap_content_info": {"content_type": "data"},
                    "certificates": [x509.Certificate.load(signer.dump())],
                    "signer_infos": [
                        cms.SignerInfo(
                            {
                                "version": "v1",
                                "sid": cms.SignerIdentifier(
                                    {
                                        "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                                            {"issuer": signer.issuer, "serial_number": signer.serial_number}
                                        )
                                    }
                                ),
                                "digest_algorithm": {"algorithm": "sha256"},
                                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                                "signed_attrs": info["signed_attrs"],
                                "signature": info["signature"],
                            }
                        )
                    ],
                }
            ),
        }
    )
    return bytes(rebuilt.dump())


def _context(root_pem: str) -> ValidationContext:
    _, _, der = pem.unarmor(root_pem.encode())
    return ValidationContext(trust_roots=[x509.Certificate.load(der)], allow_fetching=False)


def _problem(status: Any) -> str:
    """Why the signer is not trusted, in words; empty when it is."""
    if status.trusted:
        return ""
    if status.revoked:
        return "its certificate was revoked"
    if status.trust_problem_indic is not None and "EXPIRED" in str(status.trust_problem_indic):
        return "its certificate has expired"
    return "its certificate does not lead to the trusted issuer's root"


def _attachments(reader: PdfFileReader, revision: int) -> dict[str, bytes]:
    """The three files of the signed revision; anything missing, doubled or more is refused."""
    try:
        root = reader.get_historical_root(revision)
        names = root["/Names"]["/EmbeddedFiles"]["/Names"]
        found: dict[str, bytes] = {}
        for position in range(0, len(names), 2):
            spec = names[position + 1]
            name = str(spec["/UF"] if "/UF" in spec else spec["/F"])
            if name in found:
                raise ProofError(f"the file carries {name} twice", code="seal.attachments")
            found[name] = spec["/EF"]["/F"].data
            if len(found[name]) > ATTACHMENT_LIMIT:
                raise _too_large()
    except ProofError:
        raise
    except PdfDecodeLimitError as error:
        raise _too_large() from error
    except Exception as error:
        raise ProofError("the files inside the certificate cannot be read", code="seal.attachments") from error
    if set(found) != ATTACHMENTS:
        odd = sorted(set(found) ^ ATTACHMENTS)
        raise ProofError(
            f"the files inside the certificate are not the three expected: {', '.join(odd)}", code="seal.attachments"
        )
    return found


def _too_large() -> ProofError:
    return ProofError("a file inside the certificate is larger than 4 MiB", code="seal.attachments")
