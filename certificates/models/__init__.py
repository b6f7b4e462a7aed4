"""An organisation's own certificates."""

from certificates.models.certificates import Certificate, State

__all__ = ["Certificate", "State"]
