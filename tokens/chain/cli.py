"""`cloudtuner chain …`: deploy the contracts, or show what a deployment would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cloudtuner.errors import ConfigurationError
from cloudtuner.units import token_text
from emissions.poce.hexes import normal_address
from emissions.poce.keys import address_of

from .client import Receipt, RpcClient
from .deploy import DeployParameters, Plan, Step, ValidatorGrant, deploy, plan
from .networks import NETWORKS, TUNER_UNIT, network_named

console = Console(highlight=False, soft_wrap=True)


def deploy_command(
    network: Annotated[str, typer.Option(help=f"One of {', '.join(NETWORKS)}.")] = "local",
    rpc: Annotated[str, typer.Option(help="The chain's JSON-RPC address.", envvar="RPC_URL")] = "",
    key_file: Annotated[Path | None, typer.Option(help="File with the deployer's private key, hex.")] = None,
    out: Annotated[Path, typer.Option(help="Where the address book is written.")] = Path("address-book.json"),
    owner: Annotated[str, typer.Option(help="Owner of the rules, a timelock on main networks.")] = "",
    registrar: Annotated[str, typer.Option(help="Signs registrations of nodes.")] = "",
    guardian: Annotated[str, typer.Option(help="May veto inside the window and pause minting.")] = "",
    treasury: Annotated[str, typer.Option(help="Receives the TUNER that is neither pool nor stake.")] = "",
    validator: Annotated[list[str] | None, typer.Option(help="STAKER:SIGNER:TUNER, once per validator.")] = None,
    factor_set: Annotated[str, typer.Option(help="Id of the genesis factor set; the built-in one by default.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Show the transactions; sign and send nothing.")] = False,
    deployer: Annotated[str, typer.Option(help="The deployer's address, for a dry run without its key.")] = "",
) -> None:
    """Deploys the contracts and writes the address book. Roles that are not given are the deployer's, on test networks."""
    key = read_key(key_file) if key_file else None
    account = address_of(key) if key else (normal_address(deployer, field="--deployer") if deployer else "")
    if not account:
        raise ConfigurationError(
            "nobody to deploy: no --key-file.", code="chain.deploy", hint="For a dry run --deployer ADDRESS is enough."
        )
    if not rpc and not dry_run:
        raise ConfigurationError("no chain to deploy to.", code="chain.deploy", hint="Give --rpc or set RPC_URL.")
    roles = _roles(network, account, owner=owner, registrar=registrar, guardian=guardian, treasury=treasury)
    parameters = DeployParameters(
        network=network_named(network),
        owner=roles["owner"],
        registrar=roles["registrar"],
        guardian=roles["guardian"],
        treasury=roles["treasury"],
        factor_set=factor_set or _built_in_factor_set(),
        validators=tuple(_grant(text) for text in validator or ()),
    )
    client = RpcClient(rpc) if rpc else None
    if dry_run:
        first_nonce = client.nonce(account) if client else 0
        _show(plan(parameters, deployer=account, first_nonce=first_nonce), parameters, client)
        return
    if key is None or client is None:
        raise ConfigurationError("no key to sign with.", code="chain.deploy", hint="Give --key-file, or --dry-run.")
    _run(client, key, parameters, out)


def _run(client: RpcClient, key: bytes, parameters: DeployParameters, out: Path) -> None:
    made = plan(parameters, deployer=address_of(key), first_nonce=client.nonce(address_of(key)))
    used: list[int] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("deploying", total=len(made.steps))

        def on_step(step: Step, receipt: Receipt) -> None:
            used.append(receipt.gas_used)
            progress.update(task, advance=1, description=f"{len(used)}/{len(made.steps)} {step.what}")

        book = deploy(client, key, parameters, on_step=on_step)
    book.save(out)
    for name, address in book.contracts.items():
        console.print(f"{name:<14} {address}")
    console.print(f"{len(used)} transactions, {sum(used):,} gas, from block {book.deploy_block}. Address book: {out}")


def _show(made: Plan, parameters: DeployParameters, client: RpcClient | None) -> None:
    network = parameters.network
    console.print(f"Dry run on {network.name} (chain {network.chain_id}) by {made.deployer}: nothing is signed or sent.")
    for place, step in enumerate(made.steps):
        size = len(step.init_code) or len(step.call.data if step.call else b"")
        gas = (
            f"{client.estimate_gas(None, sender=made.deployer, init_code=step.init_code):,} gas"
            if client and step.creates
            else ""
        )
        console.print(f"{made.first_nonce + place:>4}  {step.what:<48} {step.creates or '':<42} {size:>6} B  {gas}")
    staked = sum(grant.stake for grant in parameters.validators)
    console.print(f"TUNER: pool {token_text(parameters.pool, places=0)}, stakes {token_text(staked, places=0)}.")


def _roles(network: str, account: str, **given: str) -> dict[str, str]:
    missing = [f"--{role}" for role, address in given.items() if not address]
    if missing and not network_named(network).test:
        raise ConfigurationError(
            f"{', '.join(missing)} not given.", code="chain.deploy", hint="On a main network every role is named."
        )
    return {role: normal_address(address, field=f"--{role}") if address else account for role, address in given.items()}


def _grant(text: str) -> ValidatorGrant:
    try:
        staker, signer, amount = text.split(":")
        return ValidatorGrant(
            normal_address(staker, field="staker"), normal_address(signer, field="signer"), int(amount) * TUNER_UNIT
        )
    except ValueError as error:
        raise ConfigurationError(f"--validator {text!r} is not STAKER:SIGNER:TUNER.", code="chain.deploy") from error


def read_key(path: Path) -> bytes:
    """The private key in a file; raises ConfigurationError unless it holds 32 bytes as hex."""
    try:
        key = bytes.fromhex(path.read_text(encoding="utf-8").strip().removeprefix("0x"))
    except OSError as error:
        raise ConfigurationError(f"the key file cannot be read: {error.strerror}.", where=str(path)) from error
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ConfigurationError("the key file does not hold 32 bytes as hex.", where=str(path))
    return key


def _built_in_factor_set() -> str:
    from emissions.grid.catalog import load_factor_set  # reads the whole catalogue

    return load_factor_set().id
