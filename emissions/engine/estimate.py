"""What a bill emitted: files in, hourly integers out.

>>> from emissions.grid.catalog import load_factor_set
>>> with estimate(["bill.csv.gz"], factor_set=load_factor_set()) as found:  # doctest: +SKIP
...     found.hours.num_rows
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import rfc8785

from cloudtuner.errors import BillError
from emissions.billing.files import BillFile, open_files
from emissions.engine.amounts import KeyAmount, key_amounts
from emissions.engine.explain import Explanation, explain
from emissions.engine.faults import FAULTS, WRONG_UNIT
from emissions.engine.identity import ENGINE_ID
from emissions.engine.kept import Kept
from emissions.engine.lines_out import write_lines
from emissions.engine.method import OWN, rate_card
from emissions.engine.numbering import physical_lines
from emissions.engine.ratecard import CostRatio, Rate, RateCard, month_range, rate_by_cost
from emissions.engine.ratekey import RateKey
from emissions.engine.reading import Progress
from emissions.engine.results import AccountSummary, Bill, Counts, Coverage, QuarantinedLine
from emissions.engine.rows import faulty_rows, key_texts, quantities, stripped_documents
from emissions.engine.spark import hours_on_spark
from emissions.engine.summing import hours_of
from emissions.engine.workings import KeyUse, Summed, Workings
from emissions.grid.catalog import FactorSet
from emissions.poce.lines import StrippedLines

__all__ = ["ENGINE_ID", "Estimate", "estimate"]

MAX_QUARANTINE_LISTED = 10_000


@dataclass(frozen=True)
class Estimate:
    """An estimated bill. Holds a database under its work folder until it is closed; use it in a `with`."""

    bill: Bill
    hours: pa.Table
    accounts: list[AccountSummary]
    quarantined: list[QuarantinedLine]
    counts: Counts
    coverage: Coverage
    factor_set: str
    engine: str
    rates: Mapping[tuple[RateKey, int], Rate] = field(repr=False)
    _workings: Workings = field(repr=False)
    _keys: Mapping[int, RateKey] = field(repr=False)
    _discard: Callable[[], None] = field(repr=False)

    def stripped(self, account: str) -> StrippedLines:
        """What validators get of an account: hour, rate key and quantity of each line valued by quantity."""
        texts = key_texts(self._keys)
        return StrippedLines.collect((hour, texts[k], quantity) for hour, k, quantity in quantities(self._workings, account))

    def stripped_documents(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The bytes of `stripped(account).to_bytes()` for every account that has such lines, in parts, ascending.

        The parts of one account are read before the next account is asked for. Eight million lines take seconds here.
        """
        return stripped_documents(self._workings, key_texts(self._keys))

    def explain(self) -> list[Explanation]:
        """Every usage type that was valued, with its spend, its figures, its reason and its factors; the unknown first."""
        return explain(self._workings.sums_by_key(), self.rates)

    def amounts(self) -> list[KeyAmount]:
        """What each rate key was used and spent in each month, for comparisons."""
        return key_amounts(self._workings)

    @property
    def ug(self) -> int:
        """Micrograms of the whole bill, with what was valued by cost."""
        return sum(account.ug + account.by_cost_ug for account in self.accounts)

    def close(self) -> None:
        """Removes the database and the unpacked files."""
        self._discard()

    def __enter__(self) -> Estimate:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def estimate(
    paths: Iterable[Path | str | BillFile],
    *,
    factor_set: FactorSet,
    format_name: str | None = None,
    threads: int = 2,
    memory_limit: str = "1GiB",
    work_dir: Path | None = None,
    strict: bool = False,
    on_progress: Progress | None = None,
    lines_out: Path | None = None,
    basis: str | None = None,
    method: str = OWN,
    engine: str = "duckdb",
    resume: Path | None = None,
) -> Estimate:
    """Estimates one bill (one payer). Raises BillError, naming file and line, for a file that cannot be read whole.

    Lines that cannot be valued are quarantined and the rest goes on; `strict` makes the first of them a BillError.
    `work_dir` holds a temporary folder for the run, which `close` removes. `basis` (lifecycle or direct) asks for one kind
    of grid factor everywhere; without it each region has the one that the set prefers there. `method` may be "ccf", which
    values an AWS bill as Cloud Carbon Footprint does, for comparison. `engine` "spark" sums the lines on Apache Spark.
    `resume` names a folder that keeps what is done until the estimate is closed, so that a run which was interrupted goes on.
    """
    tell = on_progress or _silent
    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-", dir=work_dir))
    files: list[BillFile] = []
    workings: Workings | None = None
    beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="digest")
    try:
        files = open_files(paths, work_dir=folder, format_name=format_name)
        # Every byte of a bill is read for it, on one core: beside the survey it costs no time.
        digests = beside.submit(lambda: tuple(file.digest for file in files))
        kept = Kept.of(resume, files)
        workings = Workings(files, folder, threads=threads, memory_limit=memory_limit, kept=kept)
        workings.read(tell)

        def hours() -> pa.Table:
            if engine == "spark":
                return hours_on_spark(workings, folder, threads=threads, memory=memory_limit)
            return hours_of(workings, tell, kept.valued_by(factor_set.id, ENGINE_ID, basis, method))

        return _value(
            files,
            workings,
            folder,
            digests,
            factor_set,
            hours,
            strict=strict,
            tell=tell,
            lines_out=lines_out,
            basis=basis,
            method=method,
        )
    except BaseException:
        if workings is not None:
            workings.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        beside.shutdown()


def _value(
    files: list[BillFile],
    workings: Workings,
    folder: Path,
    digests: Future[tuple[str, ...]],
    factor_set: FactorSet,
    sum_hours: Callable[[], pa.Table],
    *,
    strict: bool,
    tell: Progress,
    lines_out: Path | None,
    basis: str | None,
    method: str,
) -> Estimate:
    owner = _owner(files, workings)
    uses = workings.keys()
    card = rate_card(method, ((use.key, use.month) for use in uses), factor_set, basis)
    rated = [(use, card.rates[use.key, use.month]) for use in uses if (use.key, use.month) in card.rates]
    workings.lay_card(rated)
    workings.drop_doubles()
    by_cost = _rates_by_cost(uses, card, workings, factor_set, basis)
    if by_cost:
        rated.extend(by_cost)
        workings.lay_card(rated)
    hours = sum_hours()
    summary = workings.summary(hours)
    counts = _counts(workings, summary)
    quarantined = _quarantined(files, workings, card, uses) if counts.quarantined else []
    if strict and quarantined:
        first = quarantined[0]
        raise BillError(
            first.message, code=first.code, where=f"{first.file}, line {first.line}", hint="Correct it, or leave --strict out."
        )
    if lines_out is not None:
        write_lines(workings, {use.number: rate for use, rate in rated}, lines_out)

    def discard() -> None:
        workings.kept.clear()
        workings.close()
        shutil.rmtree(folder, ignore_errors=True)

    found = Estimate(
        bill=_bill(files, owner, digests.result()),
        hours=hours,
        accounts=_accounts(workings, summary),
        quarantined=quarantined,
        counts=counts,
        coverage=_coverage(summary),
        factor_set=factor_set.id,
        engine=ENGINE_ID,
        rates={(use.key, use.month): rate for use, rate in rated},
        _workings=workings,
        _keys={use.number: use.key for use in uses},
        _discard=discard,
    )
    weakref.finalize(found, discard)
    return found


def _silent(step: str, done: int, total: int) -> None:
    pass


def _owner(files: list[BillFile], workings: Workings) -> tuple[str, str, list[int]]:
    """Payer, currency and months of a bill; raises BillError for what is none, or several."""
    if not workings.totals()[0]:
        raise BillError("the bill has no lines.", code="bill.empty", where=files[0].name, hint="Deliver it again.")
    payers, periods, currencies = workings.distinct("payer"), workings.periods(), workings.distinct("currency")
    if len(payers) != 1:
        raise BillError(
            f"{len(payers)} payer accounts in one bill{': ' + ', '.join(payers[:3]) if payers else ''}.",
            code="bill.payers",
            where=files[0].name,
            hint="Give the files of one bill at a time." if payers else "Every line needs bill_payer_account_id.",
        )
    if len(currencies) > 1:
        raise BillError(f"lines in several currencies: {', '.join(currencies)}.", code="bill.currencies", where=files[0].name)
    if not periods:
        raise BillError("no line names a billing period.", code="bill.period", where=files[0].name)
    return payers[0], currencies[0] if currencies else "", periods


def _bill(files: list[BillFile], owner: tuple[str, str, list[int]], digests: tuple[str, ...]) -> Bill:
    payer, currency, periods = owner
    return Bill(
        provider=files[0].bill_format.provider,
        payer=payer,
        export_name=next((file.export for file in files if file.export), ""),
        format_name=files[0].bill_format.name,
        currency=currency,
        period_from=month_range(periods[0])[0],
        period_through=month_range(periods[-1])[1],
        file_digests=digests,
        bill_digest="0x" + hashlib.sha256(rfc8785.dumps(list(digests))).hexdigest(),
    )


def _rates_by_cost(
    uses: list[KeyUse], card: RateCard, workings: Workings, factor_set: FactorSet, basis: str | None
) -> list[tuple[KeyUse, Rate]]:
    """Rates for usage without a model: its service's energy per money spent, else the bill's; none when nothing is known."""
    unknown = [use for use in uses if (use.key, use.month) in card.not_modelled]
    if not unknown:
        return []
    priced = workings.priced()
    whole = tuple(sum(figures[place] for figures in priced.values()) for place in range(3))
    found = []
    for use in unknown:
        within = use.key.service in priced
        energy, embodied, cost = priced[use.key.service] if within else whole
        ratio = CostRatio(
            Fraction(energy, cost) if cost else Fraction(0),
            Fraction(embodied, cost) if cost else Fraction(0),
            "within_service" if within else "within_bill",
        )
        reason = card.not_modelled[use.key, use.month].reason
        found.append((use, rate_by_cost(use.key, use.month, factor_set, ratio, reason, basis)))
    return found


def _quarantined(files: list[BillFile], workings: Workings, card: RateCard, uses: list[KeyUse]) -> list[QuarantinedLine]:
    refused = {use.number: card.refused[use.key, use.month] for use in uses if (use.key, use.month) in card.refused}
    rows = faulty_rows(workings, list(refused), MAX_QUARANTINE_LISTED)
    found = []
    for number, file in enumerate(files):
        here = [row for row in rows if row.file == number]
        lines = physical_lines(file, [row.record for row in here])
        for row, line in zip(here, lines, strict=True):
            code, message = FAULTS[row.fault]
            if row.fault == WRONG_UNIT and row.key in refused:
                message = refused[row.key].message
            found.append(QuarantinedLine(file.name, line or row.record, code, message, row.account))
    return sorted(found, key=lambda line: (line.file, line.line))[:MAX_QUARANTINE_LISTED]


def _accounts(workings: Workings, summary: Sequence[Summed]) -> list[AccountSummary]:
    found = []
    for account, lines, without_invoice, meant in workings.accounts():
        if not account:
            # Lines without an account are quarantined or carry no energy; they are counted, but are nobody's.
            continue
        here = [row for row in summary if row.account == account]
        found.append(
            AccountSummary(
                account=account,
                hour_from=min((row.hour_from for row in here), default=-1),
                hour_through=max((row.hour_through for row in here), default=-1),
                lines=lines,
                lines_without_invoice=without_invoice,
                ug=sum(row.ug for row in here if row.quality != "unknown"),
                energy_uwh=sum(row.energy_uwh for row in here if row.quality != "unknown"),
                by_cost_ug=sum(row.ug for row in here if row.quality == "unknown"),
                quarantined=meant - sum(row.lines for row in here),
            )
        )
    return found


def _counts(workings: Workings, summary: Sequence[Summed]) -> Counts:
    lines, meant, idle = workings.totals()
    valued = sum(row.lines for row in summary)
    return Counts(
        lines=lines + workings.duplicates,
        with_energy=valued,
        without_energy=idle,
        unknown=sum(row.lines for row in summary if row.quality == "unknown"),
        duplicates=workings.duplicates,
        quarantined=meant - valued,
    )


def _coverage(summary: Sequence[Summed]) -> Coverage:
    by_quality: Counter[str] = Counter()
    for row in summary:
        by_quality[row.quality] += row.cost_micro
    return Coverage(
        known_cost_micro=sum(cost for quality, cost in by_quality.items() if quality != "unknown"),
        energy_cost_micro=sum(by_quality.values()),
        cost_by_quality=dict(sorted(by_quality.items())),
    )
