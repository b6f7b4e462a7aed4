"""What does a verified certificate say of itself, in rows that people read?"""

from __future__ import annotations

from django.utils.translation import gettext as _

from certificates.selectors import PublicVerification
from cloudtuner.templatetags.face import level_sentence
from cloudtuner.units import kg_text


def shown_facts(found: PublicVerification) -> list[tuple[str, str]]:
    """Label and value of each fact; nothing for a file that was refused, since its words cannot be believed."""
    if found.findings.verdict == "refused":
        return []
    facts = found.findings.facts
    rows: list[tuple[str, str]] = []
    if found.certificate_id:
        rows.append((_("Certificate"), found.certificate_id))
    if holder := facts.get("issued_for"):
        rows.append((_("Holder"), holder))
    exact = facts.get("quantity")
    if exact is None and found.current is not None:
        exact = f"{kg_text(found.current.quantity_ug, places=9)} CO2e"
    if exact is not None:
        rows.append((_("Quantity"), f"{exact}, {_('estimated')}"))
    if period := facts.get("period"):
        rows.append((_("Period"), period))
    if found.current is not None:
        rows.append((_("Class"), found.current.certificate_class))
        rows.append((_("Level"), f"{found.current.level}: {level_sentence(found.current.level)}"))
        rows.append((_("Issued"), f"{found.current.issued_at:%Y-%m-%d %H:%M} UTC"))
    for name, label in (("block", _("Block")), ("transaction", _("Transaction"))):
        if value := facts.get(name):
            rows.append((label, value))
    return rows
