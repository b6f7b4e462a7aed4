"""A deterministic CUR 2.0 bill of a small company, in several deliveries, for demos and tests.

Three accounts under one payer: production in Mumbai, analytics in Virginia, web in Stockholm. One month is delivered
three times (first, restated up and down, restated down only) and once without invoice ids. Twelve months, billed by the
day, lie before it; in the month after it analytics has moved to Stockholm with all its usage.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cloudtuner.clock import hour_start, month_hours

PAYER = "900011112222"
PRODUCTION, ANALYTICS, WEB = "110022003300", "220033004400", "330044005500"
ACCOUNTS = (PRODUCTION, ANALYTICS, WEB)
MONTH, FOLLOWING = (2026, 2), (2026, 3)
PAST = (*((2025, month) for month in range(2, 13)), (2026, 1))
EXPORT = "aravali-cur2"

COLUMNS = (
    "identity_line_item_id",
    "identity_time_interval",
    "bill_invoice_id",
    "bill_billing_entity",
    "bill_bill_type",
    "bill_payer_account_id",
    "bill_billing_period_start_date",
    "bill_billing_period_end_date",
    "line_item_usage_account_id",
    "line_item_line_item_type",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
    "line_item_product_code",
    "line_item_usage_type",
    "line_item_operation",
    "line_item_availability_zone",
    "line_item_resource_id",
    "line_item_usage_amount",
    "line_item_currency_code",
    "line_item_unblended_rate",
    "line_item_unblended_cost",
    "line_item_line_item_description",
    "pricing_unit",
    "product",
    "product_region_code",
    "product_instance_type",
    "product_product_family",
)


@dataclass(frozen=True)
class SampleDelivery:
    """One delivered bill. `lines` counts rows with `duplicates`; `up` and `down` count lines restated since the one before."""

    path: Path
    month: tuple[int, int]
    invoiced: bool
    lines: int
    duplicates: int
    up: int = 0
    down: int = 0


@dataclass(frozen=True)
class SampleBills:
    """The deliveries: `first`, `second` (restated up and down), `lowered` (down only), `uninvoiced` (the first month while
    it is open), `following` (the month after, invoiced, analytics moved), and `past` (the twelve months before, by day).
    """

    first: SampleDelivery
    second: SampleDelivery
    lowered: SampleDelivery
    uninvoiced: SampleDelivery
    following: SampleDelivery
    past: tuple[SampleDelivery, ...]

    @property
    def all(self) -> tuple[SampleDelivery, ...]:
        """Every delivery in the order it would come."""
        return (*self.past, self.uninvoiced, self.first, self.second, self.lowered, self.following)


@dataclass(frozen=True)
class _Line:
    account: str
    region: str
    service: str
    usage_type: str
    operation: str
    unit: str
    instance_type: str
    resource: str
    kind: str
    hour: int
    hours: int
    quantity: Decimal
    price: Decimal
    revision: int = 0


@dataclass(frozen=True)
class _Meter:
    """Something that is billed again and again: `level` per line, times a daily shape when it follows load."""

    account: str
    region: str
    service: str
    usage_type: str
    operation: str
    unit: str
    price: str
    level: str
    every: int = 1
    instance_type: str = ""
    resource: str = ""
    kind: str = "Usage"
    follows_load: bool = False


# account, service, usage type, operation, unit, price, level, hours per line, instance type, resource, line type, shape
_METERS = """
production AmazonEC2 APS3-BoxUsage:m5.2xlarge RunInstances Hrs 0.404 18 1 m5.2xlarge - Usage load
production AmazonEC2 APS3-BoxUsage:c6g.4xlarge RunInstances Hrs 0.3968 10 1 c6g.4xlarge - SavingsPlanCoveredUsage flat
production AmazonEC2 APS3-EBS:VolumeUsage.gp3 CreateVolume-Gp3 GB-Mo 0.0912 9.5238095238 1 - - Usage flat
production AmazonEC2 APS3-DataTransfer-Out-Bytes RunInstances GB 0.1093 14.2 1 - - Usage load
production AmazonRDS APS3-Multi-AZUsage:db.r5.2xlarge CreateDBInstance:0014 Hrs 2.08 2 1 db.r5.2xlarge - Usage flat
production AmazonRDS APS3-RDS:Multi-AZ-GP3-Storage CreateDBInstance:0014 GB-Mo 0.262 71.4285714286 24 - - Usage flat
production AmazonS3 APS3-TimedStorage-ByteHrs StandardStorage GB-Mo 0.025 1500.125 24 - aravali-documents Usage flat
production AmazonS3 APS3-StorageLens-ObjCount StorageLens Objects 0.000005 220000 24 - aravali-documents Usage flat
analytics AmazonEC2 BoxUsage:r6i.4xlarge RunInstances Hrs 1.008 12 1 r6i.4xlarge - Usage load
analytics AmazonEC2 BoxUsage:g4dn.xlarge RunInstances Hrs 0.526 4 1 g4dn.xlarge - Usage flat
analytics AmazonEC2 EBS:VolumeUsage.io2 CreateVolume-Io2 GB-Mo 0.125 5.952380952381 1 - - Usage flat
analytics AmazonEC2 EBS:SnapshotUsage CreateSnapshot GB-Mo 0.05 142.857142857 24 - - Usage flat
analytics AWSLambda Lambda-GB-Second Invoke Lambda-GB-Second 0.0000166667 52000.5 1 - - Usage load
analytics AWSLambda Request Invoke Requests 0.0000002 410000 1 - - Usage load
analytics AmazonEC2 USE1-APS3-AWS-Out-Bytes InterZone-Out GB 0.02 31.25 1 - - Usage load
analytics AmazonRoute53 ResolverDNSFirewall-Domains DNSFirewall Domains 0.0000004 1250000 24 - - Usage flat
web AmazonEC2 EUN1-BoxUsage:t3.medium RunInstances Hrs 0.0432 30 1 t3.medium - Usage load
web AmazonEC2 EUN1-BoxUsage:m6g.xlarge RunInstances Hrs 0.163 8 1 m6g.xlarge - DiscountedUsage flat
web AmazonEC2 EUN1-DataTransfer-Regional-Bytes InterZone-In GB 0.01 22.75 1 - - Usage load
web AmazonS3 EUN1-TimedStorage-ByteHrs StandardStorage GB-Mo 0.023 640 24 - aravali-web Usage flat
web AmazonRDS EUN1-InstanceUsage:db.t3.medium CreateDBInstance:0014 Hrs 0.076 2 1 db.t3.medium - Usage flat
web AWSLambda EUN1-Lambda-GB-Second-ARM Invoke Lambda-GB-Second 0.0000133334 18000 1 - - Usage load
"""
_PLACES = {
    "production": (PRODUCTION, "ap-south-1"),
    "analytics": (ANALYTICS, "us-east-1"),
    "web": (WEB, "eu-north-1"),
}


def _meters() -> list[_Meter]:
    meters = []
    for row in _METERS.split("\n")[1:-1]:
        who, service, usage_type, operation, unit, price, level, every, *rest = row.split()
        instance_type, resource, kind, shape = ("" if cell == "-" else cell for cell in rest)
        account, region = _PLACES[who]
        meters.append(
            _Meter(
                account=account,
                region=region,
                service=service,
                usage_type=usage_type,
                operation=operation,
                unit=unit,
                price=price,
                level=level,
                every=int(every),
                instance_type=instance_type,
                resource=resource,
                kind=kind,
                follows_load=shape == "load",
            )
        )
    return meters


# Load over a day in per cent of the mean, UTC; the mean is 100.
_DAY = (60, 55, 55, 60, 75, 95, 115, 130, 140, 145, 145, 140, 135, 130, 125, 120, 115, 110, 105, 100, 95, 90, 80, 80)


def write_sample_bills(folder: Path | str, *, seed: int = 2026, parquet: bool = False) -> SampleBills:
    """Writes the deliveries below `folder` as AWS lays them out and says what each holds.

    The same seed gives the same bytes. `parquet` writes Parquet instead of gzipped CSV.
    """
    home = Path(folder)
    first = _month_lines(MONTH, seed)
    second, up, down = _restate(first, seed + 1, _up_and_down)
    lowered, _, lowered_down = _restate(second, seed + 2, _down_only)
    doubled = _doubled(first, seed)
    write = _Writer(home, seed, parquet)
    return SampleBills(
        first=write("1-first", MONTH, first, doubled, invoiced=True),
        second=write("2-restated", MONTH, second, doubled[:8], invoiced=True, up=up, down=down),
        lowered=write("3-lowered", MONTH, lowered, [], invoiced=True, down=lowered_down),
        uninvoiced=write("0-open", MONTH, first, doubled, invoiced=False),
        following=write("4-following", FOLLOWING, [_moved(line) for line in _month_lines(FOLLOWING, seed)], [], invoiced=True),
        past=tuple(
            write(f"past-{year}-{month:02d}", (year, month), _month_lines((year, month), seed, by_day=True), [], invoiced=True)
            for year, month in PAST
        ),
    )


def write_first_bill(folder: Path | str, *, seed: int = 2026) -> SampleDelivery:
    """Writes the first delivery alone, the same bytes as among all of them."""
    lines = _month_lines(MONTH, seed)
    return _Writer(Path(folder), seed, parquet=False)("1-first", MONTH, lines, _doubled(lines, seed), invoiced=True)


def _doubled(lines: list[_Line], seed: int) -> list[int]:
    """Which lines the delivery holds twice."""
    return random.Random(seed + 3).sample(range(len(lines)), 24)  # noqa: S311 - a fixed draw, not a secret


def _month_lines(month: tuple[int, int], seed: int, *, by_day: bool = False) -> list[_Line]:
    """The month's lines. `by_day` sums a meter's hours up to one line a day, as exports of daily granularity do."""
    first, last = month_hours(*month)
    chance = random.Random(f"{seed} {month}")  # noqa: S311 - a fixed draw, not a secret
    lines = []
    for meter in _meters():
        span = 24 if by_day else meter.every
        for hour in range(first, last + 1, span):
            level = Decimal(meter.level) * (span // meter.every)
            if meter.follows_load and by_day:
                level = level * (95 + chance.randrange(11)) / 100
            elif meter.follows_load:
                level = level * _DAY[hour % 24] / 100 * (90 + chance.randrange(21)) / 100
                if meter.unit == "Hrs":
                    level = Decimal(max(1, round(level)))
            lines.append(
                _Line(
                    account=meter.account,
                    region=meter.region,
                    service=meter.service,
                    usage_type=meter.usage_type,
                    operation=meter.operation,
                    unit=meter.unit,
                    instance_type=meter.instance_type,
                    resource=meter.resource,
                    kind=meter.kind,
                    hour=hour,
                    hours=span,
                    quantity=level.quantize(Decimal("0.0000000001")),
                    price=Decimal(meter.price),
                )
            )
    return lines + [
        _money(account, kind, amount, first, last)
        for account in ACCOUNTS
        for kind, amount in (("Tax", "412.50"), ("Credit", "-25"))
    ]


def _moved(line: _Line) -> _Line:
    """A line of analytics as it is billed after the move: in Stockholm, under that region's usage types."""
    if line.account != ANALYTICS or not line.region:
        return line
    bare = line.usage_type.removeprefix("USE1-")
    usage_type = bare if line.service == "AmazonRoute53" else f"EUN1-{bare}"
    return replace(line, region=_PLACES["web"][1], usage_type=usage_type)


def _money(account: str, kind: str, amount: str, first: int, last: int) -> _Line:
    """A line that moves money and carries no energy."""
    return _Line(
        account=account,
        region="",
        service="AmazonEC2",
        usage_type="",
        operation="",
        unit="",
        instance_type="",
        resource="",
        kind=kind,
        hour=first,
        hours=last - first + 1,
        quantity=Decimal(1),
        price=Decimal(amount),
    )


def _up_and_down(line: _Line, draw: int) -> Decimal | None:
    """Mumbai is restated mostly up, Virginia both ways and down on balance, Stockholm stays."""
    if line.account == PRODUCTION and draw < 60:
        return Decimal("1.25") if draw < 45 else Decimal("0.9")
    if line.account == ANALYTICS and draw < 40:
        return Decimal("1.1") if draw < 10 else Decimal("0.8")
    return None


def _down_only(line: _Line, draw: int) -> Decimal | None:
    return Decimal("0.75") if line.account == PRODUCTION and draw < 120 else None


def _restate(lines: Iterable[_Line], seed: int, rule: Callable[[_Line, int], Decimal | None]) -> tuple[list[_Line], int, int]:
    """The lines with some quantities changed by a rule over a draw from 0 to 999; how many rose and fell."""
    chance = random.Random(seed)  # noqa: S311 - a fixed draw, not a secret
    found, up, down = [], 0, 0
    for line in lines:
        draw = chance.randrange(1000)
        factor = rule(line, draw) if line.service == "AmazonEC2" and line.kind not in ("Tax", "Credit") else None
        if factor is None:
            found.append(line)
            continue
        up, down = up + (factor > 1), down + (factor < 1)
        quantity = (line.quantity * factor).quantize(Decimal("0.0000000001"))
        # AWS gives a restated line another id.
        found.append(replace(line, quantity=quantity, revision=line.revision + 1))
    return found, up, down


@lru_cache(maxsize=4096)
def _stamp(hour: int) -> str:
    return f"{hour_start(hour):%Y-%m-%dT%H:%M:%SZ}"


class _Writer:
    """Writes deliveries below one folder."""

    def __init__(self, home: Path, seed: int, parquet: bool) -> None:
        self._home, self._seed, self._parquet = home, seed, parquet

    def __call__(
        self,
        name: str,
        month: tuple[int, int],
        lines: list[_Line],
        doubled: list[int],
        *,
        invoiced: bool,
        up: int = 0,
        down: int = 0,
    ) -> SampleDelivery:
        rows = [self._row(line, month, invoiced=invoiced) for line in lines]
        rows += [rows[place] for place in doubled]
        folder = self._home / name / EXPORT / "data" / f"BILLING_PERIOD={month[0]}-{month[1]:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{EXPORT}-00001.{'snappy.parquet' if self._parquet else 'csv.gz'}"
        if self._parquet:
            _write_parquet(path, rows)
        else:
            _write_csv(path, rows)
        return SampleDelivery(path, month, invoiced, len(rows), len(doubled), up, down)

    def _row(self, line: _Line, month: tuple[int, int], *, invoiced: bool) -> tuple[str, ...]:
        start, end = _stamp(line.hour), _stamp(line.hour + line.hours)
        first, last = month_hours(*month)
        product = f'{{"regionCode":"{line.region}","servicecode":"{line.service}"}}' if line.region else "{}"
        identity = "|".join((str(self._seed), line.account, line.usage_type, line.kind, str(line.hour), str(line.revision)))
        return (
            hashlib.sha256(identity.encode()).hexdigest()[:52],
            f"{start}/{end}",
            f"INV{month[0]}{month[1]:02d}{line.account[:4]}" if invoiced else "",
            "AWS",
            "Anniversary",
            PAYER,
            _stamp(first),
            _stamp(last + 1),
            line.account,
            line.kind,
            start,
            end,
            line.service,
            line.usage_type,
            line.operation,
            f"{line.region}a" if line.instance_type else "",
            line.resource,
            f"{line.quantity:f}",
            "USD",
            f"{line.price:f}",
            f"{line.quantity * line.price:.10f}",
            f"{line.price} USD per {line.unit}" if line.unit else line.kind,
            line.unit,
            product,
            line.region,
            line.instance_type,
            "Compute Instance" if line.instance_type else "",
        )


def _write_csv(path: Path, rows: list[tuple[str, ...]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    # Without a time stamp inside, the same bill is the same bytes.
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=6, mtime=0))


def _write_parquet(path: Path, rows: list[tuple[str, ...]]) -> None:
    table = pa.table({name: pa.array(column, pa.string()) for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)})
    for place, name in enumerate(COLUMNS):
        if name.endswith("_date"):
            moments = pc.strptime(table[name], "%Y-%m-%dT%H:%M:%SZ", "ms")
            table = table.set_column(place, name, moments)
        elif name in ("line_item_usage_amount", "line_item_unblended_cost"):
            table = table.set_column(place, name, table[name].cast(pa.float64()))
    pq.write_table(table, path, compression="snappy")
