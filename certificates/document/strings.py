"""Every word that a certificate prints, by language and message id. The pages hold no text of their own.

Identifiers, hashes, names and numbers are the same in every language. `not_this` is the fixed negative statement: the
only place where the words that a certificate never claims may stand.
"""

from __future__ import annotations

from collections.abc import Mapping

EN: Mapping[str, str] = {
    "title": "Sustainability Certificate",
    "subtitle": "Retired record of estimated cloud emissions",
    "class_R": "Class R: own records, ledger hours in the annex",
    "class_T": "Class T: acquired records of others' emissions, no ledger trace",
    "class_C": "Class C: records, with credits retired elsewhere in the annex",
    "issued_for": "Issued for",
    "on_behalf": "Retired on behalf of",
    "quantity_unit": "kilograms of CO2e, recorded and retired",
    "quantity_exact": "exactly {exact} kg ({tonnes} CO2e), estimated; low to high {low} to {high} t",
    "statement": "{kg} CT02 for {period} were permanently retired on {moment}. Each CT02 records one kilogram of CO2e that was "
    "emitted, measured by the stated method and checked to the stated level. Retiring closes the record; it changes no "
    "Scope 3 figure.",
    "not_title": "What this is not",
    "not_this": "Not a carbon credit, an offset, a Carbon Credit Certificate (CCTS), a Green Credit or a renewable energy "
    "certificate. It represents no reduction, removal or avoidance and is no claim of carbon neutrality or net zero. Not "
    "issued, approved or certified by SEBI, BEE, an exchange or a cloud provider.",
    "period": "Period",
    "boundary": "Boundary and scope",
    "boundary_text": "Cloud accounts (nodes) of the annex; Scope 3, category 1, a part of it; location-based and embodied",
    "level": "Assurance level",
    "quality": "Data quality",
    "quality_text": "{measured} % measured power, {estimated} % modelled, {proxy} % proxy, {unknown} % by cost",
    "approval": "Approval",
    "approval_two-person": "Prepared and approved by two people",
    "approval_single-person": "Single-person approval",
    "level_A0": "A0: signed by the account holder's own key",
    "level_A1h": "A1h: a provider token, taken by our service, binds the report",
    "level_A1c": "A1c: a provider token, taken by the customer, binds the report",
    "level_A2": "A2: validators fetched the export and recomputed it",
    "level_A3": "A3: the export cannot be written by the customer",
    "level_A4": "A4: totals agree with the provider's own figures",
    "level_A5": "A5: collected and computed in an attested enclave",
    "validators": "{agreed} of {of} validators recomputed it and agreed",
    "scan": "Scan for the current status",
    "certificate_id": "Certificate",
    "chain": "On chain",
    "chain_id": "Chain",
    "contract": "Contract",
    "transaction": "Transaction",
    "block": "Block",
    "block_time": "Block time",
    "record": "Retirement",
    "record_text": "number {number}, log {log}",
    "claim_hash": "Claim hash",
    "versions": "Factors and method",
    "factor_set": "Factor set",
    "method": "Method",
    "engine": "Engine",
    "sebi": "Prepared in the format of SEBI's BRSR (Principle 6). SEBI does not issue, approve or certify this document.",
    "status": "Status at issue: valid. It can change; scan for the current status.",
    "attests": "The issuer attests to the record and to the chain entry, not to the accuracy of the provider's data.",
    "sealed_by": "Sealed by {issuer}",
    "page": "Page",
    "of": "of",
    "qr_alt": "QR code of the address {url}",
    "mark_alt": "Mark of the issuer, {issuer}",
    "purpose": "Purpose",
    "annex": "Annex to certificate {certificate_id}",
    "annex_lots": "A. Where the kilograms come from",
    "lots_intro": "Own lots are used oldest first. Every hour between the first and the last is used whole; of those two, the "
    "share printed here was used. Hours are UTC and named by their start. Attested by is the epoch whose leaf holds these "
    "hours as they are counted here, or the retroactive round of hours before the account was enrolled. The lot itself may have "
    "been paid by an earlier epoch, when its hours were restated since; claim.json names that payment's transaction.",
    "lots_none": "No lot of the holder's own ledger was used: these are acquired records of others' emissions, "
    "without a ledger trace.",
    "lots_caption": "Lots retired by this certificate",
    "lot": "Lot",
    "node": "Node",
    "attested_by": "Attested by",
    "epoch": "epoch {number}",
    "round": "round {number}",
    "hours": "Hours, first and last (UTC)",
    "first_share": "Of the first hour, kg",
    "last_share": "Of the last hour, kg",
    "kg": "kg CO2e",
    "total": "Total",
    "annex_emissions": "B. Emissions by region and basis",
    "regions_caption": "Estimated emissions by region",
    "region": "Region",
    "basis": "Basis of the grid factor",
    "basis_direct": "direct",
    "basis_lifecycle": "lifecycle",
    "parts_caption": "What the total is made of",
    "part": "Part",
    "operational": "Operational, location-based",
    "embodied": "Embodied in the hardware",
    "energy": "Energy used, estimated",
    "direct_total": "On a direct basis",
    "lifecycle_total": "On a lifecycle basis",
    "band": "Low to high",
    "band_text": "{low} to {high} kg",
    "bases_note": "Factors on a direct basis count what a power plant emits; those on a lifecycle basis add its fuel chain and "
    "construction. The two are shown apart wherever they are summed.",
    "brsr_caption": "BRSR-format data extract, Principle 6, leadership indicator 2",
    "brsr_parameter": "Parameter",
    "brsr_unit": "Unit",
    "brsr_element": "Element",
    "brsr_value": "Value",
    "brsr_row": "Contribution to total Scope 3 emissions: category 1, cloud services",
    "brsr_tonnes": "metric tonnes CO2e",
    "brsr_note": "A contribution, not the Scope 3 total of the organisation: other categories are not in this ledger.",
    "annex_quality": "C. Data quality and checks",
    "quality_caption": "What the estimate rests on",
    "quality_kind": "Kind of data",
    "share": "Share",
    "measured": "Power of this type measured by a third party",
    "estimated": "Modelled from the type's parts",
    "proxy": "Proxy for a similar type or region",
    "unknown": "By cost within the service",
    "quality_note": "Usage is what the provider billed; energy and emissions are estimated from it.",
    "facts_caption": "References in full",
    "retirement_contract": "Retirement contract",
    "fact": "Reference",
    "value": "Value",
    "ct02": "CT02 contract",
    "account": "Retired from account",
    "beneficiary_account": "Beneficiary's account",
    "block_hash": "Block hash",
    "issuer_key": "Issuer's credential key",
    "annex_verify": "D. How to check this without us",
    "verify_1": "Install the verifier: pip install cloudtuner gives the command cloudtuner-verify. It needs no account and "
    "no server of ours.",
    "verify_2": "Get the issuer's trust file from a source you believe. Nothing is trusted because this document carries it.",
    "verify_3": "Run cloudtuner-verify certificate.pdf --trust trust.json. It checks the seal over every byte, the three files "
    "inside, the claim's hash and the proof that the Retired event is in its block.",
    "verify_4": "Add --rpc with any endpoint of chain {chain} that you believe: it compares the block with the chain and asks "
    "the public register for the current status.",
    "verify_5": "Read the three files yourself: claim.json (what was claimed before the retirement), receipt-proof.json (the "
    "event's proof) and certificate.vc.json (the same facts as a verifiable credential). pdfdetach -saveall takes them out.",
    "verify_note": "The answer is valid, refused with a reason, or unknown when something asked for could not be reached.",
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": EN}


def words(language: str) -> Mapping[str, str]:
    """The table of a language, by its first subtag; English when there is none.

    >>> words("en-IN")["page"]
    'Page'
    """
    return LANGUAGES.get(language.split("-", maxsplit=1)[0], EN)
