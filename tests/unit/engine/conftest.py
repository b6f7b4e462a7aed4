"""The engine a second time, slow and plain: every line by itself, no SQL, no Arrow, no shared arithmetic but the rate card."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from emissions.engine.ratecard import CostRatio, Rate, rate_by_cost, rate_of
from emissions.engine.ratekey import RateKey
from emissions.engine.usage import NotModelled
from emissions.grid.catalog import FactorSet, load_factor_set, make_factor_set
from emissions.samples import SampleBills, write_sample_bills

ENERGY = {"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"}


@dataclass
class Reference:
    """What the slow way found."""

    hours: dict[tuple, list[int]] = field(default_factory=dict)
    quarantined: list[tuple[int, str]] = field(default_factory=list)
    duplicates: int = 0


def _round(value: float) -> int:
    sign = -1 if value < 0 else 1
    # float + 0.5 as in the engine: the rule is stated on doubles.
    return sign * int(abs(value) + 0.5)


def _doubles(rate: Rate, line: tuple) -> tuple[float, ...]:
    """A line within an hour takes that hour's doubles, a longer one the day's mean."""
    _, hour, _, _, _, longer = line
    return rate.doubles if longer else rate.at(hour)


def _text(row: dict[str, str], name: str) -> str:
    value = row.get(name) or ""
    return "" if value == "NULL" else value


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    if len(text) > 48 or not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", text):
        return None
    value = float(Decimal(text))
    # Decimal keeps what a double cannot hold: a number below the smallest one is not nought.
    return value if Decimal(text) == 0 or 1e-30 < abs(value) < 1e30 else None


def reference(rows: Iterable[dict[str, str]], factors: FactorSet) -> Reference:
    """Lines of a CUR 2.0 bill as dicts, in file order, to hourly integers."""
    found = Reference()
    seen: dict[tuple, tuple[int, dict[str, str]]] = {}
    kept: list[tuple[int, dict[str, str]]] = []
    for number, row in enumerate(rows, start=2):
        identity = (
            _text(row, "identity_line_item_id"),
            _moment(_text(row, "line_item_usage_start_date")),
            _moment(_text(row, "line_item_usage_end_date")),
        )
        if identity[0] and identity in seen:
            found.duplicates += 1
            continue
        if identity[0]:
            seen[identity] = (number, row)
        kept.append((number, row))
    known, unknown = [], []
    for number, row in kept:
        if _text(row, "line_item_line_item_type") not in ENERGY:
            continue
        start, period = (
            _moment(_text(row, "line_item_usage_start_date")),
            _moment(_text(row, "bill_billing_period_start_date")),
        )
        if start is None:
            found.quarantined.append((number, "line.timestamp"))
            continue
        if (start.year, start.month) != (period.year, period.month):
            found.quarantined.append((number, "line.outside_period"))
            continue
        quantity = _number(_text(row, "line_item_usage_amount"))
        if quantity is None:
            found.quarantined.append((number, "line.quantity"))
            continue
        cost = Fraction(float(_text(row, "line_item_unblended_cost") or "0"))
        cost_micro = _round(float(cost) * 1e6)
        key = RateKey(
            "aws",
            *(
                _text(row, name)
                for name in (
                    "line_item_product_code",
                    "line_item_usage_type",
                    "line_item_operation",
                    "pricing_unit",
                    "product_region_code",
                    "product_instance_type",
                )
            ),
        )
        month = 12 * start.year + start.month - 1
        hour = int(start.timestamp()) // 3600
        rate = rate_of(key, month, factors)
        end = _moment(_text(row, "line_item_usage_end_date"))
        longer = end is None or not 0 <= (end - start).total_seconds() <= 3600
        line = (_text(row, "line_item_usage_account_id"), hour, key, month, cost_micro, longer)
        if isinstance(rate, Rate):
            if abs(quantity) * rate.ceiling >= 2**53:
                found.quarantined.append((number, "line.too_large"))
            else:
                known.append((line, rate, [_round(quantity * double) for double in _doubles(rate, line)]))
        elif isinstance(rate, NotModelled):
            unknown.append((number, line, rate.reason))
        else:
            found.quarantined.append((number, rate.code))
    priced: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (_, _, key, _, cost_micro, _), _, figures in known:
        if cost_micro > 0 and figures[0] > 0:
            for place, value in enumerate((figures[0], figures[2], cost_micro)):
                priced[key.service][place] += value
    whole = [sum(figures[place] for figures in priced.values()) for place in range(3)]
    for number, line, reason in unknown:
        _, _, key, month, cost_micro, _ = line
        energy, embodied, cost = priced.get(key.service, whole)
        ratio = CostRatio(
            Fraction(energy, cost) if cost else Fraction(0),
            Fraction(embodied, cost) if cost else Fraction(0),
            "within_service" if key.service in priced else "within_bill",
        )
        rate = rate_by_cost(key, month, factors, ratio, reason)
        if abs(cost_micro) * rate.ceiling >= 2**53:
            found.quarantined.append((number, "line.too_large"))
        else:
            known.append((line, rate, [_round(cost_micro * double) for double in _doubles(rate, line)]))
    for (account, hour, key, _, cost_micro, _), rate, figures in known:
        label = (account, hour, rate.region, key.service, rate.category, rate.quality, rate.basis)
        sums = found.hours.setdefault(label, [0] * 8)
        for place, value in enumerate((*figures, 1, cost_micro)):
            sums[place] += value
    return found


def hours_of(table) -> dict[tuple, list[int]]:
    """An estimate's hours in the form of the reference's."""
    return {
        tuple(row[name] for name in ("account", "hour", "region", "service", "category", "quality", "basis")): [
            row[name]
            for name in ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul", "lines", "cost_micro")
        ]
        for row in table.to_pylist()
    }


def read_rows(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV bill, packed or not."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="session")
def slow():
    """The reference implementation and its readers."""
    return type("Slow", (), {"run": staticmethod(reference), "hours_of": staticmethod(hours_of), "rows": staticmethod(read_rows)})


@pytest.fixture(scope="session")
def factors() -> FactorSet:
    """The genesis factor set."""
    return load_factor_set()


def profile_row(region: str, basis: str, ratios: Iterable[Fraction], month: str = "") -> dict[str, str]:
    """A row of `grid_hourly` for a region of AWS."""
    hours = {f"h{hour:02d}": str(float(ratio)) for hour, ratio in enumerate(ratios)}
    told = {"id": f"hourly.aws.{region}.{basis}.{month or 'year'}", "provider": "aws", "region": region, "basis": basis}
    rest = {"source": "made up for tests", "year": "2026", "note": "", "valid_from": "", "valid_to": ""}
    return told | {"month": month} | hours | rest


@pytest.fixture(scope="session")
def profile() -> Callable[..., dict[str, str]]:
    """Makes rows of `grid_hourly`."""
    return profile_row


@pytest.fixture(scope="session")
def hourly() -> FactorSet:
    """The genesis set with a profile for Stockholm in February, and one for Mumbai all year."""
    sweden = [Fraction(90 + hour, 100) if hour < 12 else Fraction(121 - hour, 100) for hour in range(24)]
    india = [Fraction(13, 10)] * 6 + [Fraction(7, 10)] * 6 + [Fraction(1)] * 12
    rows = (profile_row("eu-north-1", "lifecycle", sweden, "2"), profile_row("ap-south-1", "direct", india))
    return make_factor_set("hourly", {**load_factor_set().tables, "grid_hourly": rows})


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> SampleBills:
    """The sample bills, written once."""
    return write_sample_bills(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def write_bill(tmp_path: Path) -> Callable[..., Path]:
    """Writes lines (dicts that start from a good one) as a CSV bill."""

    def write(lines: list[dict[str, str]], name: str = "bill.csv", columns: list[str] | None = None) -> Path:
        good = {
            "identity_line_item_id": "",
            "bill_invoice_id": "INV1",
            "bill_payer_account_id": "900011112222",
            "bill_billing_period_start_date": "2026-02-01T00:00:00Z",
            "line_item_usage_account_id": "110022003300",
            "line_item_line_item_type": "Usage",
            "line_item_usage_start_date": "2026-02-03T05:00:00Z",
            "line_item_usage_end_date": "2026-02-03T06:00:00Z",
            "line_item_product_code": "AmazonEC2",
            "line_item_usage_type": "APS3-BoxUsage:m5.large",
            "line_item_operation": "RunInstances",
            "line_item_usage_amount": "1",
            "line_item_currency_code": "USD",
            "line_item_unblended_cost": "0.101",
            "pricing_unit": "Hrs",
            "product_region_code": "ap-south-1",
            "product_instance_type": "m5.large",
        }
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns or list(good), extrasaction="ignore")
            writer.writeheader()
            writer.writerows({**good, **line} for line in lines)
        return path

    return write
