"""Where a ledger row comes from: its bill lines, each with every factor of its formula.

Line results are not stored. They are computed again from the same files, factor set and engine, so what is shown is
what was claimed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emissions.billing.files import open_files
from emissions.engine.estimate import estimate
from emissions.engine.figures import Figures, is_exact, value_line
from emissions.engine.numbering import physical_lines
from emissions.engine.ratecard import Rate, rate_of
from emissions.engine.ratekey import RateKey
from emissions.engine.rows import TracedRow, traced_rows
from emissions.engine.terms import Term
from emissions.engine.usage import NotModelled, Refused
from emissions.grid.catalog import FactorSet


@dataclass(frozen=True)
class LineTrace:
    """One bill line and what it came to. `amount` is the quantity, or the cost in 10^-6 of currency when valued by cost."""

    file: str
    line: int
    service: str
    usage_type: str
    operation: str
    region: str
    category: str
    quantity: str
    unit: str
    cost_micro: int
    by_cost: bool
    quality: str
    reason: str
    basis: str
    terms: tuple[Term, ...]
    figures: Figures


def trace_lines(
    paths: Iterable[Path | str],
    *,
    factor_set: FactorSet,
    account: str,
    hour: int,
    region: str | None = None,
    service: str | None = None,
    category: str | None = None,
    limit: int = 200,
    format_name: str | None = None,
    threads: int = 2,
    memory_limit: str = "1GiB",
    work_dir: Path | None = None,
    basis: str | None = None,
) -> list[LineTrace]:
    """The lines of an account's hour, in the order of the bill, at most `limit`; each optional word narrows them.

    `basis` is the estimate's. Their integers add up to the ledger row when no limit cuts them.
    """
    given = list(paths)
    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-", dir=work_dir))
    try:
        files = open_files(given, work_dir=folder, format_name=format_name)
        rows = traced_rows(files, folder, account=account, hour=hour, threads=threads, memory_limit=memory_limit)
        rates = _rates(rows, factor_set, basis)
        if any(rate is None for rate in rates.values()):
            # Valued by cost: the ratio is the whole bill's, so the whole bill is estimated.
            with estimate(
                given,
                factor_set=factor_set,
                format_name=format_name,
                threads=threads,
                memory_limit=memory_limit,
                work_dir=work_dir,
                basis=basis,
            ) as found:
                rates = {at: rate or found.rates.get(at) for at, rate in rates.items()}
        picked = []
        for row in rows:
            rate = rates.get((row.key, row.month))
            # What is too large for a double was quarantined: it is in no ledger row.
            if rate is None or not _fits(rate, row, region, service, category) or not is_exact(_amount(row, rate), rate):
                continue
            picked.append((row, rate))
        picked = picked[:limit]
        lines: dict[tuple[int, int], int] = {}
        for number, file in enumerate(files):
            records = [row.record for row, _ in picked if row.file == number]
            lines.update(zip([(number, record) for record in records], physical_lines(file, records), strict=True))
        return [_trace(row, rate, hour, files[row.file].name, lines[row.file, row.record]) for row, rate in picked]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _rates(rows: list[TracedRow], factor_set: FactorSet, basis: str | None) -> Mapping[tuple[RateKey, int], Rate | None]:
    found: dict[tuple[RateKey, int], Rate | None] = {}
    for at in sorted({(row.key, row.month) for row in rows}):
        match rate_of(*at, factor_set, basis):
            case Rate() as rate:
                found[at] = rate
            case NotModelled():
                found[at] = None
            case Refused():
                continue
    return found


def _fits(rate: Rate, row: TracedRow, region: str | None, service: str | None, category: str | None) -> bool:
    return (
        (region is None or rate.region == region)
        and (service is None or row.key.service == service)
        and (category is None or rate.category == category)
    )


def _amount(row: TracedRow, rate: Rate) -> str:
    return str(row.cost_micro) if rate.by_cost else row.quantity


def _trace(row: TracedRow, rate: Rate, hour: int, file: str, line: int) -> LineTrace:
    return LineTrace(
        file=file,
        line=line,
        service=row.key.service,
        usage_type=row.key.usage_type,
        operation=row.key.operation,
        region=rate.region,
        category=rate.category,
        quantity=row.quantity,
        unit=row.key.unit,
        cost_micro=row.cost_micro,
        by_cost=rate.by_cost,
        quality=rate.quality,
        reason=rate.reason,
        basis=rate.basis,
        terms=rate.mean_terms if row.longer else rate.terms_at(hour),
        figures=value_line(_amount(row, rate), rate, None if row.longer else hour),
    )
