"""Walks the demo organisation from bill to verified certificate beside the running platform."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cloudtuner.embedded.secrets import Keyring
from cloudtuner.errors import CloudTunerError
from cloudtuner.management.journey import Journey
from cloudtuner.management.onchain import DemoKeys, OnChain
from cloudtuner.management.systems import Shown, system_rows
from tokens.chain.client import RpcClient
from tokens.network.round_sealing import ServiceRounds


class Command(BaseCommand):
    """`demo`: one line a step; ends with status 1 at the first figure that is off."""

    help = "Walks the demo organisation from bill to verified certificate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object a step.")
        parser.add_argument("--all", action="store_true", help="Then the contracts and the market, and a row per system.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = bool(options["json"])
        self.shown: dict[str, Shown] = {}
        try:
            self._journey()
            if options["all"]:
                self._on_chain()
        except CloudTunerError as error:
            if self.as_json:
                self._tell("stopped", str(error), passed=False)
            raise CommandError(f"The demo journey stopped: {error}") from error
        if options["all"]:
            self._systems()

    def _journey(self) -> None:
        journey = Journey(Path(settings.DATA_DIR))
        for step in journey.run():
            where = step.figures.get("tx", step.figures.get("url", step.figures.get("pdf", journey.url)))
            self.shown[step.name] = Shown(step.text, True, where)
            self._tell(step.name, step.text, seconds=step.seconds, figures=step.figures)

    def _on_chain(self) -> None:
        keyring, client = Keyring(Path(settings.DATA_DIR) / "keys"), RpcClient(settings.RPC_URL)
        keys = DemoKeys(
            deployer=keyring.read("deployer"),
            registrar=keyring.read("registrar"),
            guardian=keyring.read("guardian"),
            validators=tuple(keyring.read(f"validator-{place}") for place in range(1, keyring.validators + 1)),
            network=keyring.read("network"),
        )

        def wait(seconds: int) -> None:
            """Lets the chain's own time pass: a clock put forward would stay ahead of bills and of later blocks."""
            time.sleep(seconds)
            client.call_rpc("evm_mine")

        started = time.monotonic()
        book, folder = Path(settings.ADDRESS_BOOK), Path(settings.DATA_DIR) / "demo"
        for row in OnChain(client, book, keys, folder, wait, ServiceRounds()).rows():
            self.shown[row.name] = Shown(row.text, row.passed, row.tx_hash or "")
            figures = {"tx": row.tx_hash} if row.tx_hash else {}
            self._tell(row.name, row.text, passed=row.passed, seconds=time.monotonic() - started, figures=figures)
            started = time.monotonic()

    def _systems(self) -> None:
        rows = system_rows(self.shown)
        for row in rows:
            if self.as_json:
                told = {"system": row.sentence, "pass": row.passed, "where": list(row.where), "figure": row.figure}
                self.stdout.write(json.dumps(told, ensure_ascii=False))
            else:
                self.stdout.write(f"  {'pass' if row.passed else 'FAIL'}  {row.sentence}  {' '.join(row.where)}")
        if not all(row.passed for row in rows):
            raise CommandError("A system was not shown, or its figure is off.")

    def _tell(
        self, name: str, text: str, *, figures: Mapping[str, str] | None = None, passed: bool = True, seconds: float = 0
    ) -> None:
        if self.as_json:
            told = {"step": name, "pass": passed, "seconds": round(seconds, 2), "text": text, **(figures or {})}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self.stdout.write(f"  {name:<24}{text}  [{seconds:.1f} s]")
        self.stdout.flush()
