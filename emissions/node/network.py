"""What the node must know of the network: which chain and registry its signatures are for, and its own nodes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudtuner.errors import ConfigurationError, ProofError
from emissions.poce.eip712 import Domain
from emissions.poce.hexes import ZERO_32, bytes32, normal_address, to_hex
from emissions.poce.keys import address_of

from .reports import Node
from .service import ServiceClient

_ACCOUNT = re.compile(r"(?P<account>[^=]+)=(?P<node>0x[0-9a-f]{64})(?:@(?P<first_hour>[0-9]{1,9}))?")


@dataclass(frozen=True)
class AccountSpec:
    """`ACCOUNT=NODE[@FIRST_HOUR]` as given: an account and the node id that enrolment gave it."""

    account: str
    node: str
    first_hour: int | None


def parse_account(text: str) -> AccountSpec:
    """Reads one `--account`; raises ConfigurationError."""
    match = _ACCOUNT.fullmatch(text)
    if not match:
        raise ConfigurationError(
            f"not an account: {text[:120]!r}.",
            code="node.account",
            hint="Write ACCOUNT=0x… with the node id that enrolment gave.",
        )
    hour = match["first_hour"]
    return AccountSpec(match["account"], match["node"], None if hour is None else int(hour))


def domain_of(network: Mapping[str, Any], *, where: str) -> Domain:
    """The EIP-712 domain of reports, from the answer of `GET /poce/v1/network`."""
    try:
        chain_id = network["chain_id"]
        registry = normal_address(network["contracts"]["node_registry"], field="contracts.node_registry")
    except (KeyError, TypeError, ProofError) as error:
        raise ConfigurationError(f"not a network description: {error}.", code="node.network", where=where) from error
    if type(chain_id) is not int or chain_id < 1:
        raise ConfigurationError("not a network description: chain_id.", code="node.network", where=where)
    return Domain(chain_id, registry)


def read_network_file(path: Path) -> dict[str, Any]:
    """A saved answer of `GET /poce/v1/network`, for machines without a way out."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"cannot be read: {error}.", code="node.network", where=str(path), hint="Save GET /poce/v1/network."
        ) from error
    return value if isinstance(value, dict) else {}


def enrolled_nodes(service: ServiceClient, specs: Sequence[AccountSpec], *, key: bytes) -> dict[str, Node]:
    """The nodes as the host knows them; refuses one that is bound to another key, since its reports would be refused."""
    nodes = {}
    for spec in specs:
        known = service.node(spec.node)
        try:
            bound = normal_address(known["key"], field="key")
            node = Node(spec.account, spec.node, int(known["first_hour"]), int(known["seq"]), to_hex(bytes32(known["prev"])))
        except (KeyError, TypeError, ValueError, ProofError) as error:
            raise ConfigurationError(
                f"the host's answer for {spec.node} cannot be read: {error}.", code="node.network"
            ) from error
        if bound != address_of(key):
            raise ConfigurationError(
                f"node {spec.node} is bound to {bound}, this key is {address_of(key)}.",
                code="node.other_key",
                hint="Use the key that the node was enrolled with, or have it changed.",
            )
        nodes[spec.account] = node
    return nodes


def offline_nodes(specs: Sequence[AccountSpec]) -> dict[str, Node]:
    """The nodes as given on the command line, at the beginning of their chains unless the spool knows more."""
    return {spec.account: Node(spec.account, spec.node, spec.first_hour or 0, 0, ZERO_32) for spec in specs}
