"""The tenant half of tokens."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """Lots, retirements and their approvals: one organisation's own."""

    name = "tokens"
    label = "tokens"
    verbose_name = "Tokens"
    default_auto_field = "django.db.models.BigAutoField"
