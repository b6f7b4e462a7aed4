"""What is signed is what eth_account signs, and the vectors come from the scripts beside them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import fields

import pytest

from emissions.poce.claim import claim_bytes, claim_faults, claim_hash, read_claim
from emissions.poce.eip712 import Domain, digest, fields_of, struct_hash
from emissions.poce.epoch import HEADER_STRUCT, EpochHeader
from emissions.poce.keys import address_of, recover, sign
from emissions.poce.node_id import REGISTER_STRUCT, RegisterNode
from emissions.poce.report import STRUCT as REPORT_STRUCT
from emissions.poce.report import NodeReport
from emissions.poce.requests import SIGNATURE, check_request, request_text, signed_headers
from emissions.poce.retire import STRUCT as RETIRE_STRUCT
from emissions.poce.retire import Retire

KINDS = {
    "NodeReport": (REPORT_STRUCT, NodeReport),
    "RegisterNode": (REGISTER_STRUCT, RegisterNode),
    "EpochHeader": (HEADER_STRUCT, EpochHeader),
    "Retire": (RETIRE_STRUCT, Retire),
}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_digest__against_eth_account__same_digest_and_signature(name, signatures):
    made, (struct, kind) = signatures["structs"][name], KINDS[name]
    assert made["struct"] == struct
    values = [int(v) if "int" in t else v for v, (t, _) in zip(made["values"], fields_of(struct), strict=True)]
    domain = Domain(signatures["chain_id"], signatures["verifying_contract"])
    key = bytes.fromhex(signatures["key"][2:])
    assert "0x" + domain.separator.hex() == made["domain_separator"]
    assert "0x" + struct_hash(struct, values).hex() == made["struct_hash"]
    signed = digest(domain, struct, values)
    assert "0x" + signed.hex() == made["digest"]
    assert kind(*values).digest(domain) == signed
    assert "0x" + sign(key, signed).hex() == made["signature"]
    assert recover(signed, bytes.fromhex(made["signature"][2:])) == signatures["address"] == address_of(key)


def test_struct_fields__names__match_but_for_case():
    for struct, kind in KINDS.values():
        names = [field.name for field in fields(kind)]
        camel = ["".join(p.capitalize() if i else p for i, p in enumerate(n.split("_"))) for n in names]
        assert camel == [name for _, name in fields_of(struct)]


def test_request__against_eth_account__same_text_and_signature(signatures):
    made = signatures["request"]
    body = made["body"].encode()
    assert request_text(method="POST", path=made["path"], time=made["time"], body=body) == made["text"]
    headers = signed_headers(bytes.fromhex(signatures["key"][2:]), method="POST", path=made["path"], time=made["time"], body=body)
    assert headers[SIGNATURE] == made["signature"]
    assert check_request(headers, method="POST", path=made["path"], body=body, now=made["time"] + 300) == signatures["address"]


def test_claim__against_the_vector__same_bytes_and_hash(texts):
    made = texts["claim"]
    assert claim_bytes(made["value"]).decode() == made["text"]
    assert claim_hash(made["value"]) == made["sha256"] == claim_hash(made["text"].encode())
    assert claim_faults(made["value"]) == []
    assert read_claim(made["text"].encode()) == made["value"]


@pytest.mark.slow
def test_vectors__made_again__same_files(golden, tmp_path):
    subprocess.run([sys.executable, golden / "make_signatures.py", tmp_path], check=True)
    node = shutil.which("node")
    assert node, "the JavaScript vectors need node, which `make` installs"
    subprocess.run([node, golden / "make_trees.mjs", tmp_path], check=True)
    for name in ("signatures.json", "trees.json", "canonical.json"):
        assert (tmp_path / name).read_bytes() == (golden / name).read_bytes(), name
