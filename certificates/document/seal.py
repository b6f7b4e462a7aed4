"""The seal: one PAdES B-B certification signature, over every byte, permitting no change."""

from __future__ import annotations

import io

from asn1crypto import keys, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates.document.issuer import Issuer

FIELD = "CloudTunerSeal"


def seal(pdf: bytes, issuer: Issuer) -> bytes:
    """The PDF with the issuer's seal appended as one more revision; the bytes given stay as they are."""
    _, _, der = pem.unarmor(issuer.signer_pem.encode())
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(der),
        signing_key=keys.PrivateKeyInfo.load(issuer.signer_key_der),
        # The envelope carries the signer's certificate alone: the root is the verifier's to know.
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call] # pyHanko's class has no annotations
        embed_roots=False,
    )
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        name=issuer.name,
        reason=issuer.label,
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    sealed = signers.PdfSigner(meta, signer=signer, new_field_spec=SigFieldSpec(FIELD)).sign_pdf(writer)
    return bytes(sealed.getvalue())
