"""Runs the fifteen checks in order and leaves none out: what could not be looked at says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from certificates.verify import content as inside
from certificates.verify.content import Content, read_content
from certificates.verify.findings import TITLES, Check, Findings
from certificates.verify.online import Registry, block_check, http_registry, registry_checks
from certificates.verify.published import published as shipped
from certificates.verify.trust import Trust
from cloudtuner import units
from cloudtuner.errors import ProofError

_OFFLINE = {
    "V2": "Asks the public register; add --rpc.",
    "V10": "Asks the chain; add --rpc.",
    "V13": "Asks the public register; add --rpc.",
    "V14": "Asks the public register; add --rpc.",
}


def verify(
    pdf: bytes,
    trust: Trust,
    rpc_url: str | None = None,
    *,
    registry: Registry | None = None,
    published: Callable[[], Mapping[str, frozenset[str]]] = shipped,
) -> Findings:
    """What holds of this PDF. Nothing in it is believed that the trust file does not vouch for.

    With `rpc_url` the block is compared with the chain, and the public register of the trust file is asked. A service
    that is the register itself hands in its own look-up as `registry`.
    """
    # The PDF reader loads late: help and usage errors should not wait for it.
    from certificates.verify.sealed import CLAIM, CREDENTIAL, RECEIPT, open_sealed

    try:
        sealed = open_sealed(pdf, root_pem=trust.issuer_root_pem)
    except ProofError as error:
        return _all([Check("V3", "fail", error.message, error.code)], "Not looked at: the file is not intact.")
    content = read_content(*(sealed.attachments[name] for name in (CLAIM, RECEIPT, CREDENTIAL)))
    checks = [Check("V3", "pass", "one seal over every byte; nothing was changed or added.")]
    if sealed.trusted:
        checks.append(Check("V4", "pass", f"sealed by {sealed.signer}{', a test seal' if trust.is_test else ''}."))
    else:
        checks.append(Check("V4", "fail", f"sealed by {sealed.signer}: {sealed.trust_problem}", "seal.other_issuer"))
    checks += [
        inside.identifier_check(content),
        inside.credential_check(content, trust),
        inside.claim_check(content),
        inside.hash_check(content),
        inside.event_check(content, trust),
        inside.receipt_check(content),
        inside.chain_check(content, trust),
        inside.amount_check(content, trust),
        inside.method_check(content, published()),
    ]
    if rpc_url:
        checks.append(block_check(content, trust, rpc_url))
        registry = registry or http_registry(trust.registry_url)
    if registry:
        checks += registry_checks(pdf, content, trust, registry)
    return _all(checks, "Not asked for.", facts=_facts(content))


def _all(checks: list[Check], otherwise: str, *, facts: Mapping[str, str] | None = None) -> Findings:
    """The checks in the order of their numbers, the missing ones marked as not checked."""
    done = {check.id: check for check in checks}
    failed_early = "V4" not in done
    return Findings(
        checks=tuple(
            done.get(name) or Check(name, "not_checked", otherwise if failed_early else _OFFLINE.get(name, otherwise))
            for name in TITLES
        ),
        facts=facts or {},
    )


def _facts(content: Content) -> dict[str, str]:
    """What the certificate says, for people; empty where the claim could not be read."""
    claim = content.claim
    if claim is None or inside.claim_check(content).state != "pass":
        return {}
    facts = {
        "certificate_id": content.certificate_id,
        "class": str(claim["class"]),
        "issued_for": str(claim["issued_for"]["legal_name"]),
        "period": str(claim["period"]["label"]),
        "quantity": f"{units.kg_text(int(claim['quantity_ug']), places=9)} CO2e",
        "quantity_ug": str(claim["quantity_ug"]),
    }
    if content.proved is not None:
        facts |= {
            "chain": f"eip155:{content.proved.chain_id}",
            "block": str(content.proved.block_number),
            "transaction": content.proved.tx_hash,
        }
    return facts
