"""`cloudtuner chain deploy`: bring the contracts onto a chain, or show what that would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cloudtuner.errors import ChainError, ConfigurationError
from cloudtuner.keyfile import read_key_file
from cloudtuner.units import token_text
from emissions.poce.hexes import normal_address
from emissions.poce.keys import address_of
from tokens.chain.book import AddressBook
from tokens.chain.client import Receipt, RpcClient
from tokens.chain.deploy import DeployParameters, ValidatorGrant
from tokens.chain.genesis import shares
from tokens.chain.networks import ALIASES, NETWORKS, TUNER_UNIT, network_named
from tokens.chain.steps import Journal, Step
from tokens.market.venues import Dollar, Venues, published

from .everything import Choice, Everything, deploy_everything, plan_everything

console = Console(highlight=False, soft_wrap=True)

TIMELOCK = "timelock"


def deploy_command(
    network: Annotated[str, typer.Option(help=f"One of {', '.join([*NETWORKS, *ALIASES])}.")] = "anvil",
    rpc: Annotated[str, typer.Option(help="The chain's JSON-RPC address.", envvar="RPC_URL")] = "",
    key_file: Annotated[Path | None, typer.Option(help="File with the deployer's private key, hex.")] = None,
    out: Annotated[Path, typer.Option(help="Where the address book is written.")] = Path("address-book.json"),
    market_out: Annotated[Path, typer.Option(help="Where the market book is written.")] = Path("market-book.json"),
    owner: Annotated[
        str, typer.Option(help="Owner of the rules, or `timelock`: by vote only. By default by vote on main networks.")
    ] = "",
    registrar: Annotated[str, typer.Option(help="Signs registrations of nodes.")] = "",
    guardian: Annotated[str, typer.Option(help="May veto inside the window and pause minting.")] = "",
    treasury: Annotated[str, typer.Option(help="Receives the TUNER for validators and liquidity.")] = "",
    poster: Annotated[str, typer.Option(help="Posts the reference price.")] = "",
    beneficiary: Annotated[list[str] | None, typer.Option(help="ROLE=ADDRESS of genesis.json, once per grant.")] = None,
    validator: Annotated[list[str] | None, typer.Option(help="STAKER:SIGNER:TUNER, once per validator.")] = None,
    dollar: Annotated[str, typer.Option(help="ADDRESS:DECIMALS of the dollar token; the published one by default.")] = "",
    pool_manager: Annotated[str, typer.Option(help="Uniswap V4's manager of pools, with --dollar.")] = "",
    factor_set: Annotated[str, typer.Option(help="Id of the genesis factor set; the built-in one by default.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Show the transactions; sign and send nothing.")] = False,
    deployer: Annotated[str, typer.Option(help="The deployer's address, for a dry run without its key.")] = "",
) -> None:
    """Deploys every contract and writes both books. Roles that are not given are the deployer's, on test networks."""
    key = read_key_file(key_file) if key_file else None
    account = address_of(key) if key else (normal_address(deployer, field="--deployer") if deployer else "")
    if not account:
        raise ConfigurationError(
            "nobody to deploy: no --key-file.", code="chain.deploy", hint="For a dry run --deployer ADDRESS is enough."
        )
    if not rpc and not dry_run:
        raise ConfigurationError("no chain to deploy to.", code="chain.deploy", hint="Give --rpc or set RPC_URL.")
    by_vote = owner == TIMELOCK or (not owner and not network_named(network).test)
    roles = _roles(
        network, account, owner=account if by_vote else owner, registrar=registrar, guardian=guardian, treasury=treasury,
        poster=poster, **_beneficiaries(beneficiary or []),
    )  # fmt: skip
    core = DeployParameters(
        network=network_named(network),
        owner=roles["owner"],
        registrar=roles["registrar"],
        guardian=roles["guardian"],
        treasury=roles["treasury"],
        factor_set=factor_set or _built_in_factor_set(),
        validators=tuple(_grant(text) for text in validator or ()),
    )
    choice = Choice(core, by_vote, roles["poster"], roles, _given_venues(network, dollar, pool_manager))
    client = RpcClient(rpc) if rpc else None
    if dry_run:
        first_nonce = client.nonce(account) if client else 0
        now = client.block().timestamp if client else 0
        _show(plan_everything(choice, deployer=account, first_nonce=first_nonce, now=now), client)
        return
    if key is None or client is None:
        raise ConfigurationError("no key to sign with.", code="chain.deploy", hint="Give --key-file, or --dry-run.")
    _run(client, key, choice, out, market_out)


def _run(client: RpcClient, key: bytes, choice: Choice, out: Path, market_out: Path) -> None:
    journal = _journal(client, out)
    used: list[int] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("deploying")

        def on_step(step: Step, receipt: Receipt) -> None:
            used.append(receipt.gas_used)
            progress.update(task, description=f"{len(used)} {step.what}")

        book, market = deploy_everything(client, key, choice, journal=journal, on_step=on_step)
    market.save(market_out)
    book.save(out)
    journal.finish()
    for name, creation in book.creations.items():
        console.print(f"{name:<16} {creation.address}", markup=False)
    console.print(f"{len(used)} transactions, {sum(used):,} gas, from block {book.deploy_block}. Books: {out}, {market_out}")


def _journal(client: RpcClient, out: Path) -> Journal:
    """What was begun for this book; refuses where the book says that all is done."""
    journal = Journal.beside(out)
    if journal.begun is not None:
        signed = sum(bool(hashes) for hashes in journal.sent)
        console.print(f"Going on with the deployment of {journal.path}: {signed} transactions were signed.", markup=False)
    elif out.exists() and AddressBook.load(out).genesis_hash == client.genesis_hash():
        raise ConfigurationError(
            "this is the book of a whole deployment on this chain.", code="chain.deployed", where=str(out),
            hint="Check it with `cloudtuner chain verify`; to deploy once more, name another --out.",
        )  # fmt: skip
    return journal


def _show(made: Everything, client: RpcClient | None) -> None:
    network = made.parameters.network
    console.print(f"Dry run on {network.name} (chain {network.chain_id}) by {made.deployer}: nothing is signed or sent.")
    for place, step in enumerate(made.steps):
        size = len(step.init_code) or len(step.call.data if step.call else b"")
        gas = _gas(client, step, made.deployer)
        console.print(f"{made.first_nonce + place:>4}  {step.what:<48} {step.creates or '':<42} {size:>6} B  {gas}")
    console.print(f"owner: {made.parameters.owner}")
    staked = sum(grant.stake for grant in made.parameters.validators)
    split = ", ".join(f"{share.name} {token_text(share.amount, places=0)}" for share in shares())
    console.print(f"TUNER: {split}; of these {token_text(staked, places=0)} for the first validators.")


def _gas(client: RpcClient | None, step: Step, deployer: str) -> str:
    """What a creation would use now; empty where that is known only once the contracts before it are there."""
    if client is None or step.creates is None:
        return ""
    try:
        return f"{client.estimate_gas(None, sender=deployer, init_code=step.init_code):,} gas"
    except ChainError as error:
        if not error.code.startswith("chain.rever"):
            raise
        return ""


def _beneficiaries(given: list[str]) -> dict[str, str]:
    """Accounts of grants by role, empty where none was given."""
    known = {share.beneficiary: "" for share in shares() if share.to == "grant"}
    for text in given:
        role, _, address = text.partition("=")
        if role not in known:
            raise ConfigurationError(
                f"--beneficiary {text!r} is not ROLE=ADDRESS.", code="chain.deploy", hint=f"Roles are {', '.join(known)}."
            )
        known[role] = address
    return known


def _given_venues(network: str, dollar: str, pool_manager: str) -> Venues | None:
    """Venues with another dollar or another manager of pools than the published ones; None when neither was given."""
    chain = network_named(network)
    known = None if chain.chain_id == NETWORKS["local"].chain_id else published(chain.chain_id)
    if not dollar and (not pool_manager or known is None):
        if pool_manager:
            raise ConfigurationError("--pool-manager needs --dollar on this network.", code="chain.deploy")
        return None
    token = known.dollar if known else None
    if dollar:
        address, _, decimals = dollar.partition(":")
        if not decimals.isdigit():
            raise ConfigurationError(f"--dollar {dollar!r} is not ADDRESS:DECIMALS.", code="chain.deploy")
        token = Dollar(normal_address(address, field="--dollar"), "USD", int(decimals))
    assert token is not None
    manager = normal_address(pool_manager, field="--pool-manager") if pool_manager else (known.v4_manager if known else None)
    return Venues(token, v4_manager=manager, sequencer_feed=known.sequencer_feed if known else None)


def _roles(network: str, account: str, **given: str) -> dict[str, str]:
    named = {role: f"--beneficiary {role}=…" if role in _beneficiaries([]) else f"--{role}" for role in given}
    missing = [named[role] for role, address in given.items() if not address]
    if missing and not network_named(network).test:
        raise ConfigurationError(
            f"{', '.join(missing)} not given.", code="chain.deploy", hint="On a main network every role is named."
        )
    return {role: normal_address(address, field=named[role]) if address else account for role, address in given.items()}


def _grant(text: str) -> ValidatorGrant:
    try:
        staker, signer, amount = text.split(":")
        return ValidatorGrant(
            normal_address(staker, field="staker"), normal_address(signer, field="signer"), int(amount) * TUNER_UNIT
        )
    except ValueError as error:
        raise ConfigurationError(f"--validator {text!r} is not STAKER:SIGNER:TUNER.", code="chain.deploy") from error


def _built_in_factor_set() -> str:
    from emissions.grid.catalog import load_factor_set  # reads the whole catalogue

    return load_factor_set().id
