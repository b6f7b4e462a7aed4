"""RLP, trie and receipt proof against the `rlp` and `trie` packages, and against every small change."""

from __future__ import annotations

import contextlib
import random

import pytest
import rlp as other_rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from cloudtuner.errors import ProofError
from emissions.poce import rlp
from emissions.poce.hexes import checksum_address, to_hex
from emissions.poce.keccak import keccak
from emissions.poce.receipt import RETIRED_TOPIC, Log, RetiredEvent, retired_event, verify_receipt_proof
from emissions.poce.trie import walk

ITEMS = st.recursive(st.binary(max_size=80), lambda items: st.lists(items, max_size=5), max_leaves=12)


def _listed(item):
    return [_listed(part) for part in item] if isinstance(item, (list, tuple)) else bytes(item)


@given(ITEMS)
def test_rlp__any_item__same_bytes_as_the_rlp_package_and_back(item):
    data = rlp.encode(item)
    assert data == other_rlp.encode(item)
    assert rlp.decode(data) == item


@given(st.binary(max_size=70))
def test_rlp__any_bytes__accepted_only_when_the_rlp_package_accepts_them_and_then_the_same(data):
    try:
        item = rlp.decode(data)
    except ProofError:
        with pytest.raises((other_rlp.DecodingError, other_rlp.exceptions.RLPException)):
            other_rlp.decode(data, strict=True)
        return
    assert item == _listed(other_rlp.decode(data, strict=True))
    assert rlp.encode(item) == data


@pytest.mark.parametrize(
    "text", ["", "8100", "b800", "b90000", "f800", "c1", "83ab", "0000", "c180ff", "b8", "bfffffffffffffffff", "c0" * 2]
)
def test_rlp__second_spelling_or_wrong_length__refused(text):
    with pytest.raises(ProofError) as caught:
        rlp.decode(bytes.fromhex(text))
    assert caught.value.code == "rlp.invalid"


def test_rlp__nested_too_deep__refused_without_recursion():
    data = b"\xc0"
    for _ in range(2000):
        prefix = bytes([0xC0 + len(data)]) if len(data) < 56 else b"\xf9" + len(data).to_bytes(2, "big")
        data = prefix + data
    with pytest.raises(ProofError):
        rlp.decode(data)


TABLES = st.dictionaries(st.binary(min_size=1, max_size=4), st.binary(min_size=1, max_size=60), min_size=1, max_size=40)


def _proof(table: dict[bytes, bytes], key: bytes) -> tuple[bytes, list[bytes]]:
    tree = HexaryTrie(db={})
    for name, value in table.items():
        tree[name] = value
    nodes = [other_rlp.encode(node) for node in tree.get_proof(key)]
    # `get_proof` also lists nodes that stand inside their parent; on the wire they come with the parent.
    return tree.root_hash, [node for place, node in enumerate(nodes) if place == 0 or len(node) >= 32]


@given(TABLES, st.data())
def test_walk__any_trie__finds_what_the_trie_package_put_there(table, data):
    key = data.draw(st.sampled_from(sorted(table)))
    root, nodes = _proof(table, key)
    assert walk(root, key, nodes) == table[key]
    with pytest.raises(ProofError) as caught:
        walk(root, key, [*nodes, nodes[-1]])
    assert caught.value.code == "trie.spare"
    with pytest.raises(ProofError):
        walk(root, key, nodes[:-1])


@given(TABLES, st.binary(min_size=1, max_size=4))
def test_walk__absent_key__has_no_value(table, key):
    if key not in table:
        root, nodes = _proof(table, key)
        with pytest.raises(ProofError):
            walk(root, key, nodes)


@settings(max_examples=200)
@given(TABLES, st.data())
def test_walk__one_bit_changed__refused(table, data):
    key = data.draw(st.sampled_from(sorted(table)))
    root, nodes = _proof(table, key)
    place = data.draw(st.integers(0, len(nodes) - 1))
    changed = bytearray(nodes[place])
    bit = data.draw(st.integers(0, len(changed) * 8 - 1))
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProofError):
        walk(root, key, [*nodes[:place], bytes(changed), *nodes[place + 1 :]])


RETIREMENT = checksum_address(bytes([9]) * 20)


def _log(amount: int) -> list:
    topics = [RETIRED_TOPIC, (7).to_bytes(32, "big"), bytes(12) + bytes([1]) * 20, bytes(12) + bytes([2]) * 20]
    data = b"".join(n.to_bytes(32, "big") for n in (amount, 484296, 485015)) + bytes([5]) * 32
    return [bytes([9]) * 20, topics, data]


def _receipt(kind: int, *, status: bytes = b"\x01", amount: int = 5) -> bytes:
    other = [bytes([8]) * 20, [bytes([4]) * 32], b"x"]
    body = other_rlp.encode([status, 21000, bytes(256), [other, _log(amount)]])
    return (bytes([kind]) if kind else b"") + body


def _block(count: int, index: int, **change) -> dict:
    table = {rlp.encode_number(i): _receipt((0, 2)[i % 2], amount=i + 1, **change) for i in range(count)}
    root, nodes = _proof(table, rlp.encode_number(index))
    fields: list = [
        bytes(32),
        bytes(32),
        bytes(20),
        bytes(32),
        bytes(32),
        root,
        bytes(256),
        0,
        77,
        30_000_000,
        21000,
        1_800_000_000,
        b"",
        bytes(32),
        bytes(8),
        7,
    ]
    header = other_rlp.encode(fields)
    return {
        "chain_id": 31337,
        "block_hash": to_hex(keccak(header)),
        "block_number": 77,
        "header_rlp": to_hex(header),
        "tx_index": index,
        "log_index": 1,
        "nodes": [to_hex(node) for node in nodes],
        "tx_hash": "0x" + "ab" * 32,
    }


@pytest.mark.parametrize(("count", "index"), [(1, 0), (2, 1), (3, 0), (10, 9), (130, 127), (130, 128), (300, 299)])
def test_receipt_proof__genuine__tells_the_event(count, index):
    proved = verify_receipt_proof(_block(count, index))
    assert (proved.block_number, proved.timestamp, proved.tx_index, proved.log_index) == (77, 1_800_000_000, index, 1)
    assert retired_event(proved.log, RETIREMENT) == RetiredEvent(
        7, checksum_address(bytes([1]) * 20), checksum_address(bytes([2]) * 20), index + 1, 484296, 485015, "0x" + "05" * 32
    )


def test_receipt_proof__four_hundred_small_changes__none_proves_another_event():
    genuine = _block(40, 17)
    event = retired_event(verify_receipt_proof(genuine).log, RETIREMENT)
    dice = random.Random(20251122)
    for _ in range(400):
        proof = {**genuine, "nodes": list(genuine["nodes"])}
        field = dice.choice(["block_hash", "header_rlp", "nodes", "tx_index", "log_index", "block_number"])
        if field in ("tx_index", "log_index", "block_number"):
            proof[field] ^= 1 << dice.randrange(8)
        else:
            place = dice.randrange(len(proof["nodes"])) if field == "nodes" else None
            raw = bytearray.fromhex((proof[field] if place is None else proof[field][place])[2:])
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
            if place is None:
                proof[field] = to_hex(bytes(raw))
            else:
                proof[field][place] = to_hex(bytes(raw))
        with contextlib.suppress(ProofError):
            assert retired_event(verify_receipt_proof(proof).log, RETIREMENT) != event
            pytest.fail(f"a changed {field} was accepted")


def test_receipt_proof__failed_transaction__refused():
    with pytest.raises(ProofError) as caught:
        verify_receipt_proof(_block(3, 1, status=b""))
    assert caught.value.code == "receipt.failed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"log_index": 2}, "receipt.no_log"),
        ({"block_number": 78}, "receipt.header"),
        ({"tx_index": 1}, "trie.hash"),
        ({"nodes": []}, "trie.short"),
        ({"nodes": "0x"}, "json.shape"),
        ({"tx_index": -1}, "json.shape"),
        ({"tx_index": True}, "json.shape"),
        ({"extra": 1}, "json.shape"),
        ({"header_rlp": "0xc0", "block_hash": to_hex(keccak(b"\xc0"))}, "receipt.header"),
    ],
)
def test_receipt_proof__changed__refused_with_its_code(change, code):
    with pytest.raises(ProofError) as caught:
        verify_receipt_proof({**_block(40, 17), **change})
    assert caught.value.code in (code, "trie.absent", "trie.spare") if code == "trie.hash" else caught.value.code == code


def test_retired_event__other_contract_or_other_event__refused():
    log = verify_receipt_proof(_block(2, 1)).log
    for other in (
        Log(log.address, (bytes(32), *log.topics[1:]), log.data),
        Log(checksum_address(bytes(20)), log.topics, log.data),
        Log(log.address, log.topics, log.data + b"\0"),
        Log(log.address, log.topics[:3], log.data),
        Log(log.address, (*log.topics[:3], b"\1" * 32), log.data),
    ):
        with pytest.raises(ProofError) as caught:
            retired_event(other, RETIREMENT)
        assert caught.value.code == "receipt.other_event"
