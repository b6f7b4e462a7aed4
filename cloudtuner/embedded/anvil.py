"""A chain of our own: anvil, on loopback, with its state kept in the data folder.

It mines when a transaction arrives. Finality and windows need more blocks than that, so the supervisor mines an empty
one a second while something waits for them, and none otherwise.
"""

from __future__ import annotations

import json
import shutil
import signal
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path

from cloudtuner.embedded.postgres import EmbeddedPartWarning
from cloudtuner.embedded.process import Child, free_port, port_open
from cloudtuner.errors import ChainUnreachable, ConfigurationError

CHAIN_ID = 31337
REPOSITORY = Path(__file__).resolve().parents[2]


class EmbeddedAnvil:
    """Starts the chain on a folder and stops it; the port survives, since wallets and the trust file name it."""

    def __init__(self, data_dir: Path) -> None:
        self.home = data_dir.absolute() / "anvil"
        self.child: Child | None = None
        self.url = ""

    def start(self) -> str:
        """Starts the chain, with its earlier state if there is one; returns the RPC URL."""
        warnings.warn("EmbeddedAnvil is for development", EmbeddedPartWarning, stacklevel=2)
        self.home.mkdir(parents=True, exist_ok=True)
        remembered = self.home / "port"
        port = int(remembered.read_text()) if remembered.exists() else free_port()
        if port_open(port):
            port = free_port()
        remembered.write_text(str(port))
        born = self.home / "genesis.time"
        if not born.exists():
            born.write_text(str(int(time.time())))
        # Without a fixed time anvil makes a new genesis block at every start, and the chain would be another one.
        command = [
            _binary(), "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(CHAIN_ID), "--hardfork", "prague",
            "--timestamp", born.read_text(), "--accounts", "1", "--balance", "1",
            "--state", str(self.home / "state.json"), "--state-interval", "30", "--quiet",
        ]  # fmt: skip
        # SIGINT lets anvil write its state before it ends.
        self.child = Child("anvil", command, log=self.home / "anvil.log", stop_signal=signal.SIGINT).start()
        self.child.wait_for_port(port)
        self.url = f"http://127.0.0.1:{port}"
        # The fixed time holds anvil's clock back as well: set it right before the first block.
        self._call("evm_setTime", [int(time.time())])
        return self.url

    def stop(self) -> None:
        """Stops the chain; its state is written first."""
        if self.child:
            self.child.stop()
            self.child = None

    def mine(self) -> None:
        """Mines one empty block."""
        self._call("evm_mine", [])

    def fund(self, address: str, ether: int = 1000) -> None:
        """Gives an address test money for gas."""
        self._call("anvil_setBalance", [address, hex(ether * 10**18)])

    def _call(self, method: str, parameters: list[object]) -> object:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})  # noqa: S310  a loopback URL of our own
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                answer = json.load(response)
        except (urllib.error.URLError, TimeoutError) as error:
            raise ChainUnreachable(f"anvil does not answer {method}: {error}") from error
        if "error" in answer:
            raise ChainUnreachable(f"anvil refused {method}: {answer['error']}")
        return answer["result"]


def _binary() -> str:
    local = REPOSITORY / "node_modules" / ".bin" / "anvil"
    found = str(local) if local.exists() else shutil.which("anvil")
    if not found:
        raise ConfigurationError(
            "anvil was not found", hint="Run `make up`, which installs it, or set RPC_URL to a chain of yours."
        )
    return found
