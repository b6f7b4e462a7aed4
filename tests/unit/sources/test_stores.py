"""A bill in an object store is read where it lies, with list and get only."""

from __future__ import annotations

import gzip
import json
import logging

import boto3
import pytest
from moto.server import ThreadedMotoServer

from emissions.billing.files import open_files
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.sample_exports import azure_rows, csv_bytes, cur2_rows, gcp_text_rows
from emissions.sources.errors import SourceError, SourceUnreachable
from emissions.sources.fetching import fetch, local_bills, wanted_objects
from emissions.sources.stores import Access, Source
from emissions.sources.uris import parse_uri

MONTH = "cur2/aravali/data/BILLING_PERIOD=2026-02"
BILL = csv_bytes(cur2_rows())


@pytest.fixture(scope="module")
def s3():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3, monkeypatch):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=s3)
    client.create_bucket(Bucket="bills")
    client.put_object(Bucket="bills", Key=f"{MONTH}/aravali-00001.csv.gz", Body=gzip.compress(BILL))
    client.put_object(Bucket="bills", Key=f"{MONTH}/readme.txt", Body=b"no bill")
    yield client
    for each in client.list_objects_v2(Bucket="bills").get("Contents", []):
        client.delete_object(Bucket="bills", Key=each["Key"])
    client.delete_bucket(Bucket="bills")


def test_s3__prefix__gives_the_bill_with_its_names_and_digests(bucket, s3, tmp_path):
    source = Source(parse_uri("s3://bills/cur2"), Access(endpoint=s3))
    (found,) = fetch(source, tmp_path)
    assert found.name == f"{MONTH}/aravali-00001.csv.gz"
    (opened,) = open_files([tmp_path / "files"], work_dir=tmp_path)
    assert (opened.digest, opened.export, opened.bill_format.name) == (found.digest, "aravali", "cur2")


def test_s3__estimate__equals_that_of_the_file(bucket, s3, tmp_path):
    (tmp_path / "a.csv").write_bytes(BILL)
    factors = load_factor_set()
    with (
        local_bills(["s3://bills/cur2/"], access=Access(endpoint=s3)) as paths,
        estimate(paths, factor_set=factors) as there,
        estimate([tmp_path / "a.csv"], factor_set=factors) as here,
    ):
        assert there.hours.equals(here.hours)
    assert not paths[0].exists()


def test_s3__single_object_and_missing_ones__are_told_apart(bucket, s3):
    access = Access(endpoint=s3)
    assert len(Source(parse_uri(f"s3://bills/{MONTH}/aravali-00001.csv.gz"), access).objects()) == 1
    with pytest.raises(SourceError, match="no such bucket or object") as caught:
        Source(parse_uri("s3://bills/elsewhere"), access).objects()
    assert caught.value.code == "source.missing"
    with pytest.raises(SourceError):
        Source(parse_uri("s3://no-such-bucket/x"), access).objects()


def test_s3__manifest__names_what_is_fetched(bucket, s3, tmp_path):
    bucket.put_object(Bucket="bills", Key=f"{MONTH}/run-2/aravali-00001.csv", Body=csv_bytes(cur2_rows()[:9]))
    told = {"dataFiles": [f"s3://bills/{MONTH}/run-2/aravali-00001.csv"]}
    manifest = "cur2/aravali/metadata/BILLING_PERIOD=2026-02/aravali-Manifest.json"
    bucket.put_object(Bucket="bills", Key=manifest, Body=json.dumps(told).encode())
    names = [each.name for each in wanted_objects(Source(parse_uri("s3://bills/cur2"), Access(endpoint=s3)))]
    assert names == [f"{MONTH}/run-2/aravali-00001.csv", manifest]


@pytest.mark.parametrize(
    ("uri", "access", "rows"), [("gs://bills/gcp", "google", gcp_text_rows), ("az://bills/azure", "azure", azure_rows)]
)
def test_stand_in__prefix__is_fetched_once_and_only_read(uri, access, rows, stand_in, request, tmp_path):
    folder = uri.rpartition("/")[2]
    stand_in.objects = {f"{folder}/2026/part 1.csv": csv_bytes(rows()), f"{folder}/note.txt": b"", "other/x.csv": b"a"}
    source = Source(parse_uri(uri), request.getfixturevalue(access))
    (found,) = fetch(source, tmp_path)
    assert found.path.read_bytes() == csv_bytes(rows())
    (opened,) = open_files([tmp_path / "files"], work_dir=tmp_path)
    assert opened.bill_format.name == folder
    stand_in.gets.clear()
    assert [each.digest for each in fetch(source, tmp_path)] == [found.digest]
    assert stand_in.gets == []
    assert stand_in.methods == {"GET"}


@pytest.mark.parametrize("access", ["google", "azure"])
def test_stand_in__denied_or_cut__is_said_and_nothing_is_left(access, stand_in, request, tmp_path):
    stand_in.objects = {"a/b.csv": b"x" * 100_000}
    source = Source(parse_uri("gs://bills/a" if access == "google" else "az://bills/a"), request.getfixturevalue(access))
    stand_in.cut = True
    with pytest.raises(SourceUnreachable):
        fetch(source, tmp_path)
    assert not list((tmp_path / "objects").iterdir())
    stand_in.cut, stand_in.denied = False, True
    with pytest.raises(SourceError, match="may not read") as caught:
        fetch(source, tmp_path)
    assert (caught.value.code, caught.value.retryable) == ("source.denied", False)


def test_source__no_bill_there__is_refused(stand_in, google):
    stand_in.objects = {"a/b.txt": b"x"}
    with pytest.raises(SourceError, match="no bill file lies here"):
        wanted_objects(Source(parse_uri("gs://bills/a"), google))


@pytest.mark.parametrize("uri", ["s3://", "s3:///x", "gs://UP/../x", "s3://a@b/x", "ftp://x/y", "s3://bills/../../etc"])
def test_uri__that_names_no_place__is_refused(uri):
    with pytest.raises(SourceError):
        parse_uri(uri)


def test_source__credentials_over_http_to_a_stranger__are_refused():
    with pytest.raises(SourceError, match="do not go over http") as caught:
        Source(parse_uri("s3://bills/x"), Access({"secret_access_key": "hush"}, endpoint="http://example.com"))
    assert "hush" not in str(caught.value) + repr(Access({"secret_access_key": "hush"}))


def test_local_bills__only_files__are_left_alone(tmp_path):
    with local_bills([tmp_path, "bill.csv"]) as paths:
        assert [str(path) for path in paths] == [str(tmp_path), "bill.csv"]
