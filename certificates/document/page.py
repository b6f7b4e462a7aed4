"""Page 1: landscape, complete alone. What it is, how much, for whom, what it is not, and where it stands on chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from certificates.document import figures
from certificates.document.markup import Markup, el
from certificates.document.payload import Payload
from cloudtuner import clock, units

# Where a hash is cut when it is shown short; the annex holds it whole.
_HEAD, _TAIL = 10, 8


def short(text: str) -> str:
    """A hash cut in its middle.

    >>> short("0x" + "ab" * 32)
    '0xabababab…abababab'
    """
    return text if len(text) <= _HEAD + _TAIL + 1 else f"{text[:_HEAD]}…{text[-_TAIL:]}"


def moment_text(moment: datetime) -> str:
    """A moment, to the second, in UTC."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def period_text(payload: Payload) -> str:
    """The period's first moment and the moment it ends: half-open, as hours are."""
    return f"{clock.hour_text(payload.hour_from)} – {clock.hour_text(payload.hour_through + 1)}"


def kg_number(ug: int, places: int = 3) -> str:
    """Kilograms without the unit, for places where the unit is spelled out or heads the column."""
    return units.kg_text(ug, places=places).removesuffix(" kg")


def percent(part: int, whole: int) -> str:
    """A share with one decimal, halves up; 0.0 of nothing.

    >>> percent(1, 3)
    '33.3'
    """
    return units.decimal_text(part * 10**6 // whole if whole else 0, scale=4, places=1)


def page_one(payload: Payload, words: Mapping[str, str]) -> Markup:
    """The first page as one section."""
    return el(
        "section",
        el("div", _heading(payload, words), _holder(payload, words), _quantity(payload, words), _not_this(words), cls="left"),
        el("div", _code(payload, words), _chain(payload, words), cls="right"),
        _strip(payload, words),
        _foot(payload, words),
        cls="first",
    )


def _heading(payload: Payload, words: Mapping[str, str]) -> Markup:
    issuer = payload.issue.issuer_name
    return el(
        "header",
        el("img", cls="mark", src=figures.mark(), alt=words["mark_alt"].format(issuer=issuer)),
        el("p", issuer, cls="issuer"),
        el("h1", words["title"]),
        el("p", words["subtitle"], cls="subtitle"),
        el("p", words[f"class_{payload.certificate_class}"], cls="badge"),
    )


def _holder(payload: Payload, words: Mapping[str, str]) -> Markup:
    identifiers = " · ".join(f"{kind.upper()} {value}" for kind, value in payload.holder.identifiers)
    parts = [
        el("p", words["issued_for"], cls="label"),
        el("p", payload.holder.legal_name, cls=_name_class(payload.holder.legal_name)),
    ]
    if identifiers:
        parts.append(el("p", identifiers, cls="identifiers"))
    if payload.beneficiary.legal_name and payload.beneficiary.legal_name != payload.holder.legal_name:
        parts.append(el("p", f"{words['on_behalf']}: {payload.beneficiary.legal_name}", cls="identifiers"))
    return el("div", parts, cls="holder")


def _name_class(name: str) -> str:
    """Long names are set smaller, so that 200 letters still stand whole."""
    if len(name) > 140:
        return "name longest"
    return "name long" if len(name) > 60 else "name"


def _quantity(payload: Payload, words: Mapping[str, str]) -> Markup:
    exact = words["quantity_exact"].format(
        exact=units.decimal_text(payload.quantity_ug, scale=9, places=9),
        tonnes=units.tonnes_text(payload.quantity_ug),
        low=units.tonnes_text(payload.low_ug).removesuffix(" t"),
        high=units.tonnes_text(payload.high_ug).removesuffix(" t"),
    )
    statement = words["statement"].format(
        kg=kg_number(payload.quantity_ug), period=payload.period_label, moment=moment_text(payload.receipt.moment)
    )
    return el(
        "div",
        el("p", kg_number(payload.quantity_ug), cls="amount"),
        el("p", words["quantity_unit"], cls="unit"),
        el("p", exact, cls="exact"),
        el("p", statement, cls="statement"),
        cls="quantity",
    )


def _not_this(words: Mapping[str, str]) -> Markup:
    return el("div", el("h2", words["not_title"]), el("p", words["not_this"]), cls="not")


def _strip(payload: Payload, words: Mapping[str, str]) -> Markup:
    whole = payload.measured_ug + payload.estimated_ug + payload.proxy_ug + payload.unknown_ug
    quality = words["quality_text"].format(
        measured=percent(payload.measured_ug, whole),
        estimated=percent(payload.estimated_ug, whole),
        proxy=percent(payload.proxy_ug, whole),
        unknown=percent(payload.unknown_ug, whole),
    )
    validators = words["validators"].format(agreed=payload.validators_agreed, of=payload.validators_of)
    cells = (
        ("period", [el("b", payload.period_label), " ", period_text(payload)]),
        ("boundary", [words["boundary_text"]]),
        ("level", [el("b", words[f"level_{payload.level}"]), ". ", validators]),
        ("quality", [quality, ". ", words[f"approval_{payload.approval}"]]),
    )
    return el("dl", [el("div", el("dt", words[name]), el("dd", content)) for name, content in cells], cls="strip")


def _code(payload: Payload, words: Mapping[str, str]) -> Markup:
    shown = payload.verify_url.split("#", 1)[0].split("://", 1)[1]
    return el(
        "div",
        el("img", cls="qr", src=figures.qr(payload.verify_url), alt=words["qr_alt"].format(url=payload.verify_url)),
        el("p", words["scan"], cls="label"),
        el("p", shown, cls="mono address"),
        el("p", payload.certificate_id, cls="certificate-id"),
        cls="code",
    )


def _chain(payload: Payload, words: Mapping[str, str]) -> Markup:
    receipt = payload.receipt
    rows = (
        ("chain_id", f"eip155:{payload.chain_id}"),
        ("contract", short(payload.retirement)),
        ("transaction", short(receipt.tx_hash)),
        ("block", str(receipt.block_number)),
        ("block_time", moment_text(receipt.moment)),
        ("record", words["record_text"].format(number=receipt.retirement_id, log=receipt.log_index)),
        ("claim_hash", short(payload.claim_hash)),
    )
    versions = (("factor_set", short(payload.factor_set)), ("method", payload.method), ("engine", short(payload.engine)))
    return el(
        "div",
        el("h2", words["chain"]),
        _facts(rows, words),
        el("h2", words["versions"]),
        _facts(versions, words),
        cls="chain",
    )


def _facts(rows: tuple[tuple[str, str], ...], words: Mapping[str, str]) -> Markup:
    return el("dl", [el("div", el("dt", words[name]), el("dd", value)) for name, value in rows], cls="facts")


def _foot(payload: Payload, words: Mapping[str, str]) -> Markup:
    return el(
        "div",
        el("p", words["sebi"], " ", words["status"], " ", words["attests"]),
        el("p", words["sealed_by"].format(issuer=payload.issue.issuer_name), cls="sealed"),
        el("p", payload.issue.seal_label, cls="seal") if payload.issue.seal_label else None,
        cls="foot",
    )
