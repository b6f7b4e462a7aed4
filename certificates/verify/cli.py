"""`cloudtuner-verify FILE.pdf [--trust FILE] [--rpc URL] [--json]`: 0 valid, 1 refused, 3 unknown, 2 cannot start."""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from certificates.verify.findings import Findings
from certificates.verify.run import verify
from certificates.verify.trust import Trust
from cloudtuner.errors import CloudTunerError, ConfigurationError

UNUSABLE = 2
FILE_LIMIT = 64 << 20
_SIGNS = {"pass": "ok", "fail": "FAIL", "unknown": "?", "not_checked": "-"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cloudtuner-verify",
        description="Checks a sealed certificate without asking its issuer.",
        epilog="Exit codes: 0 valid, 1 refused, 2 the input cannot be used, 3 unknown (something asked for was not reached).",
    )
    parser.add_argument("file", type=Path, metavar="FILE.pdf", help="the certificate")
    parser.add_argument("--trust", type=Path, metavar="FILE", help="the issuer's trust file (or CLOUDTUNER_TRUST_FILE)")
    parser.add_argument("--rpc", metavar="URL", help="an endpoint of the chain: compares the block, and asks the public register")
    parser.add_argument("--json", action="store_true", help="prints the findings as JSON")
    return parser


def _trust(path: Path | None) -> Trust:
    """The trust file named, else the one that ships with the release."""
    named = path or (Path(os.environ["CLOUDTUNER_TRUST_FILE"]) if os.environ.get("CLOUDTUNER_TRUST_FILE") else None)
    if named is not None:
        return Trust.load(named)
    shipped = resources.files("certificates.verify") / "trust.json"
    if not shipped.is_file():
        raise ConfigurationError(
            "no trust file was named and none ships with this release",
            code="trust.missing",
            hint="Get the issuer's trust file and name it with --trust FILE.",
        )
    return Trust.from_json(json.loads(shipped.read_text(encoding="utf-8")))


def _pdf(path: Path) -> bytes:
    """The file's bytes, if it can be a certificate at all."""
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise ConfigurationError(
                "it is larger than 64 MiB", code="file.too_large", where=str(path), hint="A certificate is not."
            )
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror or error}",
            code="file.unreadable",
            where=str(path),
            hint="Name a certificate's PDF.",
        ) from error
    # A damaged certificate is refused with its reason; what never was a PDF cannot be looked at.
    if not data.startswith(b"%PDF-") and b"%%EOF" not in data:
        raise ConfigurationError("it is not a PDF", code="file.not_pdf", where=str(path), hint="Name a certificate's PDF.")
    return data


def _print(findings: Findings, path: Path, trust: Trust) -> None:
    print(findings.sentence)
    if trust.is_test:
        print(f"This issuer's seal is a test seal: {trust.label}.")
    print()
    facts = findings.facts
    if facts:
        print(f"  {facts['certificate_id']}, class {facts['class']}")
        print(f"  {facts['quantity']}, {facts['period']}, issued for {facts['issued_for']}")
        if "transaction" in facts:
            print(f"  {facts['chain']}, block {facts['block']}, transaction {facts['transaction']}")
    else:
        print(f"  {path.name}")
    print()
    for check in findings.checks:
        print(f"  {_SIGNS[check.state]:>4}  {check.id:<3}  {check.title}")
        code = f" [{check.code}]" if check.code else ""
        for line in textwrap.wrap(check.message + code, 96):
            print(f"             {line}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        trust, pdf = _trust(parsed.trust), _pdf(parsed.file)
        findings = verify(pdf, trust, parsed.rpc)
    except CloudTunerError as error:
        if parsed.json:
            print(json.dumps({"version": 1, "verdict": None, "error": {"code": error.code, "message": str(error)}}, indent=2))
        else:
            print(f"cloudtuner-verify: {error}", file=sys.stderr)
        return UNUSABLE
    if parsed.json:
        print(json.dumps(findings.to_json(), indent=2, ensure_ascii=False))
    else:
        _print(findings, parsed.file, trust)
    return findings.exit_code


if __name__ == "__main__":
    sys.exit(main())
