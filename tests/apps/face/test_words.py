"""What no template says: the words that promise more than the product does (docs/words.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
NEVER = re.compile(
    r"trustless|carbon[- ]neutral|climate[- ]neutral|net[- ]zero|\boffset|SEBI[- ](compliant|certified|approved)"
    r"|signed by (AWS|Azure|Google)"
    r"|real[- ]time|\bpegged|\bequity\b|free money|guaranteed|eco-friendly|stablecoin|immutable truth|carbon credit",
    re.IGNORECASE,
)
# The fixed negative statement, and nothing else.
ALLOWED = {"components/statement.html": {"offset"}}
TEXTS = sorted(path for ending in ("html", "txt") for path in TEMPLATES.rglob(f"*.{ending}"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_template__its_words__promise_nothing_untrue(path):
    found = {match.group(0).lower() for match in NEVER.finditer(path.read_text(encoding="utf-8"))}
    assert found <= ALLOWED.get(path.relative_to(TEMPLATES).as_posix(), set())


def test_pattern__each_forbidden_word__is_caught():
    for word in ("trustless", "Net Zero", "net-zero", "to offset", "soft-pegged", "equity", "real-time", "SEBI-compliant"):
        assert NEVER.search(word), word
