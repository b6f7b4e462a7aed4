"""`cloudtuner-node`: make a key; read bills, sign what they say, hand it in."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cloudtuner import logs
from cloudtuner.errors import BillError, CloudTunerError, ConfigurationError
from cloudtuner.keyfile import read_key_file
from emissions.poce.keyfile import write_key

OK, REFUSED, UNUSABLE, TRY_LATER = 0, 1, 2, 75

_DESCRIPTION = """Reads bills on this machine and signs hourly reports of their emissions with this machine's key.
Only hour, rate key and quantity of each line leave it; never cost, resource, tag or account id."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="cloudtuner-node", description=_DESCRIPTION)
    commands = top.add_subparsers(dest="command", required=True)
    key = commands.add_parser("key", help="make a key file (0600) and print its address")
    key.add_argument("--out", type=Path, required=True, metavar="FILE")
    once = commands.add_parser("once", help="report the bills given, then hand in what waits")
    once.add_argument(
        "--bills", type=Path, action="append", default=[], metavar="PATH", help="a bill: file or folder; repeatable"
    )
    once.add_argument("--key", type=Path, required=True, metavar="FILE")
    once.add_argument("--account", action="append", required=True, metavar="ACCOUNT=NODE[@FIRST_HOUR]", help="repeatable")
    once.add_argument("--factor-set", metavar="ID", help="default: the network's, else the one that ships with this version")
    target = once.add_mutually_exclusive_group(required=True)
    target.add_argument("--url", metavar="URL", help="the public host to hand reports in to")
    target.add_argument("--out", type=Path, metavar="FOLDER", help="only write the signed reports here")
    once.add_argument("--network", type=Path, metavar="FILE", help="with --out: a saved answer of GET /poce/v1/network")
    once.add_argument("--spool", type=Path, metavar="FOLDER", help="with --url: where signed reports are kept")
    once.add_argument("--patience", type=float, default=60.0, metavar="SECONDS", help="how long to retry the host")
    once.add_argument("--plain-http", action="store_true", help="allow http to a host on a private network")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; 0 done, 1 refused, 2 unusable input, 75 the host could not be reached (the spool keeps all)."""
    arguments = parser().parse_args(argv)
    logs.configure()
    try:
        if arguments.command == "key":
            print(write_key(arguments.out))
            return OK
        return _once(arguments)
    except (BillError, ConfigurationError) as error:
        return _told(error, UNUSABLE)
    except CloudTunerError as error:
        return _told(error, TRY_LATER if error.retryable else REFUSED)
    except OSError as error:
        # The spool's disk: full, or not ours.
        told = ConfigurationError(f"{error.strerror or error}.", code="node.disk", where=str(error.filename or "the spool"))
        return _told(told, UNUSABLE)


def _once(arguments: argparse.Namespace) -> int:
    from emissions.grid.catalog import load_factor_set  # with the engine: half a second that `key` and `--help` need not wait

    from . import network, reports, sending, service, spool

    key = read_key_file(arguments.key)
    specs = [network.parse_account(text) for text in arguments.account]
    client = None
    if arguments.url:
        folder = arguments.spool
        if folder is None:
            raise ConfigurationError("--url needs --spool FOLDER, where signed reports are kept.", code="node.spool")
        client = service.ServiceClient(arguments.url, plain_http=arguments.plain_http)
        told = sending.retried(client.network, patience_s=arguments.patience)
        domain = network.domain_of(told, where=client.url)
        nodes = sending.retried(lambda: network.enrolled_nodes(client, specs, key=key), patience_s=arguments.patience)
    else:
        folder = arguments.out
        if arguments.network is None:
            raise ConfigurationError(
                "--out needs --network FILE, which says what chain the signatures are for.", code="node.network"
            )
        told = network.read_network_file(arguments.network)
        domain = network.domain_of(told, where=str(arguments.network))
        nodes = network.offline_nodes(specs)
    factor_set = load_factor_set(arguments.factor_set or told.get("factor_set"))
    kept = spool.Spool(folder)
    with kept.lock():
        for bill in arguments.bills:
            for item in reports.report_bill(bill, nodes, spool=kept, key=key, domain=domain, factor_set=factor_set):
                signed = item.read().report
                print(
                    json.dumps({"report_hash": signed.report_hash(domain), "file": str(item.path), **signed.to_json()}),
                    flush=True,
                )
        if client is not None:
            for node in nodes.values():
                sending.send_waiting(kept, node.node, service=client, domain=domain, patience_s=arguments.patience)
    return OK


def _told(error: CloudTunerError, status: int) -> int:
    print(f"cloudtuner-node: {error} [{error.code}]", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
