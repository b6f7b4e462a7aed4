"""The name of a certificate survives being read out and typed, and notices when it did not."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from certificates.identifier import ALPHABET, CertificateId, parse
from cloudtuner.errors import ProofError

CHECKED = [
    (2026, 42, "CTC-2026-000042-45"),
    (1000, 1, "CTC-1000-000001-XP"),
    (9999, 999_999, "CTC-9999-999999-9C"),
]
identifiers = st.builds(CertificateId, year=st.integers(2020, 2099), number=st.integers(1, 999_999))


# The digits as one number, modulo 1021, as two symbols of Crockford's base 32: worked out by hand.
@pytest.mark.parametrize(("year", "number", "printed"), CHECKED)
def test_identifier__known_number__has_its_check(year, number, printed):
    assert str(CertificateId(year, number)) == printed


@given(identifiers)
def test_identifier__printed__is_read_back(identifier):
    assert parse(str(identifier)) == identifier


@given(identifiers)
def test_identifier__typed_carelessly__is_read_back(identifier):
    careless = str(identifier).lower().replace("-", "").replace("0", "o").replace("1", "l")
    assert parse(f" {careless} ") == identifier


@given(identifiers, st.integers(0, 9), st.integers(1, 9))
def test_identifier__one_wrong_digit__is_noticed(identifier, place, change):
    digits = list(f"{identifier.year}{identifier.number:06d}")
    digits[place] = str((int(digits[place]) + change) % 10)
    text = "".join(digits)
    with pytest.raises(ProofError) as refused:
        parse(f"CTC-{text[:4]}-{text[4:]}-{identifier.check}")
    assert refused.value.code in ("certificate_id.check", "certificate_id.range")


@given(identifiers, st.integers(0, 8))
def test_identifier__two_neighbours_swapped__is_noticed(identifier, place):
    digits = list(f"{identifier.year}{identifier.number:06d}")
    assume(digits[place] != digits[place + 1])
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    text = "".join(digits)
    with pytest.raises(ProofError) as refused:
        parse(f"CTC-{text[:4]}-{text[4:]}-{identifier.check}")
    assert refused.value.code in ("certificate_id.check", "certificate_id.range")


@given(identifiers, st.integers(0, 1), st.sampled_from(ALPHABET))
def test_identifier__one_wrong_check_symbol__is_noticed(identifier, place, symbol):
    assume(symbol != identifier.check[place])
    pair = list(identifier.check)
    pair[place] = symbol
    with pytest.raises(ProofError) as refused:
        parse(str(identifier)[:-2] + "".join(pair))
    assert refused.value.code == "certificate_id.check"


@pytest.mark.parametrize(
    "text", ["", "CTC", "CTC-26-42-45", "CTC-2026-0000042-45", "../CTC-2026-000042-45", "CTC-2026-000042-4U"]
)
def test_identifier__of_another_shape__is_refused(text):
    with pytest.raises(ProofError) as refused:
        parse(text)
    assert refused.value.code == "certificate_id.shape"


@pytest.mark.parametrize(("year", "number"), [(2026, 0), (2026, 1_000_000), (999, 1), (10_000, 1)])
def test_identifier__outside_its_range__is_refused(year, number):
    with pytest.raises(ProofError, match="no identifier"):
        CertificateId(year, number)
