"""A claim is refused when its shape or one of its sums is off."""

from __future__ import annotations

import copy

import pytest

from cloudtuner.errors import ProofError
from emissions.poce.claim import claim_bytes, claim_faults, claim_hash, read_claim


def _changed(claim, path, value):
    changed = copy.deepcopy(claim)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("quantity_ug",), "1499989", "quantity_ug"),
        (("quantity_ug",), "0", "zero"),
        (("quantity_ug",), 1499988, "decimal string"),
        (("lots", 0, "ug"), "1499987", "lots have 1499987"),
        (("lots", 0, "ug"), "-1", "shares"),
        (("lots", 0, "hour_from"), 484295, "outside the period"),
        (("lots", 0, "hour_through"), 484296, "shares"),
        (("emissions", "operational_ug"), "1", "operational_ug + embodied_ug"),
        (("emissions", "by_region", 0, "ug"), "1", "by_region"),
        (("emissions", "by_region", 0, "basis"), "market", "direct, lifecycle"),
        (("emissions", "by_basis", "lifecycle_ug"), "1", "by_basis"),
        (("emissions", "low_ug"), "1499989", "band"),
        (("data_quality", "unknown_ug"), "1", "data_quality"),
        (("validators", "agreed"), 5, "validators"),
        (("class",), "X", "class"),
        (("class",), "T", "class T has none"),
        (("approval",), "none", "approval"),
        (("schema",), "cloudtuner.claim/2", "schema"),
        (("period", "hour_from"), 485016, "ends before"),
        (("chain", "ct02"), "0x" + "00" * 19, "ct02"),
        (("account",), "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "account"),
        (("salt",), "0x00", "salt"),
        (("level",), "0", "level"),
        (("issued_for", "identifiers"), {"cin": 1}, "identifiers"),
        (("lots",), {}, "lots"),
        (("note",), "x", "not known: note"),
    ],
)
def test_claim_faults__one_thing_wrong__named(texts, path, value, told):
    faults = claim_faults(_changed(texts["claim"]["value"], path, value))
    assert any(told in fault for fault in faults), faults


def test_read_claim__faulty_or_not_canonical__refused(texts):
    made = texts["claim"]
    with pytest.raises(ProofError) as caught:
        read_claim(made["text"].encode() + b"\n")
    assert caught.value.code == "json.not_canonical"
    with pytest.raises(ProofError) as caught:
        read_claim(claim_bytes(_changed(made["value"], ("quantity_ug",), "7")))
    assert caught.value.code == "claim.invalid"


def test_claim_hash__any_field_changed__differs(texts):
    claim = texts["claim"]["value"]
    assert claim_hash(_changed(claim, ("purpose",), "another")) != claim_hash(claim)


def test_claim_of_acquired_units__without_lots__holds(texts):
    claim = copy.deepcopy(texts["claim"]["value"])
    claim |= {"class": "T", "lots": [], "data_quality": dict.fromkeys(claim["data_quality"], "0")}
    claim["emissions"] |= {"by_region": [], "by_basis": {"direct_ug": "0", "lifecycle_ug": "0"}}
    claim["emissions"] |= dict.fromkeys(("operational_ug", "embodied_ug", "low_ug", "high_ug", "energy_uwh"), "0")
    assert claim_faults(claim) == []
