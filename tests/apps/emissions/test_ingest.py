"""Files in, ledger out: first versions, restatements, duplicates, and bills that cannot be read."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from cloudtuner.errors import ServiceError
from emissions import selectors, services
from emissions.models import AccountPeriod, BillVersion, LedgerBatch, LedgerDay, LedgerHour
from emissions.register.models import NodeBinding, WaitingJob


@pytest.fixture
def first(cur):
    """Thirty hours of a machine in Mumbai and of one in Virginia."""
    line = cur.Line()
    return [*cur.hours(line, 30), *cur.hours(replace(line, account=cur.other, place=cur.virginia), 30)]


def test_upload__first_version__confirms_itself_with_the_engines_figures(room, cur, first, estimate_of):
    version = room.version(first)
    assert version.state == "confirmed"
    assert version.counts["lines"] == 60
    expected = estimate_of(first)
    assert {row.account: row.ug for row in version.accounts} == expected
    assert room.total() == sum(expected.values()) > 0
    assert [(row.account, row.old_ug, row.new_ug, row.old_days, row.new_days) for row in version.diff] == [
        (account, 0, expected[account], 0, 2) for account in sorted(expected)
    ]
    assert LedgerBatch.objects.get().row_count == LedgerHour.objects.count() == 60
    assert services.ledger_verify() == []


@pytest.mark.parametrize("factor", ["2", "0.5"], ids=["up", "down"])
def test_upload__second_delivery__replaces_the_first_once_confirmed(room, cur, first, estimate_of, factor):
    before = room.version(first)
    restated = [replace(line, quantity=factor, line_id=f"again-{number}") for number, line in enumerate(first)]
    version = room.version(restated)
    expected = estimate_of(restated)
    assert (version.state, version.number) == ("review", 2)
    assert room.total() == sum(estimate_of(first).values()), "nothing changes before somebody confirms"
    assert {row.account: (row.old_ug, row.new_ug) for row in version.diff} == {
        account: (estimate_of(first)[account], ug) for account, ug in expected.items()
    }
    room.confirm(version)
    assert room.total() == sum(expected.values())
    assert selectors.bill_version(before.id).state == "replaced"
    assert LedgerHour.objects.count() == 180, "sixty stated, sixty reversed, sixty stated again"
    assert services.ledger_verify() == []


def test_upload__lines_twice_in_one_delivery__count_once(room, first, estimate_of):
    doubled = [replace(line, line_id=f"line-{number}") for number, line in enumerate(first)]
    version = room.version([*doubled, *doubled[:10]])
    assert version.counts["duplicates"] == 10
    assert room.total() == sum(estimate_of(first).values())


def test_upload__same_files_again__is_recognised(room, first):
    room.version(first)
    upload = room.upload(first)
    assert (upload.state, upload.versions) == ("done", ())
    assert [note.code for note in upload.notes] == ["bill.unchanged"]
    assert BillVersion.objects.count() == 1
    assert not WaitingJob.objects.filter(kind="ingest").exists()


def test_upload__same_bytes_twice_in_one_upload__are_taken_once(room, cur, first, estimate_of):
    data = cur.bytes(first)
    version = room.version(data, data)
    assert len(version.files) == 1
    assert room.total() == sum(estimate_of(first).values())


def test_upload__parts_of_one_bill__make_one_version(room, first, estimate_of):
    whole = [replace(line, line_id=f"line-{number}") for number, line in enumerate(first)]
    version = room.version(whole[:25], whole[25:])
    assert len(version.files) == 2
    assert room.total() == sum(estimate_of(first).values())


def test_upload__months_in_one_upload__become_bills_oldest_first_and_enrol_at_the_newest(room, cur):
    later = cur.Line(month=(2026, 7), hour=cur.june[1] + 1)
    upload = room.upload(cur.hours(later, 5), cur.hours(cur.Line(), 5))
    assert [bill.period_from for bill, _ in upload.versions] == [cur.june[0], cur.june[1] + 1]
    assert [summary.state for _, summary in upload.versions] == ["confirmed", "confirmed"]
    assert NodeBinding.objects.get().first_hour == cur.june[1] + 1


def test_upload__one_file_of_months_and_payers__becomes_a_bill_each(room, cur, first, estimate_of):
    later = cur.hours(cur.Line(month=(2026, 7), hour=cur.june[1] + 1), 5)
    other = cur.hours(cur.Line(account=cur.other, payer="999900002222"), 5)
    upload = room.upload([*later, *first[:30], *other])
    assert upload.state == "done"
    assert [(bill.period_from, bill.payer, summary.state) for bill, summary in upload.versions] == [
        (cur.june[0], cur.payer, "confirmed"),
        (cur.june[0], "999900002222", "confirmed"),
        (cur.june[1] + 1, cur.payer, "confirmed"),
    ]
    (note,) = upload.notes
    assert (note.code, note.text) == (
        "bill.cut",
        "bill.csv.gz holds 3 bills: 2 payers, 2 months, 2026-06 to 2026-07. Each was read by itself.",
    )
    assert [file.name for file in upload.files] == ["bill.csv.gz"]
    assert room.total() == sum(sum(estimate_of(part).values()) for part in (later, first[:30], other))
    (lines,) = selectors.row_lines(account=cur.other, hour=cur.june[0])
    assert [(line.file, line.line) for line in lines.lines] == [("bill.csv.gz", 37)], "lines keep their place in what was given"
    assert services.ledger_verify() == []

    longer = room.upload([*later, *first[:30], *other, *cur.hours(cur.Line(month=(2026, 8), hour=cur.june[1] + 745), 5)])
    assert [note.code for note in longer.notes] == ["bill.cut", *["bill.unchanged"] * 3]
    assert [summary.state for _, summary in longer.versions] == ["confirmed"]


def test_upload__two_files_that_share_a_month__count_it_once(room, cur, first, estimate_of):
    later = cur.hours(cur.Line(month=(2026, 7), hour=cur.june[1] + 1), 5)
    last = cur.hours(cur.Line(month=(2026, 8), hour=cur.june[1] + 745), 5)
    upload = room.upload([*first[:30], *later], [*first[:30], *later, *last])
    assert [summary.state for _, summary in upload.versions] == ["confirmed"] * 3
    assert room.total() == sum(sum(estimate_of(part).values()) for part in (first[:30], later, last))


def test_upload__refund_of_usage_without_a_model__covers_no_more_than_all(room, cur):
    mystery = cur.Line(place=("ap-south-1", "APS3-Mystery", ""), unit="Dreams", cost="-0.099999")
    version = room.version([cur.Line(), mystery])
    assert version.counts["unknown"] == 1
    assert version.coverage_ppm == 1_000_000


def test_upload__two_deliveries_with_one_name__are_refused(room, cur, first):
    data, again = cur.bytes(first), cur.bytes([replace(line, quantity="2") for line in first])
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = [SimpleUploadedFile("cur-00001.csv.gz", content) for content in (data, again)]
    upload = services.bill_upload(actor=room.tenant.owner, files=files)
    services.upload_read(upload_id=upload.pk)
    assert selectors.upload(upload.pk).error_code == "bill.two_deliveries"
    assert not LedgerHour.objects.exists()


def test_upload__version_without_an_account_of_the_last__waits_with_a_flag(room, cur, first, estimate_of):
    room.version(first)
    version = room.version(first[:30])
    assert [(flag.code, flag.account) for flag in version.flags] == [("account.missing", cur.other)]
    room.confirm(version)
    assert room.total() == estimate_of(first[:30])[cur.account]
    assert LedgerDay.objects.filter(series__account=cur.other).count() == 0
    assert AccountPeriod.objects.get(account=cur.other).version_id == version.id


def test_upload__version_without_a_day_of_the_last__waits_with_a_flag(room, cur, first):
    room.version(first[:30])
    version = room.version(first[:24])
    assert [(flag.code, flag.account) for flag in version.flags] == [("days.missing", cur.account)]
    assert "2026-06-02" in version.flags[0].text


def test_upload__line_with_absurd_quantity__is_quarantined_and_the_rest_counts(room, cur, first, estimate_of):
    version = room.version([*first, cur.Line(quantity="9e30", line_id="absurd")])
    assert version.state == "confirmed"
    assert version.counts["quarantined"] == version.quarantined_total == 1
    (line,) = version.quarantined
    assert (line.file, line.line) == ("bill.csv.gz", 62)
    assert line.code
    assert line.message
    assert room.total() == sum(estimate_of(first).values())


@pytest.mark.parametrize(
    ("moment", "code"),
    [("2076-06-01T00:00:00Z", "line.outside_period"), ("9999-99-99T00:00:00Z", "line.timestamp"), ("soon", "line.timestamp")],
)
def test_upload__line_with_absurd_time__is_quarantined_and_the_rest_counts(room, cur, first, estimate_of, moment, code):
    text = gzip.decompress(cur.bytes([*first, cur.Line(hour=cur.june[1], line_id="absurd")])).decode()
    head, mark, last = text.rpartition("2026-06-30T23:00:00Z")
    version = room.version((head + moment + last).encode())
    assert mark
    assert version.error == ""
    assert version.counts["quarantined"] == 1
    assert [(line.line, line.code) for line in version.quarantined] == [(62, code)]
    assert room.total() == sum(estimate_of(first).values())


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda cur, data: b"", "bill.empty"),
        (lambda cur, data: gzip.compress(b"a,b\n1,2\n"), "bill.columns"),
        (lambda cur, data: data[: len(data) // 2], "bill.truncated"),
        (lambda cur, data: gzip.decompress(data).replace(b"Usage", b"\xff\xfe", 1), "bill.encoding"),
        (lambda cur, data: b"PAR1", "bill.truncated"),
    ],
    ids=["empty", "columns", "truncated", "encoding", "parquet"],
)
def test_upload__bad_bill__fails_with_its_place_and_writes_nothing(room, cur, first, spoil, code):
    upload = room.upload(spoil(cur, cur.bytes(first)))
    assert (upload.state, upload.error_code) == ("failed", code)
    assert "bill.csv.gz" in upload.error
    assert not LedgerHour.objects.exists()
    assert not NodeBinding.objects.exists()
    assert not BillVersion.objects.exclude(state="failed").exists()


@pytest.mark.parametrize(
    ("name", "spoil", "place"),
    [
        ("bill.parquet", lambda text: b"", "bill.parquet"),
        ("bill.csv", lambda text: text.replace(b"Usage", b"\xff", 5), "bill.csv, line 2"),
        ("bill.csv", lambda text: text + b"one,two\n", "bill.csv, line 62"),
        ("bill.csv", lambda text: b"a,b\n1,2\n", "bill.csv, line 1"),
    ],
    ids=["empty Parquet", "encoding", "short line", "columns"],
)
def test_upload__bad_file_or_line__page_names_file_and_line(room, cur, first, name, spoil, place):
    upload = room.upload(spoil(gzip.decompress(cur.bytes(first))), name=name)
    assert upload.state == "failed"
    assert place in upload.error
    assert not LedgerHour.objects.exists()
    assert not BillVersion.objects.exclude(state="failed").exists()


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"service": "s" * 129}, "the service 'ssss"),
        ({"place": ("r" * 65, "BoxUsage:m5.large", "m5.large")}, "65 characters, and 64 fit"),
        ({"account": "a" * 129}, "the account 'aaaa"),
        ({"payer": "p" * 129}, "the payer 'pppp"),
    ],
    ids=["service", "region", "account", "payer"],
)
def test_upload__text_longer_than_the_ledger_holds__is_told_as_the_bills_fault(room, cur, odd, told):
    upload = room.upload([replace(cur.Line(), **odd)])
    assert (upload.state, upload.error_code) == ("failed", "bill.text")
    assert told in upload.error
    assert not LedgerHour.objects.exists()


def test_upload__manifest_that_names_anothers_file__finds_only_its_own(room, cur, first, store):
    other = store / "reading-other" / "bill.csv.gz"
    other.parent.mkdir(parents=True)
    other.write_bytes(cur.bytes(first))
    upload = room.upload(b'{"reportKeys": ["reading-other/bill.csv.gz"]}', name="x-Manifest.json")
    assert (upload.state, upload.error_code) == ("failed", "bill.incomplete")
    assert not BillVersion.objects.exists()


def test_upload__read_to_the_end__has_told_its_rows(room, first):
    upload = room.upload(first)
    assert (upload.progress.rows_read, upload.progress.rows_total) == (60, 60)


def test_upload__no_files__is_refused(room):
    with pytest.raises(ServiceError, match="no file"):
        services.bill_upload(actor=room.tenant.owner, files=[])


def test_confirm__twice__posts_once(room, first):
    room.version(first)
    version = room.version([replace(line, quantity="3") for line in first])
    room.confirm(version)
    room.confirm(version)
    assert LedgerBatch.objects.count() == 2
    assert services.ledger_verify() == []


def test_read__again_after_the_end__changes_nothing(room, first):
    version = room.version(first)
    services.upload_read(upload_id=version.upload_id)
    assert LedgerBatch.objects.count() == 1


def test_confirm__older_than_the_confirmed__is_refused(room, first):
    room.version(first)
    second = room.version([replace(line, quantity="2") for line in first])
    third = room.version([replace(line, quantity="3") for line in first])
    room.confirm(third)
    assert selectors.bill_version(second.id).state == "discarded"
    with pytest.raises(ServiceError) as refused:
        room.confirm(second)
    assert refused.value.code == "version.not_ready"


def test_confirm__ledger_moved_since_the_diff_was_shown__shows_the_new_one_first(room, cur, first, estimate_of):
    room.version(first)
    shown = room.version([replace(line, quantity="2") for line in first])
    BillVersion.objects.filter(pk=shown.id).update(diff=[])
    # A transaction around the whole test would take the stored diff back with the refusal.
    from django.db import transaction

    with pytest.raises(ServiceError) as refused, transaction.atomic():
        room.confirm(shown)
    assert refused.value.code == "version.diff_changed"
    assert room.total() == sum(estimate_of(first).values())


def test_discard__version_in_review__leaves_the_ledger(room, first, estimate_of):
    room.version(first)
    version = room.version([replace(line, quantity="2") for line in first])
    services.bill_version_discard(actor=room.tenant.owner, version_id=version.id)
    services.bill_version_discard(actor=room.tenant.owner, version_id=version.id)
    assert selectors.bill_version(version.id).state == "discarded"
    assert room.total() == sum(estimate_of(first).values())
    with pytest.raises(ServiceError):
        room.confirm(version)


@pytest.mark.slow
def test_journey__sample_bills_one_delivery_after_the_other__each_replaces_the_last(room, tmp_path):
    from emissions.engine.estimate import estimate
    from emissions.grid.catalog import load_factor_set
    from emissions.samples import write_sample_bills

    bills = write_sample_bills(tmp_path / "samples")

    def alone(delivery):
        with estimate([delivery.path], factor_set=load_factor_set()) as found:
            return found.ug

    totals = []
    for delivery in (bills.uninvoiced, bills.first, bills.second, bills.lowered):
        version = room.version(delivery.path.read_bytes())
        if version.state == "review":
            assert version.flags == ()
            room.confirm(version)
        services.reports_build()
        assert room.total() == alone(delivery)
        assert version.counts["lines"] == delivery.lines
        assert version.counts["duplicates"] == delivery.duplicates
        found = selectors.claimability()
        totals.append(found.claimable_ug)
        assert found.ledger_ug == room.total() == found.claimable_ug + found.by_cost_ug + found.waiting_ug
        assert {month.reason_code for month in found.months} <= (
            {"", "month.by_cost"} if delivery.invoiced else {"month.no_invoice"}
        )
    assert totals[0] == 0 < totals[1]
    assert totals[3] < totals[2], "lowered"
    assert room.version(bills.following.path.read_bytes()).state == "confirmed"
    assert room.total() == alone(bills.lowered) + alone(bills.following)
    assert services.ledger_verify() == []


def test_upload_and_decisions__are_in_the_audit_log(room, first):
    from accounts.selectors import audit_entries

    room.version(first)
    room.confirm(room.version([replace(line, quantity="2") for line in first]))
    acts = [entry.action for entry in audit_entries(room.tenant.organization) if entry.action.startswith("bill.")]
    assert acts == ["bill.confirmed", "bill.uploaded", "bill.uploaded"]
