"""Hosts on this machine that answer as a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Respond = Callable[[str, Any], tuple[int, Any]]
"""From a path and the JSON that was posted (None for a GET) to a status and the JSON to send.

None sends no body; with a status of 302 the value is where to go instead.
"""


def _handler(respond: Respond) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*respond(self.path, None))

        def do_POST(self) -> None:
            self._answer(*respond(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def _answer(self, status: int, value: Any) -> None:
            self.send_response(status)
            body = b"" if value is None or status == 302 else json.dumps(value).encode()
            if status == 302:
                self.send_header("Location", value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


@pytest.fixture
def serve() -> Iterator[Callable[[Respond], str]]:
    """Starts a host that answers by a function until the test ends, and gives its address."""
    with ExitStack() as stack:

        def start(respond: Respond) -> str:
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _handler(respond)))
            # `shutdown` waits for one turn of this loop, half a second unless told otherwise.
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture
def serve_chain(serve: Callable[[Respond], str]) -> Callable[[Callable[[str, list[Any]], Any]], str]:
    """The same for a chain's endpoint: the function takes a method with its parameters and gives the result."""

    def start(result: Callable[[str, list[Any]], Any]) -> str:
        return serve(lambda _, asked: (200, {"jsonrpc": "2.0", "id": 1, "result": result(asked["method"], asked["params"])}))

    return start
