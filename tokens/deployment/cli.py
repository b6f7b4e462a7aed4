"""`cloudtuner chain verify|status`: what stands on chain, and whether it is what we compiled."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cloudtuner.clock import hour_text
from cloudtuner.units import kg_text, token_text
from tokens.chain.book import AddressBook
from tokens.chain.client import RpcClient
from tokens.chain.contracts import Contracts
from tokens.chain.status import ChainStatus, moment_text, read_status
from tokens.chain.verification import verify_book
from tokens.market.book import MarketBook

from .explorers import write_explorer_files
from .pools import verify_pools

console = Console(highlight=False, soft_wrap=True)

Rpc = Annotated[str, typer.Option(help="The chain's JSON-RPC address.", envvar="RPC_URL")]
Book = Annotated[Path, typer.Option(help="The address book.", envvar="CLOUDTUNER_ADDRESS_BOOK")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def verify_command(
    rpc: Rpc,
    book: Book,
    market: Annotated[Path | None, typer.Option(help="The market book: checks pools too.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files that explorers ask for.")] = None,
) -> None:
    """Checks chain, first block and every contract against the transaction that made it; pools against their venues;
    ends with 1 when one differs.
    """
    known, client = AddressBook.load(book), RpcClient(rpc)
    pools = verify_pools(client, known, MarketBook.load(market)) if market else ()
    good = True
    for finding in chain(verify_book(client, known), pools):
        good = good and finding.passed
        mark = "ok  " if finding.passed else "FAIL"
        console.print(f"{mark} {finding.subject:<16} {finding.text}", markup=False)
    if out is not None:
        written = write_explorer_files(known, out)
        console.print(f"{len(written)} files for explorers in {out}", markup=False)
    raise typer.Exit(0 if good else 1)


def status_command(rpc: Rpc, book: Book, as_json: AsJson = False) -> None:
    """Head epoch, validators and stakes, pause, budget, who owns and may mint, and what owners announced."""
    status = read_status(Contracts(RpcClient(rpc), AddressBook.load(book)))
    if as_json:
        console.print_json(json.dumps(status.to_json()))
    else:
        for line in _lines(status):
            console.print(line, markup=False)


def _lines(status: ChainStatus) -> list[str]:
    through = f", through {hour_text(status.through_hour)}" if status.through_hour is not None else ""
    lines = [
        f"block      {status.block.number} of {moment_text(status.block.timestamp)}",
        f"epoch      {status.head_epoch} ({status.head_status}){through}",
        f"carbon     minted {kg_text(status.minted_ug)}, retired {kg_text(status.retired_ug)}, "
        f"ceiling {kg_text(status.ceiling_ug)}",
        f"minting    {'paused until ' + moment_text(status.paused_until) if status.is_paused else 'open'}",
        f"airdrop    {'paused until ' + moment_text(status.airdrop_paused_until) if status.is_airdrop_paused else 'open'}",
        f"rewards    {token_text(status.budget_left)} TUNER left in this period, {token_text(status.pool)} in the pool",
        f"validators set {status.validators.set_id}, {token_text(status.validators.total_stake, places=0)} TUNER at stake",
    ]
    lines += [f"           {each.signer} {token_text(each.stake, places=0)}" for each in status.validators.validators]
    lines += [f"owner      {name} {owner}" for name, owner in status.owners.items()]
    lines += [f"guardian   {status.guardian}"]
    lines += [f"minter     {minter}" for minter in status.minters]
    for each in status.pending:
        when = f" from {moment_text(each.ready_at)}" if each.ready_at else ""
        lines.append(f"pending    {each.what}: {each.who}{when}")
    return lines if status.pending else [*lines, "pending    nothing"]
