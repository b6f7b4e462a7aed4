"""Keys, request signatures and node ids refuse what is not theirs."""

from __future__ import annotations

import contextlib

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.poce.hexes import address_bytes, checksum_address, from_hex, normal_address
from emissions.poce.keys import address_of, new_key, recover, sign
from emissions.poce.node_id import node_id
from emissions.poce.requests import SIGNATURE, SIGNER, TIME, check_request, signed_headers

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SECRETS = st.integers(1, ORDER - 1).map(lambda n: n.to_bytes(32, "big"))
DIGESTS = st.binary(min_size=32, max_size=32)


@given(SECRETS, DIGESTS)
def test_sign__any_key_and_digest__same_as_eth_account_and_recovers(secret, digest):
    signature = sign(secret, digest)
    other = Account.unsafe_sign_hash(digest, secret)
    assert signature == bytes(other.signature)
    assert recover(digest, signature) == address_of(secret) == Account.from_key(secret).address


@given(SECRETS, DIGESTS, st.integers(0, 65 * 8 - 1))
def test_recover__one_bit_changed__refused_or_another_address(secret, digest, bit):
    changed = bytearray(sign(secret, digest))
    changed[bit // 8] ^= 1 << bit % 8
    with contextlib.suppress(ProofError):
        assert recover(digest, bytes(changed)) != address_of(secret)


@given(SECRETS, DIGESTS)
def test_recover__the_second_spelling_with_high_s__refused(secret, digest):
    raw = sign(secret, digest)
    high = (ORDER - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big")
    with pytest.raises(ProofError):
        recover(digest, raw[:32] + high + bytes([55 - raw[64]]))


@pytest.mark.parametrize("secret", [b"", bytes(32), ORDER.to_bytes(32, "big"), bytes(31), bytes(33)])
def test_sign__not_a_private_key__refused(secret):
    with pytest.raises(ProofError) as caught:
        sign(secret, bytes(32))
    assert caught.value.code == "key.invalid"


def test_new_key__twice__differs():
    assert new_key() != new_key()


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(65), bytes(64) + b"\x1b", bytes(64) + b"\x00"])
def test_recover__not_a_signature__refused(signature):
    with pytest.raises(ProofError):
        recover(bytes(32), signature)


@given(st.binary(min_size=20, max_size=20))
def test_address__any_spelling__one_normal_form(raw):
    text = checksum_address(raw)
    assert address_bytes(text) == raw
    assert normal_address("0x" + raw.hex()) == text
    swapped = "0x" + text[2:].swapcase()
    if swapped[2:] not in (text[2:], text[2:].lower(), text[2:].upper()):
        with pytest.raises(ProofError):
            address_bytes(swapped)


@pytest.mark.parametrize("text", ["0xAB", "0xg0", "ab", "0xabc", None, 3, "0x12\n"])
def test_from_hex__not_the_protocols_hex__refused(text):
    with pytest.raises(ProofError):
        from_hex(text)


REQUEST = {"method": "GET", "path": "/poce/v1/reports/0xab?full=1", "body": b""}
KEY = bytes([7]) * 32


def _headers(time=1_800_000_000):
    return signed_headers(KEY, time=time, **REQUEST)


def test_check_request__header_names_in_another_case__accepted():
    headers = {name.lower(): value for name, value in _headers().items()}
    assert check_request(headers, now=1_800_000_000, **REQUEST) == address_of(KEY)


@pytest.mark.parametrize("change", [{"method": "POST"}, {"path": "/poce/v1/reports/0xac?full=1"}, {"body": b"x"}])
def test_check_request__another_request__refused(change):
    with pytest.raises(ProofError) as caught:
        check_request(_headers(), now=1_800_000_000, **{**REQUEST, **change})
    assert caught.value.code == "request.signature"


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        (SIGNER, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "request.signature"),
        (SIGNER, "nobody", "request.signature"),
        (SIGNER, "", "request.unsigned"),
        (TIME, "1800000001", "request.signature"),
        (TIME, "soon", "request.time"),
        (TIME, "١٨", "request.time"),
        (SIGNATURE, "0x00", "request.signature"),
        (SIGNATURE, "", "request.unsigned"),
    ],
)
def test_check_request__header_changed__refused(header, value, code):
    with pytest.raises(ProofError) as caught:
        check_request({**_headers(), header: value}, now=1_800_000_000, **REQUEST)
    assert caught.value.code == code


@pytest.mark.parametrize("skew", [-301, 301])
def test_check_request__clock_off_by_more_than_five_minutes__refused(skew):
    with pytest.raises(ProofError) as caught:
        check_request(_headers(), now=1_800_000_000 + skew, **REQUEST)
    assert caught.value.code == "request.time"


def test_node_id__another_key_provider_or_account__another_id():
    ids = {
        node_id(key, provider, account)
        for key in (bytes(32), bytes([1]) * 32)
        for provider in ("aws", "gcp")
        for account in ("111122223333", "111122223334")
    }
    assert len(ids) == 8


@pytest.mark.parametrize(
    ("key", "provider", "account"),
    [(b"", "aws", "1"), (bytes(32), "ibm", "1"), (bytes(32), "aws", ""), (bytes(32), "aws", "a\0b")],
)
def test_node_id__not_an_account__refused(key, provider, account):
    with pytest.raises(ProofError):
        node_id(key, provider, account)
