"""The key service: what is sealed for one organisation opens for no other, and files of keys are private."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey

from accounts import keys
from accounts.models import OrganizationKey
from cloudtuner.errors import ConfigurationError, ProofError
from cloudtuner.keyfile import write_key_file
from emissions.poce.keys import address_of


def test_keys__of_two_organizations__differ_and_open(two_organizations):
    a, b = two_organizations
    addresses = {call(t.organization) for t in (a, b) for call in (keys.report_address, keys.wallet_address)}
    assert len(addresses) == 4
    private = keys.open_key(a.organization.uuid, "wallet")
    # The address is the one that the protocol's own code derives.
    assert address_of(private) == keys.wallet_address(a.organization)
    PrivateKey(private)


def test_seal__moved_to_another_row__does_not_open(two_organizations):
    a, b = two_organizations
    mine = OrganizationKey.objects.get(organization=a.organization, purpose="wallet")
    theirs = OrganizationKey.objects.get(organization=b.organization, purpose="wallet")
    theirs.nonce, theirs.sealed = mine.nonce, mine.sealed
    theirs.save()
    with pytest.raises(ProofError) as refused:
        keys.open_key(b.organization.uuid, "wallet")
    assert refused.value.code == "key.seal_broken"


def test_seal__other_master_key__does_not_open(two_organizations, tmp_path, settings):
    a, _ = two_organizations
    write_key_file(tmp_path / "other", b"\x02" * 32)
    settings.MASTER_KEY_FILE = str(tmp_path / "other")
    with pytest.raises(ProofError, match="MASTER_KEY_FILE"):
        keys.open_key(a.organization.uuid, "report")


def test_key_file__readable_by_others_or_damaged__is_refused(tmp_path, settings):
    path = tmp_path / "key"
    write_key_file(path, b"\x01" * 32)
    settings.NETWORK_KEY_FILE = str(path)
    assert keys.network_key() == b"\x01" * 32
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        keys.network_key()
    path.chmod(0o600)
    path.write_text("not hex")
    with pytest.raises(ConfigurationError, match="64 hex digits"):
        keys.network_key()
    settings.NETWORK_KEY_FILE = str(tmp_path / "absent")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        keys.network_key()
    settings.NETWORK_KEY_FILE = ""
    with pytest.raises(ConfigurationError, match="CLOUDTUNER_NETWORK_KEY_FILE"):
        keys.network_key()


def test_address__is_checksummed_as_eip_55_says():
    # The first account of the well-known test mnemonic.
    private = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    assert keys._address_of(private) == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
