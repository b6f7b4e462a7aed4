"""What an interrupted run left is found by the same question only, and is whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cloudtuner.errors import ConfigurationError
from emissions.billing.azure import AZURE
from emissions.billing.files import BillFile
from emissions.billing.oci import OCI
from emissions.engine.kept import Kept, whole


def _file(bill_format) -> BillFile:
    return BillFile(Path("bill.csv"), "bill.csv", "0x" + "ab" * 32, "csv", (), bill_format)


def test_kept__another_format_of_the_same_bytes__finds_nothing(tmp_path):
    kept = Kept.of(tmp_path, [_file(AZURE)])
    kept.path("lines-0.parquet").write_bytes(b"parsed")
    kept.release()
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


# A run of its own that says that it began, and ends only when it is killed.
_RUN = """
import sys, time
from pathlib import Path
from emissions.billing.azure import AZURE
from emissions.billing.files import BillFile
from emissions.engine.kept import Kept
kept = Kept.of(Path(sys.argv[1]), [BillFile(Path("bill.csv"), "bill.csv", "0x" + "ab" * 32, "csv", (), AZURE)])
kept.path("lines-0.parquet").write_bytes(b"parsed")
print("began", flush=True)
time.sleep(600)
"""


def test_kept__another_process_works_there__is_refused_until_it_is_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", _RUN, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "began\n"
            with pytest.raises(ConfigurationError, match=f"process {other.pid}.*another folder for --resume") as refused:
                Kept.of(tmp_path, [_file(AZURE)])
            assert refused.value.code == "engine.resume_taken"
            Kept.of(tmp_path, [_file(OCI)]).release()
        finally:
            other.kill()
    kept = Kept.of(tmp_path, [_file(AZURE)])
    assert kept.path("lines-0.parquet").read_bytes() == b"parsed", "what it left is gone on from"
    kept.clear()


def test_kept__cleared_twice__leaves_what_the_next_run_keeps(tmp_path):
    done = Kept.of(tmp_path, [_file(AZURE)])
    done.clear()
    following = Kept.of(tmp_path, [_file(AZURE)])
    done.clear()
    with pytest.raises(ConfigurationError, match="works on this bill"):
        Kept.of(tmp_path, [_file(AZURE)])
    following.clear()
    assert list(tmp_path.iterdir()) == []


def test_kept__folder_that_is_a_file__is_refused_by_name(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="nothing can be kept there"):
        Kept.of(tmp_path / "file", [_file(AZURE)])
