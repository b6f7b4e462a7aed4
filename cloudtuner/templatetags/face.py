"""How do figures, times and links read on a page? Everything is text with its unit; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, FileInput, RadioSelect, Select, Textarea
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from cloudtuner.clock import hour_start
from cloudtuner.origins import base_url, organization_url
from cloudtuner.units import decimal_text, group, kg_text, token_text, tonnes_text

register = template.Library()


# Masses as headings and bands count them: from which micrograms on, unit, and the power of ten it stands for.
_MASSES = ((10**12, "t", 12), (10**9, "kg", 9), (10**6, "g", 6), (0, "mg", 3))


def _mass_unit(ug: int) -> tuple[str, int]:
    return next((unit, scale) for least, unit, scale in _MASSES if abs(ug) >= least) if ug else ("kg", 9)


def _thousandths(value: int, scale: int) -> str:
    """Three decimals, grouped; what is there but would print as nothing says that it is less."""
    text = decimal_text(value, scale=scale, places=3)
    if value and not text.strip("0.-"):
        return "<0.001" if value > 0 else "> -0.001"
    return group(text)


@register.filter
def kg(ug: int | None) -> str:
    """Micrograms as kilograms with three decimals, smaller masses in grams or milligrams, a dash where nothing is known.

    >>> kg(215_643_106_000_000), kg(412_345), kg(None)
    ('2,15,643.106 kg', '412.345 mg', '–')
    """
    if ug is None:
        return "–"
    unit, scale = ("kg", 9) if ug == 0 or abs(ug) >= 500_000 else _mass_unit(ug)
    return f"{_thousandths(ug, scale)} {unit}"


@register.filter
def kg_value(ug: int | None) -> str:
    """Kilograms without grouping or unit, for data attributes that a chart reads.

    >>> kg_value(1_500_000_000)
    '1.500000'
    """
    return decimal_text(ug or 0, scale=9, places=6)


@register.filter
def kg_cells(row: Iterable[int | None]) -> SafeString:
    """Cells of a table that a chart reads: kilograms, to six places for the chart; a dash where nothing is known.

    As one filter, since a month by the hour has 744 of them and a loop of the template takes longer than all queries.

    >>> kg_cells([1_500_000_000, None])
    '<td class="r" data-value="1.500000">1.500</td><td class="r">–</td>'
    """
    told = (
        '<td class="r">–</td>' if ug is None else f'<td class="r" data-value="{kg_value(ug)}">{escape(kg_number(ug))}</td>'
        for ug in row
    )
    return mark_safe("".join(told))  # noqa: S308 - digits, and signs that were escaped


@register.filter
def kg_number(ug: int | None) -> str:
    """Kilograms grouped, without unit: for columns whose head carries it.

    >>> kg_number(215_643_106_000_000), kg_number(412_345), kg_number(0)
    ('2,15,643.106', '<0.001', '0.000')
    """
    return "–" if ug is None else _thousandths(ug, 9)


@register.filter
def kg_exact(ug: int | None) -> str:
    """Kilograms to the microgram.

    >>> kg_exact(1)
    '0.000000001 kg'
    """
    return "–" if ug is None else kg_text(ug, places=9)


@register.filter
def tonnes(ug: int | None) -> str:
    """Micrograms as tonnes, without unit: the heading adds it.

    >>> tonnes(215_643_106_000_000)
    '215.643'
    """
    return "–" if ug is None else tonnes_text(ug).removesuffix(" t")


@register.filter
def headline_value(ug: int | None) -> str:
    """The number of a heading, in the unit that its size asks for.

    >>> headline_value(215_643_106_000_000), headline_value(41_202_000_000), headline_value(14_706_335)
    ('215.643', '41.202', '14.706')
    """
    return "–" if ug is None else _thousandths(ug, _mass_unit(ug)[1])


@register.filter
def headline_unit(ug: int | None) -> str:
    """The unit that `headline_value` counts in.

    >>> headline_unit(215_643_106_000_000), headline_unit(14_706_335), headline_unit(0)
    ('t CO2e', 'g CO2e', 'kg CO2e')
    """
    return f"{_mass_unit(ug or 0)[0]} CO2e"


@register.simple_tag
def band(low: int | None, high: int | None) -> str:
    """The low–high band as text, in the unit its size asks for.

    >>> band(182_000_000_000_000, 301_000_000_000_000), band(4_841_606, 20_199_087)
    ('(182.0–301.0 t)', '(4.842–20.199 g)')
    """
    if low is None or high is None:
        return ""
    unit, scale = _mass_unit(max(low, high, key=abs))
    places = 1 if unit == "t" else 3
    ends = (group(decimal_text(low, scale=scale, places=places)), group(decimal_text(high, scale=scale, places=places)))
    return f"({ends[0]}–{ends[1]} {unit})"


@register.filter
def kwh(uwh: int | None) -> str:
    """Microwatt-hours as kilowatt-hours.

    >>> kwh(1_500_000_000)
    '1.500 kWh'
    """
    return "–" if uwh is None else f"{_thousandths(uwh, 9)} kWh"


@register.filter
def kwh_number(uwh: int | None) -> str:
    """Kilowatt-hours grouped, without unit."""
    return "–" if uwh is None else _thousandths(uwh, 9)


@register.filter
def mwh(uwh: int | None) -> str:
    """Microwatt-hours as megawatt-hours, which instruments are counted in.

    >>> mwh(1_500_000_000_000)
    '1.500 MWh'
    """
    return "–" if uwh is None else f"{_thousandths(uwh, 12)} MWh"


@register.filter
def mwh_number(uwh: int | None) -> str:
    """Megawatt-hours grouped, without unit."""
    return "–" if uwh is None else _thousandths(uwh, 12)


@register.filter
def water(ul: int | None) -> str:
    """Micro-litres as litres, as cubic metres from one on.

    >>> water(1_250_000), water(3_400_000_000), water(120)
    ('1.250 L', '3.400 m³', '<0.001 L')
    """
    if ul is None:
        return "–"
    unit, scale = ("m³", 9) if abs(ul) >= 10**9 else ("L", 6)
    return f"{_thousandths(ul, scale)} {unit}"


@register.filter
def litres_number(ul: int | None) -> str:
    """Litres grouped, without unit: for columns whose head carries it.

    >>> litres_number(1_250_000)
    '1.250'
    """
    return "–" if ul is None else _thousandths(ul, 6)


@register.filter
def money(micro: int | None) -> str:
    """Millionths of a currency's unit with two decimals; the currency stands beside it.

    >>> money(1_234_567_890_000)
    '12,34,567.89'
    """
    return "–" if micro is None else group(decimal_text(micro, scale=6, places=2))


@register.filter
def tokens(units: int | None) -> str:
    """Base units as tokens with three decimals, without symbol.

    >>> tokens(1_500_000_000_000_000_000)
    '1.500'
    """
    return "–" if units is None else token_text(units)


@register.filter
def count(number: int | None) -> str:
    """A count with lakh grouping.

    >>> count(1234567)
    '12,34,567'
    """
    return "–" if number is None else group(str(number))


@register.filter
def ppm(value: int | None) -> str:
    r"""Millionths as percent with one decimal.

    >>> ppm(972_000)
    '97.2\xa0%'
    """
    return "–" if value is None else f"{decimal_text(value, scale=4, places=1)}\u00a0%"


@register.filter
def hour(value: int | None) -> SafeString | str:
    """An hour number as UTC text that shows the reader's own time on hover."""
    return "–" if value is None else moment(hour_start(value))


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A moment as UTC text to the minute, in a `time` element."""
    if not value:
        return "–"
    utc = value.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M UTC"))


@register.filter
def clock_time(value: datetime | None) -> SafeString | str:
    """A moment to the second, for timelines; nothing for a step that did not come yet."""
    if not value:
        return ""
    utc = value.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M:%S UTC"))


@register.filter
def month(value: date | str | None) -> str:
    """A UTC month.

    >>> month(date(2025, 4, 1))
    '2025-04 UTC'
    """
    if value is None:
        return "–"
    return f"{value} UTC" if isinstance(value, str) else f"{value:%Y-%m} UTC"


@register.filter
def cut(value: str | None, ends: int = 6) -> str:
    """A long hash with its middle cut out.

    >>> cut("0x51c2aaaaaaaaaaaaaaaaaaaaaa9af0", 4)
    '0x51c2…9af0'
    """
    if not value:
        return "–"
    head = ends + 2 if value.startswith("0x") else ends
    return value if len(value) <= head + ends + 1 else f"{value[:head]}…{value[-ends:]}"


@register.filter
def detail_name(name: str) -> str:
    """What a detail of an audit entry is called; an amount loses the unit of its field, its value brings one.

    >>> detail_name("bill_digest"), detail_name("ug")
    ('bill digest', 'amount')
    """
    return _("amount") if name == "ug" else name.replace("_", " ")


@register.filter
def detail(value: Any, name: str) -> str:
    """A detail of an audit entry as people read it: amounts with their unit, digests cut, lists without brackets.

    >>> detail(1_320_608_654_068, "ug"), detail([{"name": "a.csv", "sha256": "f6cb98" + "0" * 58}], "files")
    ('1,320.608654068 kg', 'a.csv f6cb98…000000')
    """
    match value:
        case int() | str() if name == "ug":
            return kg_exact(int(value))
        case dict():
            return " ".join(detail(part, key) for key, part in value.items())
        case list() | tuple():
            return ", ".join(detail(part, name) for part in value)
        case str() if len(value) >= 40 and " " not in value:
            return cut(value)
    return str(value)


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """The value under a key, or nothing."""
    return mapping.get(key)


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """A form field's control in our dress, told to screen readers with its help and its errors."""
    kind = field.field.widget
    match kind:
        case CheckboxInput():
            css = "checkbox"
        case RadioSelect():
            css = ""
        case FileInput():
            css = "file-input"
        case Select():
            css = "select"
        case Textarea():
            css = "textarea"
        case _:
            css = "input"
    given = kind.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{css} {given}".strip()} if css or given else {})


@register.filter
def is_check(field: BoundField) -> bool:
    """Whether the control is one check box, whose label stands behind it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.simple_tag(takes_context=True)
def public_url(context: dict[str, Any], name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a page on the public host: absolute from elsewhere, a path where the page asked is public already."""
    path = reverse(name, urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=args or None, kwargs=kwargs or None)
    request: HttpRequest | None = context.get("request")
    if request is not None and getattr(request, "urlconf", None) == settings.PUBLIC_SCHEMA_URLCONF:
        return path
    return base_url(path)


@register.simple_tag
def tenant_url(slug: str, name: str, *args: Any, **kwargs: Any) -> str:
    """The absolute address of a page on an organisation's own host."""
    return organization_url(slug, reverse(name, urlconf=settings.ROOT_URLCONF, args=args or None, kwargs=kwargs or None))


@register.simple_tag
def cookie_domain() -> str:
    """The domain that the theme's cookie is set for, so that all hosts look alike."""
    return settings.SESSION_COOKIE_DOMAIN or ""


@register.simple_tag
def test_network() -> bool:
    """Whether the chain is one whose tokens have no value: every chain but the two main networks."""
    return settings.CHAIN_ID not in {137, 42161}


@register.simple_tag
def chain_name() -> str:
    """The chain's name as people know it."""
    names = {
        31337: _("local test chain"),
        80002: "Polygon Amoy",
        421614: "Arbitrum Sepolia",
        137: "Polygon",
        42161: "Arbitrum One",
    }
    return names.get(settings.CHAIN_ID, _("chain %(id)s") % {"id": settings.CHAIN_ID})


LEVELS = {
    0: ("A0", "The node's own key signed the report; no provider confirmed it."),
    1: ("A1h", "A provider's identity token binds the report; we host the node."),
    2: ("A1c", "A provider's identity token binds the report; the customer runs the node."),
    3: ("A2", "Validators fetched the export themselves and computed it again."),
    4: ("A3", "The export cannot be written by the customer."),
    5: ("A4", "The totals agree with the provider's own interface."),
    6: ("A5", "Collector and engine ran in an attested enclave."),
}


@register.filter
def level_name(level: int | str | None) -> str:
    """The assurance level's short name.

    >>> level_name(1), level_name("A0")
    ('A1h', 'A0')
    """
    if level is None:
        return "–"
    return level if isinstance(level, str) else LEVELS[level][0]


@register.filter
def level_sentence(level: int | str | None) -> str:
    """The assurance level's sentence."""
    sentences = dict(LEVELS.values())
    return _(sentences.get(level_name(level), "")) if level is not None else ""
