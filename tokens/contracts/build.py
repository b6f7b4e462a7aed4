"""Compiles the contracts and writes what the rest of the code uses: `python -m tokens.contracts.build`.

The artifacts are committed, so that running needs no compiler and no Node; a test compiles again and compares.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from cloudtuner.errors import ConfigurationError
from tokens.chain.artifacts import AROUND, CONTRACTS

HERE = Path(__file__).parent
LIBRARIES = HERE.parent.parent / "node_modules"
ARTIFACTS = HERE / "artifacts"

EVM_VERSION = "cancun"
OPTIMIZER_RUNS = 200

_IMPORT = re.compile(r"""^\s*import\s[^;]*?["']([^"']+)["']\s*;""", re.MULTILINE)


def sources_of(name: str) -> dict[str, str]:
    """A contract's source and everything it imports, by the names that stay in the compiler's metadata."""
    found: dict[str, str] = {}
    waiting = [f"src/{name}.sol"]
    while waiting:
        unit = waiting.pop()
        if unit in found:
            continue
        place = LIBRARIES / unit if unit.startswith("@") else HERE / unit
        try:
            found[unit] = place.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"the source {unit} cannot be read: {error.strerror}.",
                code="contracts.source",
                where=str(place),
                hint="Run `make setup-test`: it installs the libraries that the contracts import.",
            ) from error
        waiting += [_resolved(unit, wanted) for wanted in _IMPORT.findall(found[unit])]
    return found


def source_hash(sources: dict[str, str]) -> str:
    """sha256 over the sorted sources: each one's name, a zero byte, its text, a zero byte."""
    digest = sha256()
    for unit in sorted(sources):
        digest.update(unit.encode() + b"\0" + sources[unit].encode() + b"\0")
    return "0x" + digest.hexdigest()


def standard_json(sources: dict[str, str], wanted: list[str]) -> dict[str, Any]:
    """The compiler's input; it also verifies the contracts on a block explorer."""
    return {
        "language": "Solidity",
        "sources": {unit: {"content": text} for unit, text in sorted(sources.items())},
        "settings": {
            "evmVersion": EVM_VERSION,
            "optimizer": {"enabled": True, "runs": OPTIMIZER_RUNS},
            "viaIR": False,
            "outputSelection": {f"src/{name}.sol": {name: ["abi", "evm.bytecode.object"]} for name in wanted},
        },
    }


def compile_all() -> dict[str, dict[str, Any]]:
    """Every contract's artifact, compiled now."""
    names = sorted([*CONTRACTS.values(), *AROUND.values()])
    each = {name: sources_of(name) for name in names}
    output = _solc(standard_json({unit: text for one in each.values() for unit, text in one.items()}, names))
    errors = [entry["formattedMessage"] for entry in output.get("errors", []) if _is_ours(entry)]
    if errors:
        raise ConfigurationError("the contracts do not compile:\n" + "\n".join(errors), code="contracts.compile")
    version = compiler_version()
    made = {}
    for name in names:
        contract = output["contracts"][f"src/{name}.sol"][name]
        made[name] = {
            "contract": name,
            "compiler": f"solc {version}, {EVM_VERSION}, optimizer {OPTIMIZER_RUNS} runs",
            "source_hash": source_hash(each[name]),
            "abi": contract["abi"],
            "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        }
    return made


def compiler_version() -> str:
    """The version of the compiler, as it tells it."""
    answer = subprocess.run([_shim(), "--version"], capture_output=True, text=True, check=True, cwd=HERE)
    return answer.stdout.split("Version: ")[1].split(".Linux")[0].strip()


def artifact_text(artifact: dict[str, Any]) -> str:
    """An artifact as it is committed."""
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Writes the artifacts and says how large each contract is."""
    ARTIFACTS.mkdir(exist_ok=True)
    for name, artifact in compile_all().items():
        (ARTIFACTS / f"{name}.json").write_text(artifact_text(artifact), encoding="utf-8")
        sys.stdout.write(f"{name}: {(len(artifact['bytecode']) - 2) // 2} bytes of init code\n")
    return 0


def _resolved(importer: str, wanted: str) -> str:
    if not wanted.startswith("."):
        return wanted
    parts: list[str] = []
    for part in (PurePosixPath(importer).parent / wanted).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _is_ours(entry: dict[str, Any]) -> bool:
    """Whether a compiler message counts: every error, and warnings about our own sources."""
    if entry["severity"] == "error":
        return True
    return not entry.get("sourceLocation", {}).get("file", "").startswith("@")


def _shim() -> str:
    return str(HERE / "bin" / "solc")


def _solc(request: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = subprocess.run([_shim()], input=json.dumps(request), capture_output=True, text=True, check=True, cwd=HERE)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ConfigurationError(
            f"the compiler did not run: {error}",
            code="contracts.compiler",
            hint="Run `make setup-test`: it installs the compiler.",
        ) from error
    output: dict[str, Any] = json.loads(answer.stdout)
    return output


if __name__ == "__main__":
    raise SystemExit(main())
