"""`manage.py migrate_all`: tables and rights of `public` and of every organisation."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.provisioning import migrate_all
from cloudtuner.errors import ConfigurationError


class Command(BaseCommand):
    """Runs as the owner role, before the new version of the service starts."""

    help = "Brings the public schema and every organisation's schema to the current migrations and grants."

    def handle(self, *_: Any, **options: Any) -> None:
        """Prints how many schemas were brought up to date, and in what time."""
        begun = time.monotonic()
        try:
            schemas = migrate_all(verbosity=max(0, options["verbosity"] - 1))
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"public and {len(schemas)} organisation schemas are up to date ({time.monotonic() - begun:.1f} s)")
