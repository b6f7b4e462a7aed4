"""A delivery that was made again leaves the older one's files behind: the manifest says which ones count."""

from __future__ import annotations

import json

import pytest

from cloudtuner.errors import BillError
from emissions.billing import manifests
from emissions.billing.files import open_each, open_files
from emissions.sample_exports import azure_rows, csv_bytes, cur2_rows, cur_rows

OLD, NEW = csv_bytes(cur_rows()[:20]), csv_bytes(cur_rows()[:30])


def _put(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return root


def _names(paths, tmp_path):
    (tmp_path / "work").mkdir(exist_ok=True)
    return {file.name for file in open_files(paths, work_dir=tmp_path / "work")}


def _legacy(tmp_path):
    month = "cur/aravali/20260201-20260301"
    told = {"billingPeriod": {"start": "20260201T000000.000Z"}, "bucket": "bills"}
    older = {**told, "assemblyId": "zz-old", "reportKeys": [f"{month}/zz-old/aravali-00001.csv"]}
    newer = {**told, "assemblyId": "aa-new", "reportKeys": [f"{month}/aa-new/aravali-00001.csv"]}
    return _put(
        tmp_path / "bucket",
        {
            f"{month}/zz-old/aravali-00001.csv": OLD,
            f"{month}/zz-old/aravali-Manifest.json": older,
            f"{month}/aa-new/aravali-00001.csv": NEW,
            f"{month}/aa-new/aravali-Manifest.json": newer,
            f"{month}/aravali-Manifest.json": newer,
        },
    )


def test_folder__two_deliveries_of_the_legacy_report__the_month_manifest_decides(tmp_path):
    assert _names([_legacy(tmp_path)], tmp_path) == {"cur/aravali/20260201-20260301/aa-new/aravali-00001.csv"}


def test_manifest__given_by_itself__finds_its_files(tmp_path):
    root = _legacy(tmp_path) / "cur/aravali/20260201-20260301"
    assert _names([root / "aravali-Manifest.json"], tmp_path) == {"aa-new/aravali-00001.csv"}
    assert _names([root / "zz-old/aravali-Manifest.json"], tmp_path) == {"aravali-00001.csv"}


def test_manifest__given_by_itself__asks_above_its_folder_for_names_only(tmp_path):
    told = {"billingPeriod": {"start": "20260201"}, "assemblyId": "a", "reportKeys": ["cur/../a/x-00001.csv"]}
    root = _put(tmp_path / "bucket", {"notes/x-Manifest.json": told, "elsewhere/x-00001.csv": OLD})
    with pytest.raises(BillError, match="which is not there"):
        _names([root / "notes/x-Manifest.json"], tmp_path)
    _put(root, {"a/x-00001.csv": OLD})
    assert _names([root / "notes/x-Manifest.json"], tmp_path) == {"a/x-00001.csv"}


def test_manifest__of_a_stranger__names_nothing_outside_its_folder(tmp_path):
    told = {"billingPeriod": {"start": "20260201"}, "assemblyId": "a", "reportKeys": ["others/x-00001.csv"]}
    root = _put(tmp_path / "store", {"mine/x-Manifest.json": told, "others/x-00001.csv": OLD})
    with pytest.raises(BillError, match="which is not there"):
        open_each([root / "mine/x-Manifest.json"], work_dir=tmp_path, look_around=False)
    _put(root, {"mine/x-00001.csv": OLD})
    (found,) = open_each([root / "mine/x-Manifest.json"], work_dir=tmp_path, look_around=False)
    assert found.path.is_relative_to(root / "mine")


def test_folder__data_export_with_two_executions__takes_the_latest_of_each_month(tmp_path):
    month = "aravali/data/BILLING_PERIOD=2026-02"
    notes = "aravali/metadata/BILLING_PERIOD=2026-02"
    root = _put(
        tmp_path / "bucket",
        {
            f"{month}/20260203T0500Z-a/aravali-00001.csv": csv_bytes(cur2_rows()[:9]),
            f"{month}/20260209T0500Z-b/aravali-00001.csv": csv_bytes(cur2_rows()[:12]),
            f"{notes}/20260203T0500Z-a/aravali-Manifest.json": {
                "dataFiles": [f"s3://bills/{month}/20260203T0500Z-a/aravali-00001.csv"]
            },
            f"{notes}/20260209T0500Z-b/aravali-Manifest.json": {
                "dataFiles": [f"s3://bills/{month}/20260209T0500Z-b/aravali-00001.csv"]
            },
        },
    )
    assert _names([root], tmp_path) == {f"{month}/20260209T0500Z-b/aravali-00001.csv"}
    alone = root / f"{notes}/20260203T0500Z-a/aravali-Manifest.json"
    assert {name.split("/")[-2] for name in _names([alone], tmp_path)} == {"20260203T0500Z-a"}


def _azure(tmp_path, rows):
    run = {"submittedTime": "2026-02-10T05:00:00Z", "startDate": "2026-02-01T00:00:00", "endDate": "2026-02-28T00:00:00"}
    blob = {"blobName": "export/20260201-20260228/guid/part_0_0001.csv", "byteCount": 1, "dataRowCount": rows}
    return _put(
        tmp_path / "bucket",
        {
            "export/20260201-20260228/guid/part_0_0001.csv": csv_bytes(azure_rows()[:10]),
            "export/20260201-20260228/guid/manifest.json": {"runInfo": run, "blobs": [blob]},
        },
    )


def test_folder__azure_manifest__is_read(tmp_path):
    assert len(_names([_azure(tmp_path, 10)], tmp_path)) == 1


def test_folder__azure_manifest_that_promises_more_lines__is_refused(tmp_path):
    with pytest.raises(BillError, match="promises 11 lines, there are 10") as caught:
        _names([_azure(tmp_path, 11)], tmp_path)
    assert caught.value.code == "bill.incomplete"


def test_folder__file_of_the_manifest_missing__is_refused(tmp_path):
    root = _legacy(tmp_path)
    (root / "cur/aravali/20260201-20260301/aa-new/aravali-00001.csv").unlink()
    # The older delivery's file has the same name, and is not taken in its place.
    assert (root / "cur/aravali/20260201-20260301/zz-old/aravali-00001.csv").exists()
    with pytest.raises(BillError, match="which is not there") as caught:
        _names([root], tmp_path)
    assert caught.value.code == "bill.incomplete"


def test_folder__two_parts_of_one_name_and_one_file__is_refused(tmp_path):
    told = {"billingPeriod": {"start": "20260201"}, "assemblyId": "a", "reportKeys": ["cur/a/x-00001.csv", "cur/b/x-00001.csv"]}
    root = _put(tmp_path / "bucket", {"x-00001.csv": OLD, "x-Manifest.json": told})
    with pytest.raises(BillError, match=r"names cur/b/x-00001.csv, which is not there"):
        _names([root], tmp_path)


def test_folder__manifests_of_two_months_copied_out_of_their_folders__both_count(tmp_path):
    files = {
        f"2026-{month}/aravali-00001.csv": csv_bytes(cur2_rows()[: int(month)])
        for month in ("01", "02")
    }  # fmt: skip
    for month in ("01", "02"):
        path = f"s3://bills/aravali/data/BILLING_PERIOD=2026-{month}/2026-{month}/aravali-00001.csv"
        files[f"{month}-Manifest.json"] = {"dataFiles": [path]}
    assert len(_names([_put(tmp_path / "bucket", files)], tmp_path)) == 2


def test_folder__two_exports__is_refused_by_their_names(tmp_path):
    root = _azure(tmp_path, 10)
    manifest = root / "export/20260201-20260228/guid/manifest.json"
    other = {**json.loads(manifest.read_bytes()), "exportConfig": {"exportName": "amortised", "resourceId": "/subscriptions/1"}}
    _put(root, {"amortised/20260201-20260228/guid/manifest.json": other})
    with pytest.raises(BillError, match="one without a name, amortised of /subscriptions/1") as caught:
        _names([root], tmp_path)
    assert caught.value.code == "bill.exports"
    assert len(_names([manifest], tmp_path)) == 1


def test_folder__broken_manifest__is_refused_and_foreign_json_is_not_asked(tmp_path):
    root = _put(tmp_path / "bucket", {"a.csv": OLD, "manifest.json": {"start_url": "/"}})
    assert _names([root], tmp_path) == {"a.csv"}
    (root / "manifest.json").write_bytes(b"{")
    with pytest.raises(BillError, match="manifest is not JSON"):
        _names([root], tmp_path)


def test_folder__manifest_larger_than_any_is__is_refused_unread(tmp_path):
    root = _put(tmp_path / "bucket", {"x-00001.csv": OLD})
    with (root / "x-Manifest.json").open("wb") as manifest:
        manifest.truncate(manifests.MAX_BYTES + 1)
    for given in (root, root / "x-Manifest.json"):
        with pytest.raises(BillError, match=r"x-Manifest\.json: the manifest has 16777217 bytes") as refused:
            _names([given], tmp_path)
        assert refused.value.code == "bill.manifest"


def test_manifests__months_of_many_parts__are_compared_by_name_only(monkeypatch):
    parts, months = 300, 12
    files = {month: [f"cur/2026-{month:02d}/run/cur-{part:05d}.parquet" for part in range(parts)] for month in range(months)}
    told = [manifests.Manifest(f"m{month}", f"{month:02d}", "a", tuple(files[month])) for month in range(months)]
    there = [f"bucket/{file}" for month in files.values() for file in month]
    real, compared = manifests._shared_tail, []
    monkeypatch.setattr(manifests, "_shared_tail", lambda one, other: compared.append(1) or real(one, other))
    for month, manifest in enumerate(manifests.newest(told)):
        assert list(manifests.files_named(manifest, there)) == [f"bucket/{file}" for file in files[month]]
    assert len(compared) <= parts * months * months * months, "each part with those of its name, not with all of them"
