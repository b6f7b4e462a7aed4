"""The public half of tokens."""

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """Blocks, events, the outbox and epochs: shared by all organisations, naming none of their content."""

    name = "tokens.network"
    label = "tokens_network"
    verbose_name = "Network"
    default_auto_field = "django.db.models.BigAutoField"
