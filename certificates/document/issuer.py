"""Who seals: a certificate authority of our own with one signer, and the Ed25519 key that proves credentials.

What is made here is for development and demonstration. It is labelled TEST SEAL on every page that it seals and in
every trust file; production names an issuer folder whose keys a public authority certified.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from certificates import didkey
from cloudtuner import clock
from cloudtuner.errors import ConfigurationError

TEST_LABEL = "TEST SEAL - not a legal signature"
_ROOT_KEY, _ROOT, _SIGNER_KEY, _SIGNER, _DID_KEY, _ISSUER = (
    "root.key.pem",
    "root.pem",
    "signer.key.pem",
    "signer.pem",
    "did.key.pem",
    "issuer.json",
)
_ROOT_DAYS, _SIGNER_DAYS = 7300, 3650


@dataclass(frozen=True, slots=True)
class Issuer:
    """A loaded issuer: names, certificates and keys. Its repr shows no key."""

    name: str
    label: str
    root_pem: str
    signer_pem: str
    signer_key_der: bytes
    credential_key: Ed25519PrivateKey

    @property
    def did(self) -> str:
        """The did:key of the credential key."""
        raw = self.credential_key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return didkey.did_of(raw)

    @property
    def is_test(self) -> bool:
        return self.label.startswith("TEST")

    def prove(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature by the credential key."""
        return self.credential_key.sign(message)

    def __repr__(self) -> str:
        return f"Issuer(name={self.name!r}, label={self.label!r}, did={self.did!r})"


def create_issuer(folder: Path, *, name: str = "CloudTuner (demo issuer)", moment: datetime | None = None) -> Issuer:
    """The issuer in a folder, made with fresh keys if there is none; calling again changes nothing.

    Keys are files with mode 0600 in a folder with mode 0700. The folder appears whole or not at all.
    """
    if (folder / _ISSUER).exists():
        return load_issuer(folder)
    start = (moment or clock.now()).replace(microsecond=0) - timedelta(minutes=5)
    root_key, signer_key, did_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
        Ed25519PrivateKey.generate(),
    )
    root_name, signer_name = _name(name, f"{name} root, test"), _name(name, f"{name} seal, test")
    root = (
        _certificate(root_name, root_name, root_key, start, _ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    signer = (
        _certificate(signer_name, root_name, signer_key, start, _SIGNER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))  # mode 0700
    try:
        for file, key in ((_ROOT_KEY, root_key), (_SIGNER_KEY, signer_key), (_DID_KEY, did_key)):
            _write(
                made / file,
                key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
            )
        _write(made / _ROOT, root.public_bytes(serialization.Encoding.PEM))
        _write(made / _SIGNER, signer.public_bytes(serialization.Encoding.PEM))
        _write(made / _ISSUER, json.dumps({"name": name, "label": TEST_LABEL}, indent=2).encode() + b"\n")
        # Succeeds once: a process that comes second finds a folder that is not empty, and takes what is there.
        with contextlib.suppress(OSError):
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return load_issuer(folder)


def load_issuer(folder: Path) -> Issuer:
    """The issuer in a folder. Raises ConfigurationError `issuer.unreadable`, also when others may read its keys."""
    try:
        about = json.loads((folder / _ISSUER).read_text(encoding="utf-8"))
        for file in (_SIGNER_KEY, _DID_KEY):
            if (folder / file).stat().st_mode & 0o077:
                raise ConfigurationError(
                    "others may read this key", code="issuer.unreadable", where=str(folder / file), hint="Run chmod 600 on it."
                )
        signer_key = serialization.load_pem_private_key((folder / _SIGNER_KEY).read_bytes(), None)
        credential_key = serialization.load_pem_private_key((folder / _DID_KEY).read_bytes(), None)
        if not isinstance(credential_key, Ed25519PrivateKey):
            raise ConfigurationError("it is no Ed25519 key", code="issuer.unreadable", where=str(folder / _DID_KEY))
        return Issuer(
            name=str(about["name"]),
            label=str(about["label"]),
            root_pem=(folder / _ROOT).read_text(encoding="ascii"),
            signer_pem=(folder / _SIGNER).read_text(encoding="ascii"),
            signer_key_der=signer_key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            credential_key=credential_key,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"the issuer's files cannot be read: {error}",
            code="issuer.unreadable",
            where=str(folder),
            hint="Name a complete issuer folder in CLOUDTUNER_ISSUER_DIR.",
        ) from error


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    """Non-repudiation is what a seal needs; certificate signing is the root's alone."""
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=not sign_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes) -> None:
    """Writes with mode 0600 from the first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
