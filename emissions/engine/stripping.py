"""Stripped lines of a whole bill at once: the bytes of docs/protocol.md section 3, account by account, without a loop
over lines.

`emissions.poce.lines` is what the form means, and a test holds both together. There a million lines are a million Python
objects; here the database sorts and writes them, and Python sees distinct quantities and keys only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from emissions.poce.canonical import jcs
from emissions.poce.lines import NORMAL_QUANTITY, normalise_quantity

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH_ROWS = 400_000
# A quantity in normal form is at most this long and has none of the spellings that normalising takes away.
_SHORT = 60
_LARGEST = 2**63 - 1


def stripped_accounts(
    connection: DuckDBPyConnection, rows_sql: str, texts: Mapping[int, str]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each account, ascending, with the parts of its canonical bytes, to be read before the next account is asked for.

    `rows_sql` gives account, hour, k, quantity (double) and quantity_text (NULL where only the double is known) of every
    line that a rate by quantity values; `texts` are the rate keys by k. Makes tables whose names begin with `stripped_`.
    """
    run = connection.execute
    run(f"CREATE OR REPLACE TABLE stripped_row AS {rows_sql}")
    names = _names(connection.sql("SELECT DISTINCT quantity, quantity_text FROM stripped_row").to_arrow_table())
    keys = _keys_by_account(run("SELECT DISTINCT account, k FROM stripped_row").fetchall(), texts)
    ((first, last),) = run("SELECT min(hour), max(hour) FROM stripped_row").fetchall()
    if not keys:
        return
    accounts = list(keys)
    places = [(account, k, a, n) for a, account in enumerate(accounts) for n, (k, _) in enumerate(keys[account])]
    columns = list(zip(*places, strict=True))
    types = (pa.string(), pa.uint64(), pa.int64(), pa.int64())
    key_table = pa.table(
        [pa.array(values, kind) for values, kind in zip(columns, types, strict=True)], ["account", "k", "a", "n"]
    )
    _lay(connection, "stripped_key", key_table)
    _lay(connection, "stripped_quantity", names.select(["quantity", "quantity_text", "q"]))
    order = _Order(hours=last - first + 1, keys=max(map(len, keys.values())), quantities=len(names), first_hour=first)
    heads = pa.array([f",[{hour}" for hour in range(first, last + 1)])
    numbers = pa.array([f',{number},"' for number in range(order.keys)])
    tails = pc.binary_join_element_wise(names["name"].combine_chunks(), '"]', "")
    pieces = (
        (
            batch.column("a"),
            pc.binary_join_element_wise(
                heads.take(batch.column("h")), numbers.take(batch.column("n")), tails.take(batch.column("q")), ""
            ),
        )
        for batch in connection.sql(order.sql(len(accounts))).to_arrow_reader(_BATCH_ROWS)
    )
    for place, parts in groupby(_runs(pieces), key=lambda part: part[0]):
        account = accounts[place]
        yield account, _document([text for _, text in keys[account]], (piece for _, piece in parts))
    for name in ("row", "quantity", "key"):
        run(f"DROP TABLE stripped_{name}")


@dataclass(frozen=True)
class _Order:
    """How lines are put in order: account, hour, key and quantity as one whole number, which sorts five times as fast."""

    hours: int
    keys: int
    quantities: int
    first_hour: int

    def sql(self, accounts: int) -> str:
        """The lines in order as the numbers a, h, n, q."""
        place = f"(a * {self.hours} + hour - {self.first_hour}) * {self.keys} + n"
        rows = (
            "stripped_row r JOIN stripped_key USING (account, k) JOIN stripped_quantity s "
            "ON s.quantity = r.quantity AND s.quantity_text IS NOT DISTINCT FROM r.quantity_text"
        )
        if accounts * self.hours * self.keys * self.quantities <= _LARGEST:
            inner = f"SELECT ({place}) * {self.quantities} + q AS packed FROM {rows} ORDER BY packed"  # noqa: S608
            inner = f"SELECT packed // {self.quantities} AS p, packed % {self.quantities} AS q FROM ({inner})"  # noqa: S608
        else:
            inner = f"SELECT {place} AS p, q FROM {rows} ORDER BY p, q"  # noqa: S608
        part = self.hours * self.keys
        return f"SELECT p // {part} AS a, p // {self.keys} % {self.hours} AS h, p % {self.keys} AS n, q FROM ({inner})"  # noqa: S608


def _document(keys: list[str], parts: Iterator[bytes]) -> Iterator[bytes]:
    """JCS puts `lines` before `rate_keys`; the first line's comma is one too many."""
    first = True
    for part in parts:
        yield b'{"lines":[' + part[1:] if first else part
        first = False
    yield b'],"rate_keys":' + jcs(keys) + b"}"


def _runs(pieces: Iterable[tuple[pa.Array, pa.Array]]) -> Iterator[tuple[int, bytes]]:
    """Account and joined pieces for every run of one account within a batch: the bytes as Arrow holds them, end to end."""
    for accounts, texts in pieces:
        changes = pc.indices_nonzero(pc.not_equal(accounts[1:], accounts[:-1])).to_pylist()
        starts = [0, *(place + 1 for place in changes)]
        column = pc.cast(texts, pa.large_binary())
        for start, stop in zip(starts, [*starts[1:], len(accounts)], strict=True):
            yield accounts[start].as_py(), _joined(column.slice(start, stop - start))


def _joined(column: pa.Array) -> bytes:
    """The values of a binary column one after the other, taken from its buffer."""
    _, offsets, data = column.buffers()
    ends = memoryview(offsets).cast("q")
    return bytes(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])


def _keys_by_account(used: list[tuple[str, int]], texts: Mapping[int, str]) -> dict[str, list[tuple[int, str]]]:
    """Account → its (k, rate key text) in code point order: the place in that list is the key's number."""
    found: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for account, k in used:
        found[account].append((k, texts[k]))
    return {account: sorted(keys, key=lambda key: key[1]) for account, keys in sorted(found.items())}


def _names(distinct: pa.Table) -> pa.Table:
    """Distinct quantities with their normal form and their place in the order of decimals, equal ones at one place."""
    texts = pc.coalesce(distinct["quantity_text"], pc.cast(distinct["quantity"], pa.string())).combine_chunks()
    normal = pc.and_(pc.match_substring_regex(texts, f"^{NORMAL_QUANTITY}$"), pc.less(pc.utf8_length(texts), _SHORT))
    normal = pc.and_(normal, pc.not_equal(texts, "-0"))
    places = pc.indices_nonzero(pc.invert(normal))
    names = texts
    if len(places):
        spelled = pa.array([normalise_quantity(text) for text in texts.take(places).to_pylist()], pa.string())
        names = pc.replace_with_mask(texts, pc.invert(normal), spelled)
    quantities = distinct["quantity"].combine_chunks()
    named = distinct.append_column("name", names).append_column("tie", _ties(quantities, names))
    ordered = named.sort_by([("quantity", "ascending"), ("tie", "ascending")])
    return ordered.append_column("q", pa.array(range(len(ordered)), pa.int64()))


def _ties(quantities: pa.Array, names: pa.Array) -> pa.Array:
    """0 for a quantity whose double no other decimal has; else its place among those decimals."""
    table = pa.table({"quantity": quantities, "name": names, "place": pa.array(range(len(names)), pa.int64())})
    several = table.group_by("quantity").aggregate([("name", "count_distinct")]).filter(pc.field("name_count_distinct") > 1)
    if not several.num_rows:
        return pa.repeat(pa.scalar(0, pa.int32()), len(names))
    ties = [0] * len(names)
    alike = table.filter(pc.is_in(table["quantity"], several["quantity"].combine_chunks())).to_pylist()
    ranks: defaultdict[float, set[str]] = defaultdict(set)
    for row in alike:
        ranks[row["quantity"]].add(row["name"])
    orders = {double: {name: rank for rank, name in enumerate(sorted(found, key=Decimal))} for double, found in ranks.items()}
    for row in alike:
        ties[row["place"]] = orders[row["quantity"]][row["name"]]
    return pa.array(ties, pa.int32())


def _lay(connection: DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register(f"{name}_arrow", table)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name}_arrow")  # noqa: S608
    connection.unregister(f"{name}_arrow")
