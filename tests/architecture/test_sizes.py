"""One module answers one question: when the answer needs scrolling twice, there is a second question."""

from __future__ import annotations

from statistics import median


def test_modules__are_short(shipped):
    lengths = {str(path): text.count("\n") for path, text in shipped.items()}
    too_long = {path: length for path, length in lengths.items() if length > 450}
    assert not too_long
    said = [length for length in lengths.values() if length > 1]
    assert median(said) <= 100, f"median {median(said)} of {len(said)} modules"
