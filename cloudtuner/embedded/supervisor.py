"""The whole platform on one machine: started in order, watched, and stopped so that nothing is left behind."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from cloudtuner.embedded.anvil import CHAIN_ID, REPOSITORY, EmbeddedAnvil
from cloudtuner.embedded.postgres import EmbeddedPostgres
from cloudtuner.embedded.process import Child, ChildFailed, claim, claim_port, free_port, port_open, tail
from cloudtuner.embedded.secrets import Keyring
from cloudtuner.embedded.valkey import EmbeddedValkey
from cloudtuner.errors import ConfigurationError
from tokens.chain.endpoint import shown
from tokens.chain.light import LightClient
from tokens.chain.networks import NETWORKS

PREFERRED_WEB_PORT = 8480
BASE_DOMAIN = "cloudtuner.localhost"
# How to reach the running installation; holds the database's password, so only its owner may read it.
ENVIRONMENT = "environment.json"


class Stopped(Exception):
    """Ctrl-C or SIGTERM asked us to end."""


@dataclass
class Supervisor:
    """Owns the children of one data folder. `start` brings all up, `watch` returns only by Stopped, `stop` ends all."""

    data_dir: Path
    web_port: int = 0
    validators: int = 4
    say: Callable[[str], None] = print
    children: list[Child] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    _postgres: EmbeddedPostgres | None = None
    _valkey: EmbeddedValkey | None = None
    _port_lock: int | None = None
    _folder_lock: int | None = None
    anvil: EmbeddedAnvil | None = None

    @property
    def logs(self) -> Path:
        """Where the children's logs go."""
        return self.data_dir / "logs"

    @property
    def public_url(self) -> str:
        """The public host's address for people."""
        return f"http://{BASE_DOMAIN}:{self.web_port}"

    @property
    def machine_url(self) -> str:
        """The public host's address for programs: Python does not resolve *.localhost."""
        return f"http://127.0.0.1:{self.web_port}"

    def start(self) -> None:
        """Starts everything; returns when the web server answers ready.

        Raises ConfigurationError `embedded.running` when another one runs on the folder: its database would be taken for
        one that was left behind, and ended.
        """
        self.data_dir = self.data_dir.absolute()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._folder_lock = claim(self.data_dir / "lock")
        if self._folder_lock is None:
            raise ConfigurationError(
                "a platform runs from this folder already.",
                code="embedded.running",
                where=str(self.data_dir),
                hint="Stop it with Ctrl-C first, or name another --data-dir.",
            )
        keyring = Keyring(self.data_dir / "keys", self.validators)
        keyring.ensure()
        self._choose_port()
        self.env = self._environment(keyring)
        self._start_servers()
        self._prepare_chain(keyring)
        self._migrate()
        self._start_web()
        self._start_workers()
        self._start_validators(keyring)
        (self.data_dir / "run.json").write_text(json.dumps(self.describe(), indent=1))
        _write_private(self.data_dir / ENVIRONMENT, json.dumps(self._for_staff(), indent=1))

    def _for_staff(self) -> dict[str, str]:
        """What `cloudtuner manage` needs to reach this installation as the app role: the web's environment, no signing key."""
        kept = {key: value for key, value in self.env.items() if key.startswith(("CLOUDTUNER_", "DJANGO_")) or key in _OVERRIDES}
        return self._known(kept, keys=_WEB_KEYS)

    def demo_env(self) -> dict[str, str]:
        """What the demo journey works with: as the web does, it signs nothing and owns nothing."""
        return self._known(self.env, keys=_WEB_KEYS)

    @staticmethod
    def _known(env: Mapping[str, str], *, keys: Sequence[str] = (), owner: bool = False) -> dict[str, str]:
        """An environment without the key files and the owner's URL that are not needed."""
        unknown = {*_KEYS, "DATABASE_OWNER_URL"} - {*keys, *(("DATABASE_OWNER_URL",) if owner else ())}
        return {name: value for name, value in env.items() if name not in unknown}

    def describe(self) -> dict[str, object]:
        """What others may know of the running installation; no secret in it."""
        return {
            "public_url": self.public_url,
            "machine_url": self.machine_url,
            "rpc_url": self.env["RPC_URL"],
            "chain_id": int(self.env["CLOUDTUNER_CHAIN_ID"]),
            "address_book": self.env["CLOUDTUNER_ADDRESS_BOOK"],
            "trust_file": str(self.data_dir / "trust.json"),
            "data_dir": str(self.data_dir),
            "pids": {child.name: child.pid for child in self.children},
        }

    def watch(self) -> None:
        """Mines while something waits for blocks and fails loudly when a child ends. Leaves only by an exception."""
        while True:
            self.tick()
            time.sleep(1)

    def tick(self) -> None:
        """One second's work of the supervisor."""
        for child in self.children:
            child.check()
        if self.anvil and self._blocks_wanted():
            self.anvil.mine()

    def stop(self) -> None:
        """Ends every child in the reverse order of its start, and waits for each. Safe to call at any point, twice."""
        for child in reversed(self.children):
            child.ask_to_stop()
        deadline = time.monotonic() + 6
        for child in reversed(self.children):
            child.stop(timeout_s=max(0.2, deadline - time.monotonic()))
        self.children.clear()
        for part in (self.anvil, self._valkey, self._postgres):
            if part is not None:
                part.stop()
        if self._port_lock is not None:
            os.close(self._port_lock)
            self._port_lock = None
        if self._folder_lock is not None:
            for name in ("run.json", ENVIRONMENT):
                (self.data_dir / name).unlink(missing_ok=True)
            os.close(self._folder_lock)
            self._folder_lock = None

    # --- the parts -------------------------------------------------------------------------------------------------

    def _choose_port(self) -> None:
        """The port stays the same over starts, since links in certificates name it."""
        remembered = self.data_dir / "web.port"
        if not self.web_port:
            self.web_port = int(remembered.read_text()) if remembered.exists() else PREFERRED_WEB_PORT
        self._port_lock = None if port_open(self.web_port) else claim_port(self.web_port)
        while self._port_lock is None:
            self.web_port = free_port()
            self._port_lock = claim_port(self.web_port)
        remembered.write_text(str(self.web_port))

    def _environment(self, keyring: Keyring) -> dict[str, str]:
        """What the children's environment says beside our own."""
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "CLOUDTUNER_"))}
        return {
            # One that is set to nothing is not set.
            **{key: value for key, value in outside.items() if value or key not in _OVERRIDES},
            "DJANGO_SETTINGS_MODULE": "cloudtuner.settings.embedded",
            "CLOUDTUNER_MODE": "embedded",
            "CLOUDTUNER_DATA_DIR": str(self.data_dir),
            "CLOUDTUNER_BASE_DOMAIN": BASE_DOMAIN,
            "CLOUDTUNER_WEB_PORT": str(self.web_port),
            "CLOUDTUNER_ADDRESS_BOOK": str(self.data_dir / "address-book.json"),
            "CLOUDTUNER_ISSUER_DIR": str(self.data_dir / "issuer"),
            "CLOUDTUNER_SECRET_KEY_FILE": str(keyring.path("django")),
            "CLOUDTUNER_MASTER_KEY_FILE": str(keyring.path("master")),
            "CLOUDTUNER_NETWORK_KEY_FILE": str(keyring.path("network")),
            "CLOUDTUNER_RELAYER_KEY_FILE": str(keyring.path("relayer")),
            "CLOUDTUNER_REGISTRAR_KEY_FILE": str(keyring.path("registrar")),
            "ETH_HASH_BACKEND": "pysha3",
            "PYTHONUNBUFFERED": "1",
        }

    def _start_servers(self) -> None:
        """Database, broker and chain, each only where its URL is not given."""
        if "DATABASE_URL" not in self.env:
            self._postgres = EmbeddedPostgres(self.data_dir)
            self.env["DATABASE_URL"], self.env["DATABASE_OWNER_URL"] = self._postgres.start()
            self.say("PostgreSQL   embedded, 127.0.0.1")
        else:
            self.say("PostgreSQL   DATABASE_URL")
        if "CELERY_BROKER_URL" not in self.env:
            self._valkey = EmbeddedValkey(self.data_dir)
            self.env["CELERY_BROKER_URL"] = self._valkey.start()
            self.say("Broker       embedded Valkey, 127.0.0.1")
        else:
            self.say("Broker       CELERY_BROKER_URL")
        if "RPC_URL" not in self.env:
            self.anvil = EmbeddedAnvil(self.data_dir)
            self.env["RPC_URL"] = self.anvil.start()
            chain_id = CHAIN_ID
            self.say(f"Chain        embedded anvil, chain id {CHAIN_ID} (test network: tokens have no value)")
        else:
            chain_id = outside_test_chain(self.env["RPC_URL"])
            self.say(f"Chain        RPC_URL, chain id {chain_id} (test network: tokens have no value)")
        self.env["CLOUDTUNER_CHAIN_ID"] = str(chain_id)

    def _prepare_chain(self, keyring: Keyring) -> None:
        """Gas for our accounts and the contracts, once per chain; a chain that is not ours any more stops the start."""
        from cloudtuner.embedded.network import ensure_network  # loads web3, which an outside chain's start needs too

        if self.anvil is None and not Path(self.env["CLOUDTUNER_ADDRESS_BOOK"]).exists():
            raise ChildFailed(
                "RPC_URL is set but no address book exists.",
                where=self.env["CLOUDTUNER_ADDRESS_BOOK"],
                hint="Run `cloudtuner chain deploy` for that chain first, and put its address book there.",
            )
        book = ensure_network(
            rpc_url=self.env["RPC_URL"],
            book_path=Path(self.env["CLOUDTUNER_ADDRESS_BOOK"]),
            keyring=keyring,
            fund=self.anvil.fund if self.anvil else None,
            issuer_dir=Path(self.env["CLOUDTUNER_ISSUER_DIR"]),
            trust_path=self.data_dir / "trust.json",
            registry_url=self.machine_url,
        )
        self.say(f"Contracts    PoCE {book.poce}, Retirement {book.retirement}")

    def _migrate(self) -> None:
        """Brings every schema up to date; skipped when our own server saw these very migrations and rights before."""
        stamp = self.data_dir / "migrated"
        digest = hashlib.sha256()
        for path in sorted(
            [*REPOSITORY.glob("*/migrations/*.py"), *REPOSITORY.glob("*/*/migrations/*.py"), *REPOSITORY.glob("accounts/*.py")]
        ):
            digest.update(path.read_bytes())
        if self._postgres and stamp.exists() and stamp.read_text() == digest.hexdigest():
            return
        self._manage("migrate_all", "--verbosity", "0")
        # The keeper of spares starts later; the first person to sign up must not come before it.
        self._manage("provision_spares", keys=_SPARE_KEYS)
        stamp.write_text(digest.hexdigest())

    def _manage(self, *words: str, keys: Sequence[str] = ()) -> None:
        """Runs a management command as the owner to its end; its words are shown only when it fails."""
        env = {**self._known(self.env, keys=keys, owner=True), "CLOUDTUNER_DB_ROLE": "owner"}
        done = subprocess.run([sys.executable, "-m", "django", *words], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ChildFailed(f"`{' '.join(words)}` failed:\n{done.stderr.strip()[-3000:]}")

    def _start_workers(self) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "cloudtuner.celery", "--quiet"]
        common = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        ingest = [*celery, "worker", "-Q", "ingest,documents", "-c", "1", "-n", "ingest@%h", *common]
        self._child("worker-ingest", ingest, keys=_WEB_KEYS)
        # The beat lives in the chain worker: one process less to start, and there is one such worker.
        beat = ["-B", "-s", str(self.data_dir / "beat.db")]
        self._child("worker-chain", [*celery, "worker", "-Q", "chain", "-c", "1", "-n", "chain@%h", *beat, *common], keys=_KEYS)
        self._child("spares", [sys.executable, "-m", "django", "provision_spares", "--watch"], owner=True, keys=_SPARE_KEYS)

    def _start_web(self) -> None:
        web = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "cloudtuner.wsgi:application", "--host", "127.0.0.1",
            "--port", str(self.web_port), "--workers", "2", "--blocking-threads", "4", "--log-level", "warning",
        ]  # fmt: skip
        child = self._child("web", web, keys=_WEB_KEYS)
        deadline = time.monotonic() + 60
        while not self._answers("/readyz"):
            child.check()
            if time.monotonic() > deadline:
                raise ChildFailed(f"the web server is not ready after 60 s:\n{tail(child.log)}", hint=f"Log: {child.log}")
            time.sleep(0.1)
        self.say(f"Web          {self.public_url}")

    def _start_validators(self, keyring: Keyring) -> None:
        for index in range(1, self.validators + 1):
            home = self.data_dir / "validators" / str(index)
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            config = {
                "service_url": self.machine_url,
                "rpc_url": self.env["RPC_URL"],
                "address_book": self.env["CLOUDTUNER_ADDRESS_BOOK"],
                "key_file": str(keyring.path(f"validator-{index}")),
                "network_key_file": str(keyring.path("network")),
                "data_dir": str(home),
                "poll_seconds": 1,
            }
            (home / "config.json").write_text(json.dumps(config, indent=1))
            self._child(
                f"validator-{index}",
                [sys.executable, "-m", "tokens.validator.cli", "run", "--config", str(home / "config.json")],
                agent=True,
            )
        self.say(f"Validators   {self.validators} processes")

    def _child(
        self, name: str, command: list[str], *, owner: bool = False, keys: Sequence[str] = (), agent: bool = False
    ) -> Child:
        """Starts a child that knows no more than it needs: the owner's URL and the keys only where they are used."""
        env = self._known(self.env, keys=keys, owner=owner)
        if owner:
            env["CLOUDTUNER_DB_ROLE"] = "owner"
        if agent:
            # A validator belongs to somebody else: it gets nothing of ours but what its configuration names.
            env = {
                key: value for key, value in env.items() if not key.startswith(("CLOUDTUNER_", "DATABASE_", "CELERY_", "DJANGO_"))
            }
        child = Child(name, command, log=self.logs / f"{name}.log", env=env).start()
        self.children.append(child)
        return child

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.machine_url + path, timeout=5) as response:  # noqa: S310  a loopback URL of our own
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _blocks_wanted(self) -> bool:
        try:
            with urllib.request.urlopen(self.machine_url + "/poce/v1/network", timeout=2) as response:  # noqa: S310
                return bool(json.load(response).get("waiting_for_blocks", False))
        except (urllib.error.URLError, OSError, ValueError):
            return False


_KEYS = tuple(f"CLOUDTUNER_{name}_KEY_FILE" for name in ("MASTER", "NETWORK", "REGISTRAR", "RELAYER"))
# Who reads bills or shows nodes names them by the network's key; who keeps spares seals new keys under the master.
_WEB_KEYS, _SPARE_KEYS = ("CLOUDTUNER_NETWORK_KEY_FILE",), ("CLOUDTUNER_MASTER_KEY_FILE",)
_OVERRIDES = frozenset({"DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "RPC_URL", "OBJECT_STORE_URL"})


def outside_test_chain(rpc_url: str) -> int:
    """The chain id that an endpoint of somebody else answers with.

    Raises ConfigurationError `embedded.not_a_test_network`: keys made here for development send whatever the demo does.
    """
    chain_id = LightClient(rpc_url).chain_id()
    tests = {network.chain_id: network.name for network in NETWORKS.values() if network.test}
    if chain_id not in tests:
        raise ConfigurationError(
            f"RPC_URL is chain {chain_id}, which is none of the test networks {', '.join(tests.values())}.",
            code="embedded.not_a_test_network",
            where=shown(rpc_url),
            hint="Unset RPC_URL for a chain of your own, or name a test network's; for a main network run the service with "
            "the production settings.",
        )
    return chain_id


def _write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, also when an earlier one was left behind."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def stop_on_signals() -> None:
    """Turns the first Ctrl-C or SIGTERM into Stopped; later ones are ignored, so that stopping is not cut short."""

    def handler(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped

    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)
