"""`cloudtuner`: what an operator or a developer types."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cloudtuner.errors import CloudTunerError, ConfigurationError
from emissions.engine.cli import estimate_command, split_command
from emissions.engine.compare.cli import compare_command
from emissions.grid.cli import factors_app
from tokens.deployment.cli import status_command, verify_command
from tokens.deployment.deploying import deploy_command
from tokens.deployment.proposals import proposals_command
from tokens.market.cli import market_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Cloud bills become a re-checkable hourly carbon ledger.",
)
chain_app = typer.Typer(no_args_is_help=True, help="Contracts and address books.", callback=lambda: None)
app.add_typer(chain_app, name="chain")
app.add_typer(factors_app, name="factors")
app.add_typer(market_app, name="market")
app.command("estimate")(estimate_command)
app.command("split")(split_command)
app.command("compare")(compare_command)
chain_app.command("deploy")(deploy_command)
chain_app.command("verify")(verify_command)
chain_app.command("status")(status_command)
chain_app.command("proposals")(proposals_command)
console = Console(highlight=False, soft_wrap=True)

DataDir = Annotated[Path, typer.Option(help="Where everything is kept.", envvar="CLOUDTUNER_DATA_DIR")]


@app.command()
def up(
    data_dir: DataDir = Path(".data"),
    port: Annotated[int, typer.Option(help="Web port; 0 keeps the earlier one.")] = 0,
    demo: Annotated[bool, typer.Option(help="Run the demo journey.")] = True,
    stay: Annotated[bool, typer.Option(help="Stay up until Ctrl-C.")] = True,
) -> None:
    """Starts the whole platform on this machine, runs the demo journey and stays up until Ctrl-C."""
    from cloudtuner.embedded.postgres import EmbeddedPartWarning
    from cloudtuner.embedded.supervisor import Stopped, Supervisor, stop_on_signals

    warnings.simplefilter("ignore", EmbeddedPartWarning)
    started = time.monotonic()
    supervisor = Supervisor(data_dir=data_dir, web_port=port, say=lambda text: console.print(f"  {text}"))
    stop_on_signals()
    status = 0
    try:
        console.print("[bold]CloudTuner[/bold]: development installation, every server on 127.0.0.1")
        supervisor.start()
        if demo:
            status = _run_demo(supervisor.data_dir, supervisor.demo_env(), supervisor.tick)
        console.print(f"\nReady in {time.monotonic() - started:.1f} s. Data: {supervisor.data_dir}")
        if status == 0 and stay:
            console.print("Ctrl-C stops everything.")
            supervisor.watch()
    except Stopped:
        console.print("\nStopping …")
    except CloudTunerError as error:
        console.print(str(error), style="red", markup=False)
        status = 1
    finally:
        supervisor.stop()
        console.print("Stopped.")
    raise typer.Exit(status)


@app.command()
def demo(
    data_dir: DataDir = Path(".data"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a step.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Then airdrop, stake, slash, market, loan and vote.")] = False,
) -> None:
    """Runs the demo journey on an installation of its own, checks every figure, and stops it again."""
    from cloudtuner.embedded.postgres import EmbeddedPartWarning
    from cloudtuner.embedded.supervisor import Stopped, Supervisor, stop_on_signals

    warnings.simplefilter("ignore", EmbeddedPartWarning)
    supervisor = Supervisor(data_dir=data_dir, say=lambda text: None if as_json else console.print(f"  {text}"))
    stop_on_signals()
    status = 1
    try:
        supervisor.start()
        status = _run_demo(supervisor.data_dir, supervisor.demo_env(), supervisor.tick, as_json=as_json, everything=everything)
    except Stopped:
        status = 130
    except CloudTunerError as error:
        console.print(str(error), style="red", markup=False)
    finally:
        supervisor.stop()
    raise typer.Exit(status)


def _run_demo(
    data_dir: Path, env: dict[str, str], tick: Callable[[], object], *, as_json: bool = False, everything: bool = False
) -> int:
    """Runs the journey beside the running platform; the supervisor's tick goes on meanwhile. Returns the exit status."""
    options = [*(["--json"] if as_json else []), *(["--all"] if everything else [])]
    command = [sys.executable, "-m", "django", "demo", *options]
    process = subprocess.Popen(command, env=env, cwd=data_dir)
    try:
        while process.poll() is None:
            tick()
            time.sleep(0.5)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return process.returncode


@app.command()
def doctor(data_dir: DataDir = Path(".data")) -> None:
    """Says what an installation is made of and what is wrong with it; shows no secret."""
    from cloudtuner.embedded.doctor import examine

    findings = examine(data_dir)
    for finding in findings:
        mark = {"ok": "[green]ok[/green]  ", "warn": "[yellow]look[/yellow]", "bad": "[red]bad[/red] "}[finding.state]
        console.print(f"{mark} {escape(f'{finding.subject}: {finding.text}')}")
    raise typer.Exit(1 if any(finding.state == "bad" for finding in findings) else 0)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def manage(context: typer.Context, data_dir: DataDir = Path(".data")) -> None:
    """Runs a Django management command on the running installation, as the app role: `cloudtuner manage createsuperuser`."""
    from cloudtuner.embedded.supervisor import ENVIRONMENT

    path = data_dir.absolute() / ENVIRONMENT
    if not path.exists():
        raise ConfigurationError(
            "no platform runs from this folder.", code="manage.not_running", where=str(data_dir), hint="Start it with `make up`."
        )
    env = {**os.environ, **json.loads(path.read_text(encoding="utf-8"))}
    raise typer.Exit(subprocess.run([sys.executable, "-m", "django", *context.args], env=env, check=False).returncode)


def main() -> None:
    """The entry point: errors of the family are one line, not a traceback."""
    try:
        app()
    except CloudTunerError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
