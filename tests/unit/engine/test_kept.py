"""What an interrupted run left is found by the same question only, and is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from emissions.billing.azure import AZURE
from emissions.billing.files import BillFile
from emissions.billing.oci import OCI
from emissions.engine.kept import Kept, whole


def _file(bill_format) -> BillFile:
    return BillFile(Path("bill.csv"), "bill.csv", "0x" + "ab" * 32, "csv", (), bill_format)


def test_kept__another_format_of_the_same_bytes__finds_nothing(tmp_path):
    kept = Kept.of(tmp_path, [_file(AZURE)])
    kept.path("lines-0.parquet").write_bytes(b"parsed")
    assert Kept.of(tmp_path, [_file(AZURE)]).path("lines-0.parquet").exists()
    assert not Kept.of(tmp_path, [_file(OCI)]).path("lines-0.parquet").exists()


def test_kept__another_factor_set_or_basis__finds_nothing(tmp_path):
    kept = Kept.of(tmp_path, [_file(AZURE)])
    kept.valued_by("0x1", "0xe", None, "cloudtuner").path("hours").write_bytes(b"sums")
    assert kept.valued_by("0x1", "0xe", None, "cloudtuner").path("hours").exists()
    assert not kept.valued_by("0x2", "0xe", None, "cloudtuner").path("hours").exists()
    assert not kept.valued_by("0x1", "0xe", "direct", "cloudtuner").path("hours").exists()


def test_whole__writing_breaks__leaves_nothing(tmp_path):
    def write():
        with whole(tmp_path / "a") as beside:
            beside.write_bytes(b"half")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        write()
    assert list(tmp_path.iterdir()) == []
