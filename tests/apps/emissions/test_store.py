"""Files under their own digest: whole or absent, checked when read."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner.errors import ConfigurationError
from emissions.store import Store, StoreError, default_store, safe_name


def test_put__bytes__lie_under_their_sha256(tmp_path):
    store = Store(tmp_path)
    stored = store.put([b"ab", b"c"])
    assert stored.digest == hashlib.sha256(b"abc").hexdigest()
    assert stored.size == 3
    assert store.read(stored.digest) == b"abc"
    assert store.put([b"abc"]) == stored
    assert list((tmp_path / "incoming").iterdir()) == []


def test_put__source_breaks__leaves_nothing(tmp_path):
    def broken():
        yield b"half"
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        Store(tmp_path / "fresh").put(broken())
    assert [path for path in (tmp_path / "fresh").rglob("*") if path.is_file()] == []


def test_put_each__many_documents__are_all_there_in_their_order(tmp_path):
    store = Store(tmp_path)
    documents = [(str(number), iter([b"line ", b"%d" % (number % 7)])) for number in range(40)]
    found = list(store.put_each(documents))
    assert [key for key, _ in found] == [key for key, _ in documents]
    assert [store.read(stored.digest) for _, stored in found] == [b"line %d" % (number % 7) for number in range(40)]
    assert list((tmp_path / "incoming").iterdir()) == []


def test_put_each__one_breaks__those_before_are_whole_and_nothing_else_is_left(tmp_path):
    def documents():
        yield "a", [b"whole"]
        yield "b", map(int, ["half"])

    with pytest.raises(ValueError, match="half"):
        list(Store(tmp_path / "fresh").put_each(documents()))
    assert [path.read_bytes() for path in (tmp_path / "fresh").rglob("*") if path.is_file()] == [b"whole"]


def test_read__bytes_changed__is_refused(tmp_path):
    store = Store(tmp_path)
    digest = store.put_bytes(b"genuine")
    store.path(digest).chmod(0o600)
    store.path(digest).write_bytes(b"changed")
    with pytest.raises(StoreError) as refused:
        store.read(digest)
    assert refused.value.code == "store.damaged"


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "AB" * 32, "0x" + "a" * 64])
def test_path__not_a_digest__is_refused(tmp_path, digest):
    with pytest.raises(StoreError):
        Store(tmp_path).path(digest)


def test_laid_out__same_name_twice__both_are_there_under_names_of_their_own(tmp_path):
    store = Store(tmp_path)
    files = [("a/bill.csv", store.put_bytes(b"1")), ("b/bill.csv", store.put_bytes(b"2"))]
    # The name that the second of them takes may be somebody's own.
    files.insert(1, ("2-bill.csv", store.put_bytes(b"3")))
    with store.laid_out(files) as paths:
        assert [path.read_bytes() for path in paths] == [b"1", b"3", b"2"]
        assert paths[0].name == "bill.csv"
    assert not paths[0].exists()


@given(st.text())
def test_safe_name__any_text__is_one_plain_name(name):
    safe = safe_name(name)
    assert safe
    assert len(safe.encode()) <= 200
    assert "/" not in safe
    assert "\\" not in safe
    assert "\0" not in safe
    assert safe not in {".", ".."}
    assert not safe.startswith((".", " "))


def test_safe_name__long_in_hindi__keeps_its_ending_and_fits_a_disk(tmp_path):
    name = safe_name("\u092c\u093f\u0932 " * 100 + ".csv.gz")
    assert name.endswith(".csv.gz")
    (tmp_path / f"10-{name}").touch()


def test_default_store__another_scheme__is_refused(settings):
    settings.OBJECT_STORE_URL = "s3://bucket"
    with pytest.raises(ConfigurationError, match="folder"):
        default_store()
