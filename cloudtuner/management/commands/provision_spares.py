"""`manage.py provision_spares`: keeps prepared organisations in stock."""

from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from accounts.provisioning import spares_refill
from cloudtuner.errors import ConfigurationError

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs as the owner role, in a process of its own; once, or with --watch until it is told to stop."""

    help = "Makes spare organisations until the stock is full."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", type=int, default=1, help="How many spares to keep (default 1).")
        watch = "Look again every so many seconds (default 2), until stopped."
        parser.add_argument("--watch", type=float, nargs="?", const=2.0, metavar="SECONDS", help=watch)

    def handle(self, *_: Any, **options: Any) -> None:
        """Fills the stock; watching, a database that is away is waited for."""
        if options["watch"] is None:
            self.stdout.write(f"{self._refill(options['count'])} spare organisations made")
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            try:
                self._refill(options["count"])
            except (OperationalError, InterfaceError) as error:
                logger.warning("database away, trying again", extra={"reason": str(error).splitlines()[0]})
                connection.close()
            stop.wait(options["watch"])

    @staticmethod
    def _refill(count: int) -> int:
        try:
            return spares_refill(count=count)
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
