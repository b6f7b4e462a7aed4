"""Walks the demo organisation from bill to verified certificate beside the running platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cloudtuner.errors import CloudTunerError
from cloudtuner.management.journey import Journey


class Command(BaseCommand):
    """`demo`: one line a step; ends with status 1 at the first figure that is off."""

    help = "Walks the demo organisation from bill to verified certificate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object a step.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for step in Journey(Path(settings.DATA_DIR)).run():
                if options["json"]:
                    told = {"step": step.name, "pass": True, "seconds": round(step.seconds, 2), "text": step.text, **step.figures}
                    self.stdout.write(json.dumps(told, ensure_ascii=False))
                else:
                    self.stdout.write(f"  {step.name:<15}{step.text}  [{step.seconds:.1f} s]")
                self.stdout.flush()
        except CloudTunerError as error:
            raise CommandError(f"The demo journey stopped: {error}") from error
