"""An estimate's integers: against the slow implementation, and whatever the threads, the order, the zone or the file type."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudtuner.errors import BillError
from emissions.engine.estimate import estimate
from emissions.engine.lines_out import COLUMNS
from emissions.engine.ratekey import RateKey
from emissions.engine.recompute import recompute
from emissions.samples import ANALYTICS, PRODUCTION, WEB, write_sample_bills


@pytest.mark.slow
def test_estimate__sample_bills__equal_the_slow_implementation(samples, factors, slow):
    for delivery in (samples.first, samples.second, samples.following):
        expected = slow.run(slow.rows(delivery.path), factors)
        with estimate([delivery.path], factor_set=factors) as found:
            assert slow.hours_of(found.hours) == expected.hours
            assert found.counts.duplicates == expected.duplicates == delivery.duplicates
            assert found.counts.lines == delivery.lines
            assert found.quarantined == []


def test_estimate__threads_and_row_order__same_integers(samples, factors, slow, tmp_path):
    rows = slow.rows(samples.first.path)
    random.Random(7).shuffle(rows)
    shuffled = tmp_path / "shuffled.csv"
    with shuffled.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with (
        estimate([samples.first.path], factor_set=factors, threads=1) as one,
        estimate([samples.first.path], factor_set=factors, threads=2) as two,
        estimate([shuffled], factor_set=factors, threads=2) as mixed,
    ):
        assert one.hours.equals(two.hours)
        assert one.hours.equals(mixed.hours)
        assert one.accounts == two.accounts == mixed.accounts
        for account in (PRODUCTION, ANALYTICS, WEB):
            assert one.stripped(account).root() == mixed.stripped(account).root()


@pytest.mark.slow
def test_estimate__other_time_zone__same_integers(samples, factors):
    program = (
        "import sys,hashlib\n"
        "from emissions.engine.estimate import estimate\n"
        "from emissions.grid.catalog import load_factor_set\n"
        "with estimate([sys.argv[1]], factor_set=load_factor_set()) as found:\n"
        "    print(hashlib.sha256(str(found.hours.to_pylist()).encode()).hexdigest(), found.bill.period_from)\n"
    )
    told = {
        zone: subprocess.run(
            [sys.executable, "-c", program, str(samples.first.path)],
            env={**os.environ, "TZ": zone},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for zone in ("UTC", "Asia/Kolkata")
    }
    assert told["UTC"] == told["Asia/Kolkata"]
    assert told["UTC"].endswith(" 491640\n")


@pytest.mark.slow
def test_estimate__parquet_bill__same_integers_as_csv(samples, factors, tmp_path):
    as_parquet = write_sample_bills(tmp_path, parquet=True)
    with (
        estimate([samples.first.path], factor_set=factors) as text,
        estimate([as_parquet.first.path], factor_set=factors) as typed,
    ):
        assert text.hours.equals(typed.hours)
        assert text.stripped(WEB).root() == typed.stripped(WEB).root()
        assert text.bill.bill_digest != typed.bill.bill_digest


def test_estimate__bill_in_two_files__one_bill_and_duplicates_across_files_count_once(samples, factors, slow, tmp_path):
    rows = slow.rows(samples.first.path)
    half = len(rows) // 2
    for number, part in enumerate((rows[: half + 5], rows[half:])):
        with (tmp_path / f"part-{number}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(part)
    with estimate([samples.first.path], factor_set=factors) as whole, estimate([tmp_path], factor_set=factors) as parts:
        assert whole.hours.equals(parts.hours)
        assert parts.counts.duplicates == whole.counts.duplicates + 5
        assert len(parts.bill.file_digests) == 2


@pytest.mark.parametrize("counted", [False, True])
def test_estimate__counted_or_grouped_in_slices__same_integers(monkeypatch, samples, factors, tmp_path, counted):
    monkeypatch.setattr("emissions.engine.slices._LINES", 1500)
    monkeypatch.setattr("emissions.engine.slices._MOST_READ", 20)
    monkeypatch.setattr("emissions.engine.counting._CELLS_PER_LINE", 1000 if counted else 0)
    # So few hashes at once that each slice is searched in parts.
    monkeypatch.setattr("emissions.engine.workings._HASHES", 400)
    counts = _calls(monkeypatch, "emissions.engine.summing.count")
    bill = tmp_path / "bill.parquet"
    in_time = duckdb.sql(f"FROM read_csv('{samples.first.path}') ORDER BY line_item_usage_start_date").to_arrow_table()
    pq.write_table(in_time, bill, row_group_size=500)
    with estimate([bill], factor_set=factors) as cut:
        assert len(cut._workings.slices) > 4
        assert len(counts) == counted
        monkeypatch.undo()
        with estimate([samples.first.path], factor_set=factors) as whole:
            assert cut.hours.equals(whole.hours)
            assert cut.counts == whole.counts
            assert cut.counts.duplicates > 0
            assert cut.explain() == whole.explain()


def _calls(monkeypatch, name):
    """Grows by one whenever the function is called."""
    module, _, function = name.rpartition(".")
    real, calls = getattr(importlib.import_module(module), function), []

    def told(*given):
        calls.append(function)
        return real(*given)

    monkeypatch.setattr(name, told)
    return calls


def test_estimate__same_file_twice__counts_once(samples, factors):
    with (
        estimate([samples.first.path], factor_set=factors) as once,
        estimate([samples.first.path, samples.first.path], factor_set=factors) as twice,
    ):
        assert once.counts == twice.counts
        assert once.bill == twice.bill


def test_estimate__invoice_ids__counted_per_account(samples, factors):
    with (
        estimate([samples.first.path], factor_set=factors) as final,
        estimate([samples.uninvoiced.path], factor_set=factors) as still_open,
    ):
        assert all(account.lines_without_invoice == 0 for account in final.accounts)
        assert all(account.lines_without_invoice == account.lines > 0 for account in still_open.accounts)
        assert final.hours.equals(still_open.hours)


def test_estimate__restated_deliveries__move_as_the_generator_says(samples, factors):
    totals = {}
    for name in ("first", "second", "lowered"):
        with estimate([getattr(samples, name).path], factor_set=factors) as found:
            totals[name] = {account.account: account.ug for account in found.accounts}
    assert totals["second"][PRODUCTION] > totals["first"][PRODUCTION]
    assert totals["second"][ANALYTICS] < totals["first"][ANALYTICS]
    assert totals["second"][WEB] == totals["first"][WEB]
    assert totals["lowered"][PRODUCTION] < totals["first"][PRODUCTION] < totals["second"][PRODUCTION]


def test_recompute__stripped_lines__give_the_estimate_again(samples, factors):
    with estimate([samples.first.path], factor_set=factors) as found:
        for account in found.accounts:
            lines = found.stripped(account.account)
            again = recompute(lines, factors)
            assert (again.ug, again.energy_uwh, again.line_count) == (account.ug, account.energy_uwh, len(lines))
            known = found.hours.filter(
                pc.and_(pc.equal(found.hours["account"], account.account), pc.not_equal(found.hours["quality"], "unknown"))
            )
            assert again.low_ug == pc.sum(known["low_ug"]).as_py()
            assert again.high_ug == pc.sum(known["high_ug"]).as_py()
            first, last = again.hours[0][0], again.hours[-1][0]
            middle = (first + last) // 2
            early = recompute(lines, factors, hour_through=middle)
            late = recompute(lines, factors, hour_from=middle + 1)
            assert early.ug + late.ug == again.ug
            assert early.hours + late.hours == again.hours


def test_estimate__bad_lines__are_quarantined_with_file_and_line_and_the_rest_goes_on(write_bill, factors):
    bad = {
        2: ("line.quantity", {"line_item_usage_amount": "1e400"}),
        3: ("line.quantity", {"line_item_usage_amount": "1_000"}),
        4: ("line.quantity", {"line_item_usage_amount": "NULL"}),
        5: ("line.quantity", {"line_item_usage_amount": "1e-400"}),
        6: ("line.quantity", {"line_item_usage_amount": " 1"}),
        7: ("line.too_large", {"line_item_usage_amount": "1e20"}),
        8: ("line.timestamp", {"line_item_usage_start_date": "never"}),
        9: ("line.outside_period", {"line_item_usage_start_date": "1970-01-01T00:00:00Z"}),
        10: ("line.outside_period", {"line_item_usage_start_date": "9999-12-31T00:00:00Z"}),
        11: ("line.timestamp", {"line_item_usage_start_date": "infinity"}),
        12: ("line.unit", {"pricing_unit": "Parsecs"}),
        13: ("line.account", {"line_item_usage_account_id": ""}),
        14: ("line.cost", {"line_item_unblended_cost": "free"}),
        15: ("line.type", {"line_item_line_item_type": ""}),
        16: ("line.quantity", {"line_item_usage_amount": "nan"}),
        17: ("line.quantity", {"line_item_usage_amount": "１"}),
    }
    path = write_bill([line for _, line in bad.values()] + [{}, {"line_item_usage_amount": "+01.50"}])
    with estimate([path], factor_set=factors) as found:
        assert {line.line: line.code for line in found.quarantined} == {number: code for number, (code, _) in bad.items()}
        assert {line.file for line in found.quarantined} == {"bill.csv"}
        assert found.counts.quarantined == len(bad)
        assert found.counts.with_energy == 2
        assert found.hours["operational_ug"].to_pylist() == [14_249_657 + 21_374_486]
    with pytest.raises(BillError, match=r"bill\.csv, line 2"):
        estimate([path], factor_set=factors, strict=True)


def test_estimate__value_over_two_lines__quarantine_names_the_line_an_editor_shows(write_bill, factors):
    path = write_bill(
        [{"line_item_operation": "Run\nInstances"}, {"line_item_usage_amount": "x"}],
    )
    with estimate([path], factor_set=factors) as found:
        assert [line.line for line in found.quarantined] == [4]


def test_estimate__lines_without_energy__are_kept_and_counted(write_bill, factors):
    kinds = ("Tax", "Fee", "RIFee", "Credit", "Refund", "SavingsPlanNegation", "Usage")
    path = write_bill([{"line_item_line_item_type": kind, "line_item_usage_amount": "2"} for kind in kinds])
    with estimate([path], factor_set=factors) as found:
        assert (found.counts.without_energy, found.counts.with_energy) == (6, 1)
        assert found.accounts[0].lines == 7


def test_estimate__duplicate_line_ids__count_once_within_an_interval(write_bill, factors):
    one = {"identity_line_item_id": "a"}
    other_hour = {
        "identity_line_item_id": "a",
        "line_item_usage_start_date": "2026-02-03T06:00:00Z",
        "line_item_usage_end_date": "2026-02-03T07:00:00Z",
    }
    path = write_bill([one, one, other_hour, {}, {}, {**one, "line_item_usage_amount": "0.5"}])
    with estimate([path], factor_set=factors) as found:
        assert found.counts.duplicates == 2
        # Two hours and two lines without an id remain; of copies that differ, the smaller one.
        assert found.hours["lines"].to_pylist() == [3, 1]
        assert [quantity for _, _, quantity in found.stripped("110022003300").lines] == ["0.5", "1", "1", "1"]


def test_estimate__duplicates_beside_faulty_lines__leave_each_faulty_line_quarantined(write_bill, factors):
    one = {"identity_line_item_id": "a"}
    path = write_bill([one, one, {"line_item_usage_amount": "much"}, {"line_item_usage_amount": "more"}, {}])
    with estimate([path], factor_set=factors) as found:
        # One copy that is dropped weighs as much as two faulty lines, where lines and amounts are compared.
        assert (found.counts.duplicates, found.counts.quarantined, found.counts.with_energy) == (1, 2, 2)
        assert [(line.line, line.code) for line in found.quarantined] == [(4, "line.quantity"), (5, "line.quantity")]
        assert found.hours["cost_micro"].to_pylist() == [202_000]


def test_estimate__nought_with_an_exponent__is_nought(write_bill, factors):
    path = write_bill([{"line_item_usage_amount": text} for text in ("0E-10", "-0.00e-99", "+0e9", "1")])
    with estimate([path], factor_set=factors) as found:
        assert (found.counts.with_energy, found.counts.quarantined) == (4, 0)
        told = [quantity for _, _, quantity in found.stripped("110022003300").lines]
        assert told == ["0", "0", "0", "1"]
        documents = {account: b"".join(parts) for account, parts in found.stripped_documents()}
        assert documents["110022003300"] == found.stripped("110022003300").to_bytes()


def test_estimate__reversal__takes_back_exactly(write_bill, factors):
    path = write_bill([{"line_item_usage_amount": "0.3141592653"}, {"line_item_usage_amount": "-0.3141592653"}])
    with estimate([path], factor_set=factors) as found:
        assert found.ug == 0
        assert found.hours["low_ug"].to_pylist() == [0]


def test_estimate__unknown_usage__is_valued_by_cost_within_its_service_and_marked(write_bill, factors):
    path = write_bill(
        [
            {"line_item_unblended_cost": "2"},
            {"line_item_usage_type": "APS3-Mystery", "pricing_unit": "Dreams", "line_item_unblended_cost": "1"},
            {"line_item_product_code": "AmazonMystery", "line_item_usage_type": "X", "line_item_unblended_cost": "0.5"},
        ]
    )
    with estimate([path], factor_set=factors) as found:
        rows = {(row["service"], row["quality"]): row for row in found.hours.to_pylist()}
        known = rows["AmazonEC2", "measured"]
        assert rows["AmazonEC2", "unknown"]["energy_uwh"] == known["energy_uwh"] // 2
        assert rows["AmazonMystery", "unknown"]["energy_uwh"] == (known["energy_uwh"] + 2) // 4
        assert rows["AmazonMystery", "unknown"]["low_ug"] == 0
        assert found.counts.unknown == 2
        assert found.coverage.basis_points == 5714
        assert len(found.stripped("110022003300")) == 1
        account = found.accounts[0]
        assert account.by_cost_ug == found.ug - account.ug > 0


def test_estimate__time_spellings__all_mean_utc(write_bill, factors):
    spellings = (
        "2026-02-03T05:00:00Z",
        "2026-02-03 05:00:00",
        "2026-02-03T05:00:00.000Z",
        "2026-02-03T10:30:00+05:30",
        "2026-02-03T05:00:00+00:00",
        "2026-02-03 05:59:59.999",
        "2026-02-03T05:00",
        "2026-02-03T00:00-05",
    )
    path = write_bill([{"line_item_usage_start_date": spelling} for spelling in spellings])
    with estimate([path], factor_set=factors) as found:
        assert found.quarantined == []
        assert found.hours["hour"].to_pylist() == [491693]
        assert found.hours["lines"].to_pylist() == [len(spellings)]


@pytest.mark.parametrize(
    ("moments", "quantity"),
    [
        (pa.timestamp("us"), pa.float64()),
        (pa.timestamp("us", tz="UTC"), pa.decimal128(24, 10)),
        (pa.timestamp("ns", tz="Asia/Kolkata"), pa.int64()),
        (pa.timestamp("ms"), pa.string()),
        (pa.date32(), pa.float32()),
    ],
)
def test_estimate__parquet_types__mean_the_same(write_bill, factors, tmp_path, moments, quantity):
    path = write_bill(
        [
            {
                "line_item_usage_amount": amount,
                "line_item_usage_start_date": "2026-02-03T00:00:00Z",
                "line_item_usage_end_date": "2026-02-04T00:00:00Z",
            }
            for amount in ("3", "-2", "17")
        ]
    )
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})
    for place, name in enumerate(table.column_names):
        if name.endswith("_date"):
            utc = pc.strptime(table[name], "%Y-%m-%dT%H:%M:%SZ", "us")
            known = pc.assume_timezone(utc, "UTC") if getattr(moments, "tz", None) else utc
            table = table.set_column(place, name, known.cast(moments))
        elif name == "line_item_usage_amount":
            table = table.set_column(place, name, table[name].cast(quantity))
        elif name == "line_item_operation":
            table = table.set_column(place, name, table[name].dictionary_encode())
    typed = tmp_path / "bill.parquet"
    pq.write_table(table, typed)
    with estimate([path], factor_set=factors) as text, estimate([typed], factor_set=factors) as found:
        assert found.quarantined == []
        assert text.hours.equals(found.hours)
        assert text.stripped("110022003300") == found.stripped("110022003300")


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.decimals(min_value="-1e6", max_value="1e6", places=10).map(str),
                st.floats(min_value=-1e9, max_value=1e9).map(repr),
                st.sampled_from(["0", "-0.0", ".5", "5.", "1e3", "1E-3", "+7", "", "NULL", "NaN", "1e31", "0x10", "1,5"]),
            ),
            st.sampled_from(
                [
                    ("AmazonEC2", "APS3-BoxUsage:m5.large", "Hrs"),
                    ("AmazonS3", "TimedStorage-ByteHrs", "GB-Mo"),
                    ("AWSLambda", "Lambda-GB-Second", "Lambda-GB-Second"),
                    ("AmazonS3", "StorageLens-ObjCount", "Objects"),
                    ("AmazonEC2", "APS3-DataTransfer-Out-Bytes", "Hrs"),
                ]
            ),
            st.integers(0, 671),
            st.decimals(min_value="-10", max_value="100", places=7).map(str),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_estimate__any_lines__equal_the_slow_implementation_and_recompute(write_bill, factors, slow, drawn):
    lines = [
        {
            "line_item_usage_amount": amount,
            "line_item_product_code": service,
            "line_item_usage_type": usage_type,
            "pricing_unit": unit,
            "line_item_usage_start_date": f"2026-02-{hour // 24 + 1:02d}T{hour % 24:02d}:00:00Z",
            "line_item_unblended_cost": cost,
        }
        for amount, (service, usage_type, unit), hour, cost in drawn
    ]
    path = write_bill(lines)
    expected = slow.run(slow.rows(path), factors)
    with estimate([path], factor_set=factors) as found:
        assert slow.hours_of(found.hours) == expected.hours
        assert [(line.line, line.code) for line in found.quarantined] == sorted(expected.quarantined)
        account = found.accounts[0]
        assert recompute(found.stripped(account.account), factors).ug == account.ug


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(min_value=-1e6, max_value=1e6).filter(lambda x: x == 0 or abs(x) > 1e-30), min_size=1, max_size=20))
def test_estimate__parquet_doubles__survive_as_text(write_bill, factors, tmp_path, amounts):
    rows = list(csv.DictReader(io.StringIO(write_bill([{} for _ in amounts]).read_text())))
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})
    place = table.column_names.index("line_item_usage_amount")
    path = tmp_path / "doubles.parquet"
    pq.write_table(table.set_column(place, "line_item_usage_amount", pa.array(amounts, pa.float64())), path)
    with estimate([path], factor_set=factors) as found:
        again = recompute(found.stripped("110022003300"), factors)
        assert again.ug == found.ug
        assert again.energy_uwh == found.accounts[0].energy_uwh


def test_estimate__sums_beyond_64_bits__stay_exact_or_are_refused(write_bill, factors, tmp_path):
    # 2e8 instance-hours are 4e15 µWh a line: below 2^53, and 2400 of them in one hour do not fit 64 bits.
    same_hour = write_bill([{"line_item_usage_amount": "2e8"}] * 2400)
    with pytest.raises(BillError, match="do not fit 64 bits"):
        estimate([same_hour], factor_set=factors, work_dir=tmp_path)
    spread = write_bill(
        [
            {"line_item_usage_amount": "2e8", "line_item_usage_start_date": f"2026-02-{n % 28 + 1:02d}T05:00:00Z"}
            for n in range(2400)
        ]
    )
    with estimate([spread], factor_set=factors) as found:
        (rate,) = found.rates.values()
        assert found.accounts[0].energy_uwh == 2400 * 2 * 10**8 * rate.energy_uwh > 2**63
        assert recompute(found.stripped("110022003300"), factors).energy_uwh == found.accounts[0].energy_uwh


def test_estimate__little_memory__spills_and_says_the_same(samples, factors):
    with (
        estimate([samples.first.path], factor_set=factors) as roomy,
        estimate([samples.first.path], factor_set=factors, memory_limit="64MiB", threads=1) as tight,
    ):
        assert roomy.hours.equals(tight.hours)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_estimate__lines_out__adds_up_to_the_hours(samples, factors, slow, tmp_path, ending):
    path = tmp_path / f"lines.{ending}"
    rows = slow.rows(samples.first.path)
    with estimate([samples.first.path], factor_set=factors, lines_out=path) as found:
        lines = pq.read_table(path) if ending == "parquet" else pacsv.read_csv(path)
        assert tuple(lines.column_names) == COLUMNS
        assert lines.num_rows == found.counts.with_energy
        for name in ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul"):
            shown = f"co2e_{name}" if name.endswith("_ug") else name
            assert pc.sum(lines[shown]).as_py() == pc.sum(found.hours[name]).as_py()
        for line in lines.slice(0, 50).to_pylist():
            row = rows[line["line_number"] - 2]
            assert line["line_id"] == row["identity_line_item_id"]
            assert float(line["quantity"]) == float(row["line_item_usage_amount"])
            rate = found.rates[RateKey.from_text(line["rate_key"]), 12 * 2026 + 1]
            assert line["factor_ids"].split() == list(dict.fromkeys(term.id for term in rate.terms))


def test_estimate__lines_out_of_values_over_two_lines__numbers_are_those_an_editor_shows(write_bill, factors, tmp_path):
    path = write_bill([{}, {"line_item_operation": "Run\nInstances"}, {}, {"line_item_operation": "Run\n\nInstances"}, {}])
    with estimate([path], factor_set=factors, lines_out=tmp_path / "lines.csv"):
        assert pacsv.read_csv(tmp_path / "lines.csv")["line_number"].to_pylist() == [2, 3, 5, 6, 9]


def test_estimate__closed__leaves_nothing_behind(samples, factors, tmp_path):
    with estimate([samples.first.path], factor_set=factors, work_dir=tmp_path):
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
    with pytest.raises(BillError):
        estimate([tmp_path], factor_set=factors, work_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_estimate__progress__is_told(samples, factors):
    told: list[tuple[str, int, int]] = []
    with estimate([samples.first.path], factor_set=factors, on_progress=lambda *step: told.append(step)):
        pass
    assert [step for step in told if step[0] != "rows"] == [("read", 1, 1), ("value", 1, 2), ("value", 2, 2)]


def test_estimate__hours__low_central_high_in_order(samples, factors):
    with estimate([samples.first.path], factor_set=factors) as found:
        for row in found.hours.to_pylist():
            assert row["low_ug"] <= row["operational_ug"] + row["embodied_ug"] + 1 <= row["high_ug"] + 2, json.dumps(row)


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
def test_progress__bill_of_two_files__rows_rise_to_their_total(kind, factors, slow, write_bill, tmp_path):
    paths = []
    for number, count in enumerate((300, 500)):
        lines = [{"identity_line_item_id": f"{number}-{place}"} for place in range(count)]
        path = write_bill(lines, name=f"part-{number}.csv")
        if kind == "csv.gz":
            packed = tmp_path / f"part-{number}.csv.gz"
            packed.write_bytes(gzip.compress(path.read_bytes()))
            path = packed
        elif kind == "parquet":
            pq.write_table(pa.Table.from_pylist(slow.rows(path)), tmp_path / f"part-{number}.parquet")
            path = tmp_path / f"part-{number}.parquet"
        paths.append(path)
    notes: list[tuple[str, int, int]] = []
    with estimate(paths, factor_set=factors, on_progress=lambda *note: notes.append(note)) as found:
        assert found.counts.lines == 800
    rows = [(done, total) for step, done, total in notes if step == "rows"]
    assert rows[0] == (0, 800)
    assert rows[-1] == (800, 800)
    assert rows == sorted(rows)
    assert {total for _, total in rows} == {800}
    assert [note[1:] for note in notes if note[0] == "read"] == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("DiscountedUsage", "reservation_effective_cost"),
        ("SavingsPlanCoveredUsage", "savings_plan_savings_plan_effective_cost"),
    ],
)
def test_estimate__usage_paid_beforehand_without_a_model__is_valued_by_its_effective_cost(
    kind, column, factors, slow, write_bill
):
    mystery = {"line_item_usage_type": "APS3-Mystery", "pricing_unit": "Dreams"}
    lines = [
        {"line_item_unblended_cost": "2"},
        {**mystery, "line_item_line_item_type": kind, "line_item_unblended_cost": "0", column: "0.5"},
        {**mystery, "line_item_unblended_cost": "0.25", column: "7"},
        {**mystery, "line_item_line_item_type": kind, "line_item_unblended_cost": "0.125", column: ""},
    ]
    path = write_bill(lines)
    names = [*slow.rows(path)[0], column]
    with estimate([path], factor_set=factors) as found:
        assert found.coverage.energy_cost_micro == 2_375_000, "without the column: as billed"
        plain = found.accounts[0].by_cost_ug
    with estimate([write_bill(lines, columns=names)], factor_set=factors) as found:
        assert found.coverage.energy_cost_micro == 2_875_000
        assert found.accounts[0].by_cost_ug == pytest.approx(plain * 875 / 375, abs=4)
        assert found.quarantined == []
    bad = [{**lines[1], column: "free"}, lines[0]]
    with estimate([write_bill(bad, columns=names)], factor_set=factors) as found:
        assert [(line.line, line.code) for line in found.quarantined] == [(2, "line.cost")]


class _Interrupted(Exception):
    pass


@pytest.mark.slow
def test_estimate__interrupted_run__goes_on_from_the_slices_that_are_done(monkeypatch, factors, tmp_path):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / "bench")
    import bills

    monkeypatch.setattr("emissions.engine.slices._LINES", 100_000)
    monkeypatch.setattr("emissions.engine.slices._MOST_READ", 3)
    bill, kept = tmp_path / "bill.parquet", tmp_path / "kept"
    bills.write_bill(bill, 300_000, accounts=5)
    with estimate([bill], factor_set=factors) as found:
        expected, slices = found.hours, len(found._workings.slices)
    assert slices > 1

    def stop(step: str, done: int, total: int) -> None:
        if (step, done) == ("value", 2):
            raise _Interrupted

    with pytest.raises(_Interrupted):
        estimate([bill], factor_set=factors, on_progress=stop, resume=kept)
    done = list(kept.rglob("hours-*.parquet"))
    assert done
    again = _calls(monkeypatch, "emissions.engine.summing._slice")
    with estimate([bill], factor_set=factors, resume=kept) as found:
        assert found.hours.equals(expected)
        assert len(again) <= slices - len(done), "a slice that was done is summed again"
        assert all(path.exists() for path in done)
    assert not list(kept.iterdir()), "a finished run leaves nothing"
