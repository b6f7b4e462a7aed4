"""What was signed and what of it was handed in, so that a kill at any moment loses nothing and signs nothing twice.

One folder per node, one file per report, named by seq. A file appears whole (written beside, synced, renamed), so the
highest seq in the folder is the head of the chain. `.json` waits to be handed in, `.sent.json` was.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudtuner.disk import make_folder, sync_folder
from cloudtuner.errors import ConfigurationError, ProofError
from emissions.poce.canonical import jcs, read_canonical
from emissions.poce.fields import Fields
from emissions.poce.hexes import from_hex, to_hex
from emissions.poce.lines import StrippedLines
from emissions.poce.report import NodeReport

_NAME = re.compile(r"([0-9]{8})(\.sent)?\.json")


@dataclass(frozen=True)
class SignedReport:
    """What is handed in: report, the node key's signature, and the lines under it."""

    report: NodeReport
    signature: bytes
    lines: StrippedLines

    def to_bytes(self) -> bytes:
        """The body of `POST /poce/v1/reports`."""
        return jcs({"report": self.report.to_json(), "signature": to_hex(self.signature), "lines": self.lines.to_json()})

    @classmethod
    def from_json(cls, value: Any) -> SignedReport:
        fields = Fields(value, ("report", "signature", "lines"), what="signed report")
        return cls(
            NodeReport.from_json(fields.raw("report")),
            from_hex(fields.raw("signature"), length=65, field="signature"),
            StrippedLines.from_json(fields.raw("lines")),
        )


@dataclass(frozen=True)
class SpooledReport:
    """A report's file."""

    path: Path
    node: str
    seq: int
    sent: bool

    def read(self) -> SignedReport:
        try:
            return SignedReport.from_json(read_canonical(self.path.read_bytes(), what="spooled report"))
        except ProofError as error:
            raise ProofError(
                error.message, code="spool.damaged", where=str(self.path), hint="Restore it from a backup."
            ) from error


class Spool:
    """The folder of signed reports; `lock` it before anything is added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps a second process out, which would sign the same seq twice; the kernel frees it when we die."""
        make_folder(self.folder)
        with (self.folder / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ConfigurationError(
                    "another cloudtuner-node works on this spool.",
                    code="spool.locked",
                    where=str(self.folder),
                    hint="Let it finish.",
                ) from error
            yield

    def reports(self, node: str) -> list[SpooledReport]:
        """The node's files by seq."""
        found = []
        for path in (self.folder / node).glob("*.json"):
            match = _NAME.fullmatch(path.name)
            if match:
                found.append(SpooledReport(path, node, int(match[1]), bool(match[2])))
        return sorted(found, key=lambda item: item.seq)

    def add(self, signed: SignedReport) -> SpooledReport:
        """Writes a report that waits; refuses a seq that is taken."""
        folder = self.folder / signed.report.node
        make_folder(folder)
        if any(item.seq == signed.report.seq for item in self.reports(signed.report.node)):
            raise ProofError(f"seq {signed.report.seq} was signed before.", code="spool.seq_taken", where=str(folder))
        path = folder / f"{signed.report.seq:08d}.json"
        draft = path.with_suffix(".part")
        with draft.open("wb") as stream:
            stream.write(signed.to_bytes())
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        sync_folder(folder)
        return SpooledReport(path, signed.report.node, signed.report.seq, sent=False)

    def mark_sent(self, item: SpooledReport) -> None:
        """Remembers that the host has the report."""
        item.path.rename(item.path.with_name(f"{item.seq:08d}.sent.json"))
        sync_folder(item.path.parent)
