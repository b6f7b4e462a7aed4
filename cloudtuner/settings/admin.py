"""How the platform's admin looks, and in which order it lists what staff ask for."""

from __future__ import annotations

from django.urls import reverse_lazy


def _item(title: str, icon: str, model: str) -> dict[str, object]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


UNFOLD = {
    "SITE_TITLE": "CloudTuner platform",
    "SITE_HEADER": "CloudTuner platform",
    "SITE_SUBHEADER": "Staff only",
    "SITE_SYMBOL": "receipt_long",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        # The product's green-blue, from pale to dark.
        "primary": {
            "50": "#eef7f5", "100": "#d7ebe8", "200": "#b0d8d2", "300": "#82bfb7", "400": "#529f98", "500": "#2f807a",
            "600": "#186762", "700": "#0b534f", "800": "#0a4240", "900": "#093634", "950": "#041f1e",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "People",
                "items": [
                    _item("Organisations", "apartment", "accounts_organization"),
                    _item("Users", "person", "accounts_user"),
                    _item("Memberships", "badge", "accounts_membership"),
                    _item("Invitations", "mail", "accounts_invitation"),
                    _item("API keys", "key", "accounts_apikey"),
                    _item("Audit", "history", "accounts_auditentry"),
                ],
            },
            {
                "title": "Reports",
                "items": [
                    _item("Node bindings", "hub", "emissions_register_nodebinding"),
                    _item("Report commitments", "fact_check", "emissions_register_reportcommitment"),
                ],
            },
            {
                "title": "Chain",
                "items": [
                    _item("Epochs", "layers", "tokens_network_epoch"),
                    _item("Votes", "how_to_vote", "tokens_network_vote"),
                    _item("Transactions", "outbox", "tokens_network_chaintx"),
                    _item("Events", "bolt", "tokens_network_chainevent"),
                    _item("Blocks", "view_agenda", "tokens_network_block"),
                    _item("Cursor", "my_location", "tokens_network_cursor"),
                    _item("Registered claims", "bookmark_added", "tokens_network_registeredclaim"),
                ],
            },
            {
                "title": "Certificates",
                "items": [_item("Register", "verified", "certificates_register_certificateindex")],
            },
            {
                "title": "Work",
                "items": [
                    _item("Task runs", "manufacturing", "cloudtuner_taskrun"),
                    _item("Waiting jobs", "schedule", "emissions_register_waitingjob"),
                ],
            },
        ],
    },
}  # fmt: skip
