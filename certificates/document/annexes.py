"""The annexes: portrait pages with the tables behind page 1."""

from __future__ import annotations

from collections.abc import Mapping

from certificates.document.markup import Markup, el, table
from certificates.document.page import kg_number, percent, short
from certificates.document.payload import Lot, Payload
from cloudtuner import clock, units

Words = Mapping[str, str]


def annexes(payload: Payload, words: Words) -> Markup:
    """Everything after page 1 as one section."""
    return el(
        "section",
        el("p", words["annex"].format(certificate_id=payload.certificate_id), cls="running"),
        _lots(payload, words),
        _emissions(payload, words),
        _quality(payload, words),
        _verify(payload, words),
        cls="annex",
    )


def _lots(payload: Payload, words: Words) -> Markup:
    heading = el("h2", words["annex_lots"])
    if not payload.lots:
        return el("div", heading, el("p", words["lots_none"]))
    rows = [
        (
            str(number),
            short(lot.node),
            _attested_by(lot, words),
            [
                clock.hour_text(lot.hour_from).removesuffix(" UTC"),
                el("br"),
                clock.hour_text(lot.hour_through).removesuffix(" UTC"),
            ],
            kg_number(lot.first_hour_ug, 9),
            kg_number(lot.last_hour_ug, 9),
            kg_number(lot.ug, 9),
        )
        for number, lot in enumerate(payload.lots, start=1)
    ]
    head = (
        ("w1", words["lot"]),
        ("w3 mono", words["node"]),
        ("w2", words["attested_by"]),
        ("w3 hours", words["hours"]),
        ("n", words["first_share"]),
        ("n", words["last_share"]),
        ("w4 n", words["kg"]),
    )
    foot = (words["total"], "", "", "", "", "", kg_number(sum(lot.ug for lot in payload.lots), 9))
    return el("div", heading, el("p", words["lots_intro"]), table(words["lots_caption"], head, rows, foot=foot))


def _attested_by(lot: Lot, words: Words) -> str:
    if lot.round is not None:
        return words["round"].format(number=lot.round)
    return words["epoch"].format(number=lot.epoch)


def _emissions(payload: Payload, words: Words) -> Markup:
    regions = table(
        words["regions_caption"],
        (("", words["region"]), ("", words["basis"]), ("n", words["kg"]), ("w3 n", f"{words['share']}, %")),
        [
            (row.region, words[f"basis_{row.basis}"], kg_number(row.ug, 9), percent(row.ug, payload.quantity_ug))
            for row in payload.regions
        ],
        foot=(words["total"], "", kg_number(sum(row.ug for row in payload.regions), 9), ""),
    )
    parts = table(
        words["parts_caption"],
        (("", words["part"]), ("w6 n", words["value"])),
        (
            (words["operational"], units.kg_text(payload.operational_ug, places=9)),
            (words["embodied"], units.kg_text(payload.embodied_ug, places=9)),
            (words["direct_total"], units.kg_text(payload.direct_ug, places=9)),
            (words["lifecycle_total"], units.kg_text(payload.lifecycle_ug, places=9)),
            (words["band"], words["band_text"].format(low=kg_number(payload.low_ug), high=kg_number(payload.high_ug))),
            (words["energy"], units.kwh_text(payload.energy_uwh)),
        ),
    )
    extract = table(
        words["brsr_caption"],
        (
            ("", words["brsr_parameter"]),
            ("w5 element", words["brsr_element"]),
            ("w4", words["brsr_unit"]),
            ("w3 n", words["brsr_value"]),
        ),
        (
            (
                words["brsr_row"],
                "TotalScope3Emissions",
                words["brsr_tonnes"],
                units.decimal_text(payload.quantity_ug, scale=12, places=3),
            ),
        ),
    )
    return el(
        "div",
        el("h2", words["annex_emissions"]),
        regions,
        parts,
        el("p", words["bases_note"]),
        extract,
        el("p", words["brsr_note"]),
    )


def _quality(payload: Payload, words: Words) -> Markup:
    kinds = (
        ("measured", payload.measured_ug),
        ("estimated", payload.estimated_ug),
        ("proxy", payload.proxy_ug),
        ("unknown", payload.unknown_ug),
    )
    whole = sum(ug for _, ug in kinds)
    quality = table(
        words["quality_caption"],
        (("", words["quality_kind"]), ("w5 n", words["kg"]), ("w3 n", f"{words['share']}, %")),
        [(words[kind], kg_number(ug, 9), percent(ug, whole)) for kind, ug in kinds],
    )
    references = [
        ("claim_hash", payload.claim_hash),
        ("transaction", payload.receipt.tx_hash),
        ("block_hash", payload.receipt.block_hash),
        ("retirement_contract", payload.retirement),
        ("ct02", payload.ct02),
        ("account", payload.account),
        ("beneficiary_account", payload.beneficiary.address),
        ("factor_set", payload.factor_set),
        ("engine", payload.engine),
        ("issuer_key", payload.issue.issuer_did),
        *([("purpose", payload.purpose)] if payload.purpose else []),
    ]
    facts = table(
        words["facts_caption"],
        (("w5", words["fact"]), ("mono", words["value"])),
        [(words[name], value) for name, value in references],
    )
    return el("div", el("h2", words["annex_quality"]), quality, el("p", words["quality_note"]), facts)


def _verify(payload: Payload, words: Words) -> Markup:
    steps = [el("li", words[f"verify_{step}"].format(chain=f"eip155:{payload.chain_id}")) for step in range(1, 6)]
    return el("div", el("h2", words["annex_verify"]), el("ol", steps), el("p", words["verify_note"]))
