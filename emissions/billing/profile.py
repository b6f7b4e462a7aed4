"""What many lines share: the texts of a line without its time, its amounts and its id.

A bill has far fewer different combinations of them than lines. So a file is first grouped by its own columns, and the
texts are brought to their form once per group instead of once per line.
"""

from __future__ import annotations

from dataclasses import dataclass

from emissions.billing.formats import FIELDS, KEY_FIELDS
from emissions.billing.normalise import LineSql, quoted

SHARED = tuple(field for field in FIELDS if field not in ("line_id", "start", "end", "period_start", "quantity", "cost"))


@dataclass(frozen=True)
class Profile:
    """How the shared texts are read. `parts`: the SQL of each part on a line, by the name it is carried under.

    `fields`: the SQL of each field of SHARED and of `period_start`, over those names. A file that tells no period has no
    `period_start` here: each of its lines belongs to the month that it starts in.
    """

    parts: dict[str, str]
    fields: dict[str, str]

    @property
    def formula(self) -> str:
        """Whether a text that the ledger keeps begins like a spreadsheet's formula, over the names of `parts`.

        Asked once per profile, so that a bill of millions of lines pays for its few thousand combinations of texts.
        """
        texts = (self.fields[field] for field in ("account", *KEY_FIELDS))
        return " OR ".join(
            f"left({text}, 1) IN ('=', '@') OR (left({text}, 1) IN ('+', '-') AND length({text}) > 1)" for text in texts
        )


def profile_of(line: LineSql) -> Profile:
    """The parts and fields of a file's profile.

    A field made of whole columns is carried as those columns, because a Parquet file tells their texts by number.
    """
    parts: dict[str, str] = {}
    fields: dict[str, str] = {}
    for field in (*SHARED, "period_start"):
        if field == "period_start" and not line.has(field):
            continue
        columns = line.whole_columns(field)
        if columns is None:
            name = quoted(f"shared {field}")
            parts[name], fields[field] = line.field(field), name
        else:
            parts.update((column, column) for column in columns)
            fields[field] = line.field(field)
    return Profile(parts, fields)
