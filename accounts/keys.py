"""The key service: makes, seals and opens the keys that the platform holds for organisations, and reads its own.

An organisation's keys are made with its spare schema, by the process that prepares spares, so that the web process
never holds the master key; only that process and the chain worker are given CLOUDTUNER_MASTER_KEY_FILE.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from uuid import UUID

import coincurve
import sha3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from accounts.models import Organization, OrganizationKey
from cloudtuner.errors import ConfigurationError, ProofError
from cloudtuner.keyfile import read_key_file

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def report_address(organization: Organization) -> str:
    """The address of the key that signs the organisation's reports."""
    return _address(organization, OrganizationKey.Purpose.REPORT)


def wallet_address(organization: Organization) -> str:
    """The address of the wallet that the platform holds for the organisation."""
    return _address(organization, OrganizationKey.Purpose.WALLET)


def _address(organization: Organization, purpose: str) -> str:
    return OrganizationKey.objects.get(organization=organization, purpose=purpose, retired_at=None).address


def make_keys(organization: Organization) -> None:
    """Makes and seals the organisation's report and wallet keys where it has none yet."""
    master = AESGCM(_master_key())
    for purpose in OrganizationKey.Purpose.values:
        if OrganizationKey.objects.filter(organization=organization, purpose=purpose, retired_at=None).exists():
            continue
        key = (secrets.randbelow(_ORDER - 1) + 1).to_bytes(32, "big")
        address = _address_of(key)
        nonce = secrets.token_bytes(12)
        sealed = master.encrypt(nonce, key, _bound_to(organization.uuid, purpose, address))
        OrganizationKey.objects.create(organization=organization, purpose=purpose, address=address, nonce=nonce, sealed=sealed)


def open_key(organization_id: UUID | str, purpose: str) -> bytes:
    """The private key of an organisation, 32 bytes. Only for the chain worker; never log, store or send it.

    Raises ProofError when the seal does not open: another master key, or a row that was moved or changed.
    """
    row = OrganizationKey.objects.get(organization_id=organization_id, purpose=purpose, retired_at=None)
    try:
        key = AESGCM(_master_key()).decrypt(
            bytes(row.nonce), bytes(row.sealed), _bound_to(row.organization_id, row.purpose, row.address)
        )
    except InvalidTag:
        raise ProofError(
            f"the {purpose} key of organisation {organization_id} does not open",
            code="key.seal_broken",
            hint="Is CLOUDTUNER_MASTER_KEY_FILE the file it was sealed with?",
        ) from None
    if _address_of(key) != row.address:
        raise ProofError(f"the {purpose} key of organisation {organization_id} has another address", code="key.wrong_address")
    return key


def network_key() -> bytes:
    """The key of the keyed node ids (docs/protocol.md §2), shared with the validators."""
    return _key_file(settings.NETWORK_KEY_FILE, "CLOUDTUNER_NETWORK_KEY_FILE")


def registrar_key() -> bytes:
    """The key that signs RegisterNode."""
    return _key_file(settings.REGISTRAR_KEY_FILE, "CLOUDTUNER_REGISTRAR_KEY_FILE")


def relayer_key() -> bytes:
    """The key that pays for and sends transactions."""
    return _key_file(settings.RELAYER_KEY_FILE, "CLOUDTUNER_RELAYER_KEY_FILE")


def _master_key() -> bytes:
    return _key_file(settings.MASTER_KEY_FILE, "CLOUDTUNER_MASTER_KEY_FILE")


def _key_file(name: str, variable: str) -> bytes:
    """The key in the file that a variable names."""
    if not name:
        raise ConfigurationError("not set", where=variable, hint="Name a file that holds 32 bytes as hex.")
    return read_key_file(Path(name), where=variable)


def _bound_to(organization_id: UUID, purpose: str, address: str) -> bytes:
    return f"cloudtuner key\n{organization_id}\n{purpose}\n{address}".encode()


def _address_of(private_key: bytes) -> str:
    """The checksummed address (EIP-55). emissions.poce.keys has it too, but lies above this app."""
    public = coincurve.PrivateKey(private_key).public_key.format(compressed=False)[1:]
    lower = sha3.keccak_256(public).digest()[12:].hex()
    check = sha3.keccak_256(lower.encode()).hexdigest()
    return "0x" + "".join(letter.upper() if int(digit, 16) >= 8 else letter for letter, digit in zip(lower, check, strict=False))
