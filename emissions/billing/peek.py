"""Which bill a file belongs to, from its columns and its first line alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cloudtuner.errors import BillError
from emissions.billing.files import codec_of, format_of
from emissions.billing.formats import BillFormat
from emissions.billing.parquet_files import start_of_parquet
from emissions.billing.places import First, Joined, text_on_line
from emissions.billing.text_files import start_of_text


@dataclass(frozen=True)
class FirstLine:
    """What the first line of a bill file says: its format, who pays, and the billing month."""

    bill_format: BillFormat
    payer: str
    year: int
    month: int


def first_line(path: Path, name: str | None = None) -> FirstLine:
    """Reads the beginning of a file. Raises BillError naming the file when it is no bill's or names no payer or month."""
    shown = name or path.name
    codec = codec_of(path, shown)
    header, line = start_of_parquet(path, shown) if codec == "parquet" else start_of_text(path, shown, codec or None)
    bill_format = format_of(header, line, shown, None)
    start = _field(bill_format, "period_start", line) or _field(bill_format, "start", line)
    for field, text in (("payer", _field(bill_format, "payer", line)), ("period_start", start)):
        if not text:
            source = bill_format.columns.get(field, bill_format.columns["start"])
            column = source.places[0].column if isinstance(source, First) else field
            raise BillError(
                f"the first line names no {column}.", code="bill.empty", where=f"{shown}, line 2", hint="Export the bill again."
            )
    moment = _moment(start, bill_format)
    if moment is None:
        raise BillError(
            f"the first line's billing period {start[:40]!r} is no time.",
            code="bill.columns",
            where=f"{shown}, line 2",
            hint="Export it again.",
        )
    return FirstLine(bill_format, _field(bill_format, "payer", line), moment.year, moment.month)


def _field(bill_format: BillFormat, field: str, line: dict[str, str]) -> str:
    source = bill_format.columns.get(field, First())
    assert not isinstance(source, Joined)
    return text_on_line(source, line).strip()


def _moment(text: str, bill_format: BillFormat) -> datetime | None:
    for way in ("", *bill_format.moments):
        try:
            found = datetime.strptime(text, way) if way else datetime.fromisoformat(text.removesuffix(" UTC"))  # noqa: DTZ007
        except ValueError:
            continue
        return found.astimezone(UTC) if found.tzinfo else found
    return None
