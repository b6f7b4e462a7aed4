"""Figures as pages print them: from integers, with unit, in lakh grouping; and drawings without a style attribute."""

from __future__ import annotations

from itertools import pairwise

from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner import documents
from cloudtuner.templatetags import face, marks


@given(ug=st.integers(min_value=-(10**18), max_value=10**18))
def test_headline__any_mass__is_within_half_a_thousandth(ug):
    value = int(face.headline_value(ug).replace(",", "").replace(".", ""))
    scale = {"t CO2e": 9, "kg CO2e": 6, "g CO2e": 3, "mg CO2e": 0}[face.headline_unit(ug)]
    assert abs(value * 10**scale - ug) * 2 <= 10**scale


@given(value=st.integers(min_value=-(10**18), max_value=10**18).filter(bool))
def test_figure__anything_but_nothing__never_prints_as_zero(value):
    for text in (face.kg(value), face.kg_number(value), face.headline_value(value), face.kwh(value), face.water(value)):
        assert text.split()[0] not in {"0.000", "-0.000"}, text


@given(parts=st.lists(st.integers(min_value=0, max_value=10**15), min_size=1, max_size=5))
def test_states_bar__any_states__fills_the_width_and_never_overlaps(parts):
    drawn = str(marks.states_bar([{"key": f"s{index}", "ug": ug} for index, ug in enumerate(parts)]))
    assert "style=" not in drawn
    if sum(parts) == 0:
        assert drawn == ""
        return
    edges = [(int(piece.split('"')[0]), int(piece.split('width="')[1].split('"')[0])) for piece in drawn.split(' x="')[1:]]
    assert all(x + width <= following for (x, width), (following, _) in pairwise(edges))


def test_moment__naive_or_absent__prints_a_dash_not_an_error():
    assert Template("{% load face %}{{ missing|moment }}{{ missing|clock_time }}").render(Context()) == "–"


def test_document__our_own_pages__hold_no_style_and_no_raw_html():
    for name in documents.NAMES:
        found = documents.document(name)
        assert found is not None, name
        assert "style=" not in found.html
        assert found.sections, name
    assert "<script" not in documents.render("x", "# T\n\n<script>alert(1)</script>").html
    assert documents.document("architecture") is None
