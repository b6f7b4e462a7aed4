"""`cloudtuner-validator`: make a key; run; name a node."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cloudtuner import logs
from cloudtuner.errors import CloudTunerError, ConfigurationError
from cloudtuner.keyfile import read_key_file
from emissions.poce.keyfile import write_key
from emissions.poce.node_id import PROVIDERS, node_id

from .config import load_config

OK, REFUSED, UNUSABLE = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="cloudtuner-validator",
        description="Recomputes every report of an epoch from its lines and signs what it found true.",
    )
    commands = top.add_subparsers(dest="command", required=True)
    key = commands.add_parser("key", help="make a key file (0600) and print its address")
    key.add_argument("--out", type=Path, required=True, metavar="FILE")
    run = commands.add_parser("run", help="run until SIGTERM")
    run.add_argument("--config", type=Path, required=True, metavar="FILE")
    name = commands.add_parser("node-id", help="the node id of a usage account, to test a disclosed or guessed one")
    name.add_argument("--config", type=Path, required=True, metavar="FILE")
    name.add_argument("provider", choices=PROVIDERS)
    name.add_argument("account")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; 0 done, 1 refused, 2 unusable input."""
    arguments = parser().parse_args(argv)
    logs.configure()
    try:
        if arguments.command == "key":
            print(write_key(arguments.out))
            return OK
        config = load_config(arguments.config)
        if arguments.command == "node-id":
            if config.network_key_file is None:
                raise ConfigurationError("network_key_file: missing.", code="validator.config", where=str(arguments.config))
            print(node_id(read_key_file(config.network_key_file), arguments.provider, arguments.account))
            return OK
        from .daemon import run  # with web3 and the engine: seconds that `key` and `--help` need not wait

        run(config)
    except CloudTunerError as error:
        print(f"cloudtuner-validator: {error} [{error.code}]", file=sys.stderr)
        return UNUSABLE if isinstance(error, ConfigurationError) else REFUSED


if __name__ == "__main__":
    sys.exit(main())
