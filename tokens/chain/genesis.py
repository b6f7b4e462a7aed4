"""How the one billion TUNER are given out: `tokens/contracts/genesis.json`, read and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from cloudtuner.errors import ConfigurationError

from .networks import TUNER_UNIT

VERSION = 1
RECEIVERS = ("poce", "timelock", "grant", "distributor")


@dataclass(frozen=True)
class Share:
    """A part of the supply, base units. `to`: the rewards pool, the timelock, a vesting grant, or whoever hands it on."""

    name: str
    amount: int
    to: str
    why: str
    beneficiary: str = ""
    days: int = 0
    cliff_days: int = 0


@dataclass(frozen=True)
class Grant:
    """A share that vests, with the account that it becomes due to."""

    name: str
    beneficiary: str
    amount: int
    days: int
    cliff_days: int


@cache
def shares() -> tuple[Share, ...]:
    """Every share, in the file's order; raises ConfigurationError `chain.genesis` when they are not the whole supply."""
    text = (resources.files("tokens.contracts") / "genesis.json").read_text(encoding="utf-8")
    return read_shares(json.loads(text))


def read_shares(value: Mapping[str, Any]) -> tuple[Share, ...]:
    """Shares as the file spells them, whole TUNER as text."""
    found = tuple(Share(**{**entry, "amount": int(entry["amount"]) * TUNER_UNIT}) for entry in value["shares"])
    total = sum(share.amount for share in found)
    faults = [
        (value["version"] != VERSION, f"version {value['version']} is not {VERSION}"),
        (total != int(value["supply"]) * TUNER_UNIT, f"the shares add up to {total // TUNER_UNIT}, not to {value['supply']}"),
        (len({share.name for share in found}) != len(found), "a name stands twice"),
        (any(share.to not in RECEIVERS for share in found), f"a share goes to none of {', '.join(RECEIVERS)}"),
        (any((share.to == "grant") != (share.days > 0) for share in found), "grants, and they alone, have days"),
        (any(share.cliff_days > share.days for share in found), "a cliff is longer than its grant"),
    ]
    for wrong, text in faults:
        if wrong:
            raise ConfigurationError(f"the split of the supply is wrong: {text}.", code="chain.genesis", where="genesis.json")
    return found


def share_named(name: str) -> Share:
    """One share by its name."""
    return next(share for share in shares() if share.name == name)


def grants(beneficiaries: Mapping[str, str]) -> tuple[Grant, ...]:
    """The shares that vest, for these accounts by role; raises ConfigurationError `chain.genesis` naming a role left out."""
    vesting = [share for share in shares() if share.to == "grant"]
    missing = [share.beneficiary for share in vesting if share.beneficiary not in beneficiaries]
    if missing:
        raise ConfigurationError(
            f"there is no account for the grant of {', '.join(missing)}.",
            code="chain.genesis",
            hint="Name an address for each role of genesis.json.",
        )
    return tuple(
        Grant(share.name, beneficiaries[share.beneficiary], share.amount, share.days, share.cliff_days) for share in vesting
    )
