"""Bills small enough to be read in a blink, one organisation's schema open, and an address book to sign for."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cloudtuner.clock import hour_start, month_hours

MUMBAI = ("ap-south-1", "APS3-BoxUsage:m5.large", "m5.large")
VIRGINIA = ("us-east-1", "BoxUsage:m5.large", "m5.large")
ACCOUNT, OTHER = "111122223333", "444455556666"
PAYER = "999900001111"
JUNE = month_hours(2026, 6)


@dataclass(frozen=True)
class Line:
    """A line of a bill, as far as these tests care."""

    account: str = ACCOUNT
    hour: int = JUNE[0]
    quantity: str = "1"
    place: tuple[str, str, str] = MUMBAI
    invoice: str = "INV1"
    service: str = "AmazonEC2"
    unit: str = "Hrs"
    operation: str = "RunInstances"
    line_id: str = ""
    cost: str = "0.1"
    payer: str = PAYER
    month: tuple[int, int] = (2026, 6)
    kind: str = "Usage"


COLUMNS = (
    "identity_line_item_id",
    "bill_payer_account_id",
    "line_item_usage_account_id",
    "bill_invoice_id",
    "bill_billing_period_start_date",
    "line_item_line_item_type",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
    "line_item_product_code",
    "line_item_usage_type",
    "line_item_operation",
    "pricing_unit",
    "product_region_code",
    "product_instance_type",
    "line_item_usage_amount",
    "line_item_unblended_cost",
    "line_item_currency_code",
)


def bill_bytes(lines: Sequence[Line], *, columns: Sequence[str] = COLUMNS) -> bytes:
    """A CUR 2.0 bill, gzipped."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for number, line in enumerate(lines):
        start = hour_start(month_hours(*line.month)[0])
        writer.writerow(
            dict(
                zip(
                    COLUMNS,
                    (
                        line.line_id or f"line-{number}",
                        line.payer,
                        line.account,
                        line.invoice,
                        f"{start:%Y-%m-%dT%H:%M:%SZ}",
                        line.kind,
                        f"{hour_start(line.hour):%Y-%m-%dT%H:%M:%SZ}",
                        f"{hour_start(line.hour + 1):%Y-%m-%dT%H:%M:%SZ}",
                        line.service,
                        line.place[1],
                        line.operation,
                        line.unit,
                        line.place[0],
                        line.place[2],
                        line.quantity,
                        line.cost,
                        "USD",
                    ),
                    strict=True,
                )
            )
        )
    return gzip.compress(text.getvalue().encode(), compresslevel=1, mtime=0)


def hours_of(line: Line, count: int, *, start: int | None = None) -> list[Line]:
    """The line once an hour."""
    first = line.hour if start is None else start
    return [replace(line, hour=first + number) for number in range(count)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who asks for a room has bills read by the engine and copied into PostgreSQL: not long each, but together."""
    for item in items:
        if "room" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def cur() -> SimpleNamespace:
    """How these tests write bills: `cur.Line`, `cur.hours(line, count)`, `cur.bytes(lines)` and the names used in them."""
    return SimpleNamespace(
        Line=Line,
        hours=hours_of,
        bytes=bill_bytes,
        account=ACCOUNT,
        other=OTHER,
        payer=PAYER,
        june=JUNE,
        mumbai=MUMBAI,
        virginia=VIRGINIA,
    )


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Any) -> Path:
    """A content store of the test's own."""
    settings.OBJECT_STORE_URL = f"file://{tmp_path / 'store'}"
    return tmp_path / "store"


@pytest.fixture(autouse=True)
def address_book(tmp_path: Path, settings: Any) -> Path:
    """Where the contracts would be."""
    path = tmp_path / "addresses.json"
    path.write_text(json.dumps({"chain_id": 31337, "contracts": {"node_registry": "0x" + "11" * 20}}))
    settings.ADDRESS_BOOK = str(path)
    return path


@dataclass(frozen=True)
class Room:
    """One organisation with its schema open, and what its people do."""

    tenant: Any

    def upload(self, *bills: bytes | Sequence[Line], name: str = "bill.csv.gz") -> Any:
        """Uploads bills as files and reads them to the end; returns the upload as its page shows it."""
        from emissions import selectors, services

        files = []
        for number, bill in enumerate(bills):
            data = bill if isinstance(bill, bytes) else bill_bytes(bill)
            files.append(SimpleUploadedFile(name if number == 0 else f"{number}-{name}", data))
        upload = services.bill_upload(actor=self.tenant.owner, files=files)
        services.upload_read(upload_id=upload.pk)
        return selectors.upload(upload.pk)

    def version(self, *bills: bytes | Sequence[Line]) -> Any:
        """The one version that an upload made."""
        from emissions import selectors

        upload = self.upload(*bills)
        ((_, summary),) = upload.versions
        return selectors.bill_version(summary.id)

    def confirm(self, version: Any) -> None:
        """Confirms a version as the owner."""
        from emissions import services

        services.bill_version_confirm(actor=self.tenant.owner, version_id=version.id)

    def total(self) -> int:
        """µg in the ledger."""
        from emissions import selectors
        from emissions.selectors.figures import LedgerFilters

        return selectors.ledger_totals(LedgerFilters()).ug


@pytest.fixture
def room(two_organizations: tuple[Any, Any]) -> Iterator[Room]:
    """Aravali with its schema open."""
    from cloudtuner.tenancy import tenant_context

    with tenant_context(two_organizations[0].schema):
        yield Room(two_organizations[0])


@pytest.fixture
def estimate_of(tmp_path: Path) -> Callable[[Sequence[Line]], dict[str, int]]:
    """µg by account of a bill by the engine alone."""

    def figures(lines: Sequence[Line]) -> dict[str, int]:
        from emissions.engine.estimate import estimate
        from emissions.grid.catalog import load_factor_set

        path = tmp_path / "alone.csv.gz"
        path.write_bytes(bill_bytes(lines))
        with estimate([path], factor_set=load_factor_set()) as found:
            return {row.account: row.ug + row.by_cost_ug for row in found.accounts}

    return figures
