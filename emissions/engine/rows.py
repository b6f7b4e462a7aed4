"""Single lines of a bill: those that cannot be valued, those behind an hour, and what validators get of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emissions.billing.files import BillFile
from emissions.billing.formats import KEY_FIELDS
from emissions.engine.doubles import ONE_OF_DOUBLES, line_fault
from emissions.engine.faults import TOO_LARGE, WRONG_UNIT
from emissions.engine.hourly import LONGER_SQL, MEAN
from emissions.engine.ratekey import LONGER, RateKey
from emissions.engine.reading import reading
from emissions.engine.slices import Slice
from emissions.engine.stripping import stripped_accounts
from emissions.engine.workings import Workings

_EXACT = "9007199254740992.0"


@dataclass(frozen=True)
class FaultyRow:
    """One quarantined line; `record` counts records from 1, `key` is its rate key's number where it has one."""

    file: int
    record: int
    fault: int
    account: str
    key: int | None


@dataclass(frozen=True)
class TracedRow:
    """One good energy-bearing line as it stands in its file; `record` counts records from 1.

    `longer`: it lasts more than an hour, or does not say how long.
    """

    file: int
    record: int
    key: RateKey
    month: int
    quantity: str
    cost_micro: int
    longer: bool


def faulty_rows(workings: Workings, refused: Sequence[int], limit: int) -> list[FaultyRow]:
    """The first quarantined lines of each file, by reading it again. `refused` are the numbers of keys without a rate."""
    numbers = ", ".join(map(str, refused)) or "NULL"
    names = ", ".join((*KEY_FIELDS, "month"))
    found: list[FaultyRow] = []
    for source in workings.sources:
        lines = workings.lines(Slice(), "file, row_no, quantity, cost_micro", [source])
        with reading(source.file):
            rows = workings.connection.execute(
                f"SELECT l.file, l.row_no, CASE WHEN {line_fault()} > 0 THEN {line_fault()} "  # noqa: S608
                f"WHEN key.number IN ({numbers}) THEN {WRONG_UNIT} ELSE {TOO_LARGE} END, p.account, key.number "
                f"FROM ({lines}) l JOIN profile p USING (profile) LEFT JOIN key USING ({names}) "
                f"LEFT JOIN (SELECT base AS profile, by_cost, ceiling FROM carded WHERE slot = {MEAN}) card USING (profile) "
                f"WHERE {line_fault()} > 0 OR (p.energy AND NOT coalesce("
                f"abs(CASE WHEN card.by_cost THEN l.cost_micro ELSE l.quantity END) * card.ceiling < {_EXACT}, FALSE)) "
                "ORDER BY l.row_no LIMIT ?",
                [limit],
            ).fetchall()
        found.extend(FaultyRow(*row) for row in rows)
    return found


def traced_rows(
    files: Sequence[BillFile], work_dir: Path, *, account: str, hour: int, threads: int, memory_limit: str
) -> list[TracedRow]:
    """The lines of an account's hour, with their record numbers; duplicates once, as in an estimate."""
    workings = Workings(files, work_dir, threads=threads, memory_limit=memory_limit)
    try:
        workings.survey()
        own = "line_id, start_us, end_us, revision, file, row_no, hour, quantity, quantity_text, cost_micro"
        known = " AND ".join(f"({source.identified})" for source in workings.sources[:1])
        rows = workings.connection.execute(
            f"SELECT {', '.join(KEY_FIELDS)}, month, file, row_no, quantity, quantity_text, cost_micro, {LONGER_SQL} FROM ("  # noqa: S608
            f"SELECT l.*, p.* EXCLUDE (profile, fault), {line_fault()} AS fault, coalesce({known}, FALSE) AS identified "
            f"FROM ({workings.lines(Slice(), own)}) l JOIN profile p USING (profile) WHERE hour = ? "
            f"QUALIFY NOT identified OR row_number() OVER ({ONE_OF_DOUBLES}) = 1) "
            # Copies of a line may name two accounts; only one of them has it.
            "WHERE account = ? AND energy AND fault = 0 ORDER BY file, row_no",
            [hour, account],
        ).fetchall()
    finally:
        workings.close()
    provider = files[0].bill_format.provider
    return [
        TracedRow(file, record, RateKey(provider, *key), month, repr(double) if text is None else text, cost, longer)
        for *key, month, file, record, double, text, cost, longer in rows
    ]


def _quantities(workings: Workings, account: str | None) -> str:
    """The good lines that a rate by quantity values: account, hour, k of `key_texts`, quantity and its text."""
    lines = workings.numbered(Slice(), "hour, quantity, quantity_text, cost_micro")
    return (
        "SELECT c.account, l.hour, (2 * c.number + c.longer::INTEGER)::UBIGINT AS k, l.quantity, l.quantity_text "  # noqa: S608
        f"FROM ({lines}) l JOIN carded c USING (profile) WHERE NOT c.by_cost AND l.cost_micro IS NOT NULL "
        f"AND abs(l.quantity) * c.ceiling < {_EXACT}" + ("" if account is None else " AND c.account = $account")
    )


def key_texts(keys: Mapping[int, RateKey]) -> dict[int, str]:
    """The texts of rate keys by k: twice the key's number, and one more for lines that take the mean of a day's hours."""
    texts = {2 * number: key.text for number, key in keys.items()}
    return texts | {2 * number + 1: replace(key, span=LONGER).text for number, key in keys.items()}


def quantities(workings: Workings, account: str) -> Iterator[tuple[int, int, str]]:
    """(hour, k of `key_texts`, quantity text) of an account's good lines that a rate by quantity values."""
    with reading(workings.files[0]):
        found = workings.connection.sql(_quantities(workings, account), params={"account": account})
        for batch in found.to_arrow_reader(100_000):
            _, *columns = (column.to_pylist() for column in batch.columns)
            for hour, number, double, text in zip(*columns, strict=True):
                # The shortest text that reads back as the same double: Python's repr.
                yield hour, number, repr(double) if text is None else text


def stripped_documents(workings: Workings, texts: Mapping[int, str]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Per account the parts of its stripped lines' canonical bytes; `texts` are `key_texts`."""
    return stripped_accounts(workings.connection, _quantities(workings, None), texts)
