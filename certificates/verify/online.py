"""What only the outside can say: is the block on the chain (V10), what does the public register hold (V2, V13, V14)."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

from certificates.verify.content import Content
from certificates.verify.findings import Check
from certificates.verify.trust import Trust
from cloudtuner.errors import ChainError, ChainUnreachable, CloudTunerError
from tokens.chain.light import LightClient

# Looks a certificate up in the public register: the record, or None when there is none. Raises RegistryUnreachable.
Registry = Callable[[str], Mapping[str, Any] | None]
_ANSWER_LIMIT, _TIMEOUT_S = 1 << 20, 10.0


class RegistryUnreachable(CloudTunerError):
    """The public register gave no usable answer."""

    code = "registry.unreachable"
    retryable = True


def http_registry(base_url: str) -> Registry:
    """The register that answers at `<base_url>/verify/<certificate id>.json`."""

    def look_up(certificate_id: str) -> Mapping[str, Any] | None:
        # The number is the file's word until V1 holds: it must not lead elsewhere on the register's host.
        url = f"{base_url.rstrip('/')}/verify/{quote(certificate_id, safe='')}.json"
        if urlsplit(url).scheme not in ("http", "https"):
            raise RegistryUnreachable("the trust file names no http address of the register")
        reached, host = _reachable(url)
        request = urllib.request.Request(reached, headers={"Accept": "application/json", **host})  # noqa: S310 - as checked above
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - as above
                record = json.loads(answer.read(_ANSWER_LIMIT))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 404:
                return None
            raise RegistryUnreachable(f"the register answered {error.code}", where=url) from error
        except (OSError, ValueError, HTTPException) as error:
            raise RegistryUnreachable(f"the register could not be reached: {error}", where=url) from error
        if not isinstance(record, dict):
            raise RegistryUnreachable("the register's answer is not a record", where=url)
        return record

    return look_up


def _reachable(url: str) -> tuple[str, dict[str, str]]:
    """An address that can be connected to, and the Host header it then needs.

    Names under `.localhost` are this machine by definition (RFC 6761 §6.3), but few resolvers outside browsers know it.

    >>> _reachable("http://cloudtuner.localhost:8000/verify/x.json")
    ('http://127.0.0.1:8000/verify/x.json', {'Host': 'cloudtuner.localhost:8000'})
    """
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith(".localhost"):
        return url, {}
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl(), {"Host": parts.netloc}


def block_check(content: Content, trust: Trust, rpc_url: str) -> Check:
    """V10: the endpoint is the trusted chain, the block is canonical there, deep enough, and its event is there."""
    proved = content.proved
    if proved is None:
        return Check("V10", "not_checked", "There is no proven block to look for.")
    try:
        client = LightClient(rpc_url)
        chain_id, genesis = client.chain_id(), client.genesis_hash().lower()
        if chain_id != trust.chain_id:
            return Check(
                "V10", "fail", f"the endpoint is chain {chain_id}, the trusted one is {trust.chain_id}", "chain.other_id"
            )
        if genesis != trust.genesis_hash:
            return Check(
                "V10", "fail", "the endpoint's chain began with another block than the trusted one", "chain.other_genesis"
            )
        canonical = (client.block_hash(proved.block_number) or "").lower()
        if canonical != proved.block_hash:
            return Check(
                "V10",
                "fail",
                f"block {proved.block_number} of the chain is another block: this one was reorganised away or never existed",
                "chain.not_canonical",
                {"certificate": proved.block_hash, "chain": canonical or "none"},
            )
        depth = client.block_number() - proved.block_number
        if wanting := _wanting(client, proved.block_number, depth, trust.confirmations):
            return Check("V10", "unknown", f"{wanting}; look again later", "chain.not_final")
        logs = client.logs_of_block(proved.block_hash, trust.contracts["retirement"])
    except ChainUnreachable as error:
        return Check("V10", "unknown", f"the chain could not be reached: {error.message}", "chain.unreachable")
    except ChainError as error:
        return Check("V10", "unknown", f"the chain's endpoint gave no answer: {error.message}", "chain.refused")
    if not any(str(log.get("transactionHash", "")).lower() == proved.tx_hash for log in logs):
        return Check("V10", "fail", "the named transaction did not retire anything in that block", "chain.other_transaction")
    return Check("V10", "pass", f"block {proved.block_number} is canonical with {depth} confirmations.")


def _wanting(client: LightClient, block: int, depth: int, confirmations: int) -> str:
    """What a block lacks to be final, in words; empty when it is. Without a number of confirmations the chain says it."""
    if confirmations:
        return "" if depth >= confirmations else f"the block has {depth} confirmations, {confirmations} are asked for"
    final = client.finalized_number()
    if final is None:
        return "the chain's endpoint does not tell which block is final"
    return "" if block <= final else f"the chain is final up to block {final}, this one is block {block}"


def registry_checks(pdf: bytes, content: Content, trust: Trust, registry: Registry) -> list[Check]:
    """V2, V13 and V14 from one look-up."""
    try:
        record = registry(content.certificate_id)
    except RegistryUnreachable as error:
        return [Check(name, "unknown", error.message, error.code) for name in ("V2", "V13", "V14")]
    if record is None:
        message = f"the public register does not know {content.certificate_id}"
        return [
            Check("V2", "fail", message, "registry.unknown_certificate"),
            *(Check(name, "not_checked", "There is no record in the register.") for name in ("V13", "V14")),
        ]
    digest = "0x" + hashlib.sha256(pdf).hexdigest()
    editions = [one for one in record.get("editions") or [] if isinstance(one, dict)]
    own = next((one for one in editions if one.get("pdf_sha256") == digest), None)
    if own is None:
        file_check = Check(
            "V2", "fail", "the register holds another file under this identifier", "registry.other_file", {"computed": digest}
        )
        return [file_check, *(Check(name, "not_checked", "The file is not in the register.") for name in ("V13", "V14"))]
    file_check = Check("V2", "pass", f"sha256 {digest} is registered as edition {own.get('edition')}.")
    return [file_check, _status_check(own), _single_check(content, trust, editions, own)]


def _status_check(own: Mapping[str, Any]) -> Check:
    """V13."""
    status, reason = str(own.get("status", "")), str(own.get("reason", ""))
    if status == "valid":
        return Check("V13", "pass", "neither revoked nor superseded.")
    if status in ("revoked", "superseded"):
        by = own.get("superseded_by")
        follower = f"; edition {by} took its place" if by else ""
        return Check(
            "V13", "fail", f"{status}{': ' + reason if reason else ''}{follower}", f"registry.{status}", {"reason": reason}
        )
    return Check("V13", "unknown", "the register's answer has no status", "registry.unreadable")


def _single_check(content: Content, trust: Trust, editions: list[dict[str, Any]], own: Mapping[str, Any]) -> Check:
    """V14."""
    event = content.event(trust.contracts["retirement"])
    number = str(event.id) if event else ""
    if str(own.get("retirement_id", "")) != number:
        return Check("V14", "fail", "the register holds this file for another retirement", "registry.other_retirement")
    live = [one for one in editions if one.get("status") == "valid"]
    if len(live) > 1:
        return Check(
            "V14", "fail", "the register holds more than one live certificate of this retirement", "registry.several_live"
        )
    if not live or live[0].get("pdf_sha256") != own.get("pdf_sha256"):
        return Check("V14", "not_checked", "This file is not the live one.")
    return Check("V14", "pass", f"the only live certificate of retirement number {number}.")
