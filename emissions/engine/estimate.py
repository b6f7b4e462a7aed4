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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

from cloudtuner.errors import BillError
from cloudtuner.units import EXACT_LIMIT
from emissions.billing.files import BillFile, open_files
from emissions.engine.facts import Facts, KeyUse
from emissions.engine.identity import ENGINE_ID
from emissions.engine.numbering import physical_lines
from emissions.engine.ratecard import CostRatio, Rate, RateCard, build_rate_card, month_range, rate_by_cost
from emissions.engine.ratekey import RateKey
from emissions.engine.reading import Progress
from emissions.engine.results import AccountSummary, Bill, Counts, Coverage, QuarantinedLine, sums_by
from emissions.engine.staging import FAULTS, WRONG_UNIT
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
    _facts: Facts = field(repr=False)
    _keys: Mapping[int, RateKey] = field(repr=False)
    _discard: Callable[[], None] = field(repr=False)

    def stripped(self, account: str) -> StrippedLines:
        """What validators get of an account: hour, rate key and quantity of each line valued by quantity."""
        texts = {number: key.text for number, key in self._keys.items()}
        return StrippedLines.collect(
            (hour, texts[number], quantity) for hour, number, quantity in self._facts.quantities(account)
        )

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
    paths: Iterable[Path | str],
    *,
    factor_set: FactorSet,
    format_name: str | None = None,
    threads: int = 2,
    memory_limit: str = "1GiB",
    work_dir: Path | None = None,
    strict: bool = False,
    on_progress: Progress | None = None,
    lines_out: Path | None = None,
) -> Estimate:
    """Estimates one bill (one payer). Raises BillError, naming file and line, for a file that cannot be read whole.

    Lines that cannot be valued are quarantined and the rest goes on; `strict` makes the first of them a BillError.
    `work_dir` holds a temporary folder for the run, which `close` removes.
    """
    tell = on_progress or _silent
    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-", dir=work_dir))
    files: list[BillFile] = []
    facts: Facts | None = None
    try:
        files = open_files(paths, work_dir=folder, format_name=format_name)
        facts = Facts(files, folder, threads=threads, memory_limit=memory_limit)
        facts.stage(tell)
        return _value(files, facts, folder, factor_set, strict=strict, tell=tell, lines_out=lines_out)
    except BaseException:
        if facts is not None:
            facts.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _value(
    files: list[BillFile],
    facts: Facts,
    folder: Path,
    factor_set: FactorSet,
    *,
    strict: bool,
    tell: Progress,
    lines_out: Path | None,
) -> Estimate:
    bill = _bill(files, facts)
    uses = facts.keys()
    card = build_rate_card(((use.key, use.month) for use in uses), factor_set)
    known = [(use, card.rates[use.key, use.month]) for use in uses if (use.key, use.month) in card.rates]
    verdicts: dict[tuple[int, int], tuple[int, float, float]] = {}
    for use in uses:
        if (use.key, use.month) in card.refused:
            facts.mark_unit(use)
            verdicts[use.number, use.month] = (WRONG_UNIT, 0.0, 0.0)
    for use, rate in known:
        if use.largest_quantity * rate.ceiling >= EXACT_LIMIT:
            facts.mark_too_large(use, rate)
            verdicts[use.number, use.month] = (0, rate.ceiling, 0.0)
    facts.lay_card(known)
    tell("value", 1, 2)
    by_cost = _rates_by_cost(uses, card, facts, factor_set)
    for use, rate in by_cost:
        if use.largest_cost_micro * rate.ceiling >= EXACT_LIMIT:
            facts.mark_too_large(use, rate)
            verdicts[use.number, use.month] = (0, 0.0, rate.ceiling)
    if by_cost:
        facts.lay_card([*known, *by_cost])
    hours = facts.hours()
    tell("value", 2, 2)
    quarantined = _quarantined(files, facts, card, {use.number: use for use in uses}, verdicts)
    if strict and quarantined:
        first = quarantined[0]
        raise BillError(
            first.message, code=first.code, where=f"{first.file}, line {first.line}", hint="Correct it, or leave --strict out."
        )
    if lines_out is not None:
        facts.write_lines(lines_out)

    def discard() -> None:
        facts.close()
        shutil.rmtree(folder, ignore_errors=True)

    found = Estimate(
        bill=bill,
        hours=hours,
        accounts=_accounts(facts, hours),
        quarantined=quarantined,
        counts=_counts(facts, hours),
        coverage=_coverage(hours),
        factor_set=factor_set.id,
        engine=ENGINE_ID,
        rates={(use.key, use.month): rate for use, rate in [*known, *by_cost]},
        _facts=facts,
        _keys={use.number: use.key for use in uses},
        _discard=discard,
    )
    weakref.finalize(found, discard)
    return found


def _silent(step: str, done: int, total: int) -> None:
    pass


def _bill(files: list[BillFile], facts: Facts) -> Bill:
    if not facts.totals()[0]:
        raise BillError("the bill has no lines.", code="bill.empty", where=files[0].name, hint="Deliver it again.")
    payers, periods, currencies = facts.distinct("payer"), facts.periods(), facts.distinct("currency")
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
    digests = tuple(file.digest for file in files)
    return Bill(
        provider=files[0].bill_format.provider,
        payer=payers[0],
        export_name=next((file.export for file in files if file.export), ""),
        format_name=files[0].bill_format.name,
        currency=currencies[0] if currencies else "",
        period_from=month_range(periods[0])[0],
        period_through=month_range(periods[-1])[1],
        file_digests=digests,
        bill_digest="0x" + hashlib.sha256(rfc8785.dumps(list(digests))).hexdigest(),
    )


def _rates_by_cost(uses: list[KeyUse], card: RateCard, facts: Facts, factor_set: FactorSet) -> list[tuple[KeyUse, Rate]]:
    """Rates for usage without a model: its service's energy per money spent, else the bill's; none when nothing is known."""
    unknown = [use for use in uses if (use.key, use.month) in card.not_modelled]
    if not unknown:
        return []
    priced = facts.priced()
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
        found.append((use, rate_by_cost(use.key, use.month, factor_set, ratio, reason)))
    return found


def _quarantined(
    files: list[BillFile],
    facts: Facts,
    card: RateCard,
    uses: dict[int, KeyUse],
    verdicts: dict[tuple[int, int], tuple[int, float, float]],
) -> list[QuarantinedLine]:
    if not facts.totals()[1]:
        return []
    rows = list(facts.faulty_rows(verdicts, MAX_QUARANTINE_LISTED))
    found = []
    for number, file in enumerate(files):
        here = [row for row in rows if row[0] == number]
        lines = physical_lines(file, [row[1] for row in here])
        for (_, record, fault, account, k), line in zip(here, lines, strict=True):
            code, message = FAULTS[fault]
            if fault == WRONG_UNIT and k in uses:
                use = uses[k]
                message = next((refusal.message for (key, _), refusal in card.refused.items() if key == use.key), message)
            found.append(QuarantinedLine(file.name, line or record, code, message, account))
    return sorted(found, key=lambda line: (line.file, line.line))[:MAX_QUARANTINE_LISTED]


def _accounts(facts: Facts, hours: pa.Table) -> list[AccountSummary]:
    known = _by_account(hours.filter(pc.not_equal(hours["quality"], "unknown")))
    unknown = _by_account(hours.filter(pc.equal(hours["quality"], "unknown")))
    found = []
    for account, first, last, lines, without_invoice, faulty in facts.accounts():
        if not account:
            # Lines without an account are quarantined or carry no energy; they are counted, but are nobody's.
            continue
        energy, ug = known.get(account, (0, 0))
        found.append(
            AccountSummary(
                account=account,
                hour_from=-1 if first is None else first,
                hour_through=-1 if last is None else last,
                lines=lines,
                lines_without_invoice=without_invoice,
                ug=ug,
                energy_uwh=energy,
                by_cost_ug=unknown.get(account, (0, 0))[1],
                quarantined=faulty,
            )
        )
    return found


def _by_account(hours: pa.Table) -> dict[str, tuple[int, int]]:
    sums = sums_by(hours, ["account"], ["energy_uwh", "operational_ug", "embodied_ug"])
    return {row["account"]: (row["energy_uwh"], row["operational_ug"] + row["embodied_ug"]) for row in sums}


def _counts(facts: Facts, hours: pa.Table) -> Counts:
    lines, faulty, idle = facts.totals()
    return Counts(
        lines=lines + facts.duplicates,
        with_energy=lines - faulty - idle,
        without_energy=idle,
        unknown=sum(row["lines"] for row in sums_by(hours, ["quality"], ["lines"]) if row["quality"] == "unknown"),
        duplicates=facts.duplicates,
        quarantined=faulty,
    )


def _coverage(hours: pa.Table) -> Coverage:
    by_quality = {row["quality"]: row["cost_micro"] for row in sums_by(hours, ["quality"], ["cost_micro"])}
    return Coverage(
        known_cost_micro=sum(cost for quality, cost in by_quality.items() if quality != "unknown"),
        energy_cost_micro=sum(by_quality.values()),
        cost_by_quality=dict(sorted(by_quality.items())),
    )
