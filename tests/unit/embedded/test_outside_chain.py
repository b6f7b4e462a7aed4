"""Which chain does an endpoint of somebody else serve, and may keys made for development send there?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from cloudtuner.embedded.supervisor import outside_test_chain
from cloudtuner.errors import ChainUnreachable, ConfigurationError


@contextmanager
def _endpoint(chain_id: int) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert question["method"] == "eth_chainId"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"jsonrpc": "2.0", "id": 1, "result": hex(chain_id)}).encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v2/paid-for"
        server.shutdown()


@pytest.mark.parametrize("chain_id", [31337, 80002, 421614])
def test_outside_chain__test_network__is_the_one_that_answers(chain_id: int) -> None:
    with _endpoint(chain_id) as url:
        assert outside_test_chain(url) == chain_id


@pytest.mark.parametrize("chain_id", [1, 137, 42161])
def test_outside_chain__main_network__is_refused_without_telling_the_endpoint_key(chain_id: int) -> None:
    with _endpoint(chain_id) as url, pytest.raises(ConfigurationError, match=f"chain {chain_id}, ") as refused:
        outside_test_chain(url)
    assert refused.value.code == "embedded.not_a_test_network"
    assert "paid-for" not in str(refused.value)


def test_outside_chain__nobody_answers__is_said() -> None:
    with pytest.raises(ChainUnreachable, match=r"127\.0\.0\.1:9"):
        outside_test_chain("http://127.0.0.1:9")
