"""How agents talk to the public host: the calls of protocol §7 over urllib, with problems as typed errors."""

from __future__ import annotations

import http.client
import ipaddress
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cloudtuner import clock
from cloudtuner.errors import CloudTunerError, ConfigurationError
from emissions.poce.canonical import jcs, read_json
from emissions.poce.requests import signed_headers

SMALL = 4 << 20
LARGE = 1 << 30

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class ServiceAnswer(CloudTunerError):
    """The public host refused; `code` is the problem's own code, `status` the HTTP status."""

    code = "service.refused"

    def __init__(self, message: str, *, code: str, status: int, where: str) -> None:
        super().__init__(message, code=code, where=where)
        self.status = status
        self.retryable = status in _AGAIN


class ServiceUnreachable(CloudTunerError):
    """No usable answer; the same call may succeed later."""

    code = "service.unreachable"
    retryable = True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry a signature made for one path to another, so it is an answer like any other."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


class ServiceClient:
    """The public host at a base URL. `key` signs the calls that only active validators may make."""

    def __init__(self, url: str, *, key: bytes | None = None, timeout_s: float = 20.0, plain_http: bool = False) -> None:
        parts = urlsplit(url.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ConfigurationError(f"not an http or https address: {url!r}.", code="service.url")
        local = _is_local(parts.hostname)
        if parts.scheme == "http" and not local and not plain_http:
            raise ConfigurationError(
                f"{url} is not encrypted, and lines of a bill would travel readable.",
                code="service.plain_http",
                hint="Use https, or allow plain http explicitly on a private network.",
            )
        self.url = url.rstrip("/")
        self._prefix = parts.path
        self._key = key
        self._timeout_s = timeout_s
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if local:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def network(self) -> dict[str, Any]:
        """Chain, contracts, factor set, engine and epochs of this network."""
        return self._object("GET", "/poce/v1/network")

    def node(self, node: str) -> dict[str, Any]:
        """A node's head of reports, first hour, key and wallet."""
        return self._object("GET", f"/poce/v1/nodes/{node}")

    def post_report(self, package: bytes) -> str:
        """Hands in `{report, signature, lines}`; returns the hash under which the host has it."""
        return str(self._object("POST", "/poce/v1/reports", body=package).get("report_hash", ""))

    def report(self, report_hash: str) -> dict[str, Any]:
        """A report with signature and stripped lines; for active validators."""
        return self._object("GET", f"/poce/v1/reports/{report_hash}", signed=True, limit=LARGE)

    def epoch(self, epoch: int) -> dict[str, Any]:
        """An epoch's header, its votes, and the transaction that posted it, if one did."""
        return self._object("GET", f"/poce/v1/epochs/{epoch}")

    def bundle(self, epoch: int) -> bytes:
        """The public bundle's bytes."""
        return self._send("GET", f"/poce/v1/epochs/{epoch}/bundle", limit=LARGE)

    def post_vote(self, epoch: int, *, signer: str, signature: str) -> None:
        """Hands in a vote; the same vote twice changes nothing."""
        body = jcs({"signer": signer, "signature": signature})
        self._send("POST", f"/poce/v1/epochs/{epoch}/votes", body=body, signed=True)

    def round(self, number: int) -> dict[str, Any]:
        """An airdrop round's header, its votes, and the transaction that posted it, if one did."""
        return self._object("GET", f"/poce/v1/rounds/{number}")

    def round_list(self, number: int) -> bytes:
        """The bytes of an airdrop round's list."""
        return self._send("GET", f"/poce/v1/rounds/{number}/list", limit=LARGE)

    def post_round_vote(self, number: int, *, signer: str, signature: str) -> None:
        """Hands in a vote on an airdrop round; the same vote twice changes nothing."""
        body = jcs({"signer": signer, "signature": signature})
        self._send("POST", f"/poce/v1/rounds/{number}/votes", body=body, signed=True)

    def _object(self, method: str, path: str, *, body: bytes = b"", signed: bool = False, limit: int = SMALL) -> dict[str, Any]:
        value = read_json(self._send(method, path, body=body, signed=signed, limit=limit), what=f"answer to {path}")
        if not isinstance(value, dict):
            raise ServiceUnreachable(f"the answer to {path} is not a JSON object.", where=self.url)
        return value

    def _send(self, method: str, path: str, *, body: bytes = b"", signed: bool = False, limit: int = SMALL) -> bytes:
        headers = {"Accept": "application/json", "User-Agent": "cloudtuner-agent"}
        if body:
            headers["Content-Type"] = "application/json"
        if signed:
            if self._key is None:
                raise ConfigurationError(f"{path} needs a signing key.", code="service.no_key")
            time = int(clock.now().timestamp())
            headers |= signed_headers(self._key, method=method, path=self._prefix + path, time=time, body=body)
        request = urllib.request.Request(self.url + path, data=body or None, headers=headers, method=method)  # noqa: S310 - http(s) by constructor
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                return self._read(answer, path, limit)
        except urllib.error.HTTPError as error:
            with error:
                raise _problem(error, where=f"{method} {self.url}{path}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise ServiceUnreachable(
                f"no answer: {reason}.", where=f"{method} {self.url}{path}", hint="The call can be repeated."
            ) from error

    def _read(self, answer: http.client.HTTPResponse, path: str, limit: int) -> bytes:
        data = answer.read(limit + 1)
        if len(data) > limit:
            raise ServiceUnreachable(f"the answer to {path} is longer than {limit} bytes.", where=self.url)
        return data


def _problem(error: urllib.error.HTTPError, *, where: str) -> ServiceAnswer:
    """The RFC 9457 problem in an answer, or what can be said of an answer without one."""
    told: Mapping[str, Any] = {}
    try:
        value = json.loads(error.read(SMALL))
        told = value if isinstance(value, dict) else {}
    except (ValueError, OSError, http.client.HTTPException):
        pass  # a proxy's HTML page: the status says enough
    message = str(told.get("detail") or told.get("title") or f"HTTP {error.code} {error.reason}")
    return ServiceAnswer(message, code=str(told.get("code") or f"http.{error.code}"), status=error.code, where=where)


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
