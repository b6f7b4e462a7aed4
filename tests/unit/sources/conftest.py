"""Object stores on this machine: moto for S3; for Google and Azure small stand-ins that speak list and get, and say so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from emissions.sources.stores import Access

_DATE = "Sun, 01 Mar 2026 00:00:00 GMT"


class StandIn(ThreadingHTTPServer):
    """List and get of one bucket, in Google's XML or Azure's. `denied` answers 403; `cut` sends half of each object."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.objects: dict[str, bytes] = {}
        self.denied = self.cut = False
        self.methods: set[str] = set()
        self.gets: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: StandIn
    server_version = "stand-in-not-a-cloud"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.methods.add(self.command)
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        path = unquote(url.path).removeprefix("/aravali").lstrip("/")
        if self.server.denied:
            self._send(403, b"<Error><Code>AccessDenied</Code></Error>")
        elif query.get("comp") == "list":
            self._send(200, self._azure(query.get("prefix", "")))
        elif "list-type" in query:
            self._send(200, self._google(query.get("prefix", "")))
        else:
            name = path.partition("/")[2]
            data = self.server.objects.get(name)
            self.server.gets.append(name)
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>") if data is None else self._send(200, data, "b" * 8)

    do_HEAD = do_PUT = do_DELETE = do_POST = do_GET  # noqa: N815 - names that http.server calls

    def _google(self, prefix: str) -> bytes:
        items = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>2026-03-01T00:00:00.000Z</LastModified>"
            f'<ETag>"{len(data)}"</ETag><Size>{len(data)}</Size></Contents>'
            for name, data in sorted(self.server.objects.items())
            if name.startswith(prefix)
        )
        return f'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>'.encode()

    def _azure(self, prefix: str) -> bytes:
        items = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties><Creation-Time>{_DATE}</Creation-Time>"
            f"<Last-Modified>{_DATE}</Last-Modified><Etag>0x{len(data)}</Etag><Content-Length>{len(data)}</Content-Length>"
            "<Content-Type>text/csv</Content-Type></Properties></Blob>"
            for name, data in sorted(self.server.objects.items())
            if name.startswith(prefix)
        )
        return f'<?xml version="1.0"?><EnumerationResults><Blobs>{items}</Blobs><NextMarker/></EnumerationResults>'.encode()

    def _send(self, status: int, body: bytes, tag: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        if tag:
            self.send_header("ETag", f'"{tag}"')
            self.send_header("Last-Modified", _DATE)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if self.server.cut and tag else body)
        if self.server.cut and tag:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """A bucket of no cloud."""
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def google(stand_in) -> Access:
    """How to reach the stand-in as Google Cloud Storage."""
    return Access({"skip_signature": "true"}, endpoint=stand_in.url)


@pytest.fixture
def azure(stand_in) -> Access:
    """How to reach the stand-in as Azure Blob Storage."""
    return Access({"account_name": "aravali", "skip_signature": "true"}, endpoint=f"{stand_in.url}/aravali")
