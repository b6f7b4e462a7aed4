"""A year of bills from before enrolment, generated: what the demo's airdrop round pays for.

Three accounts of a fleet that ran all year in one region each; estimated as every bill is, month by month.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cloudtuner.clock import month_hours
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.poce.airdrop import RetroLeaf
from emissions.poce.hexes import ZERO_32
from emissions.poce.node_id import node_id
from emissions.sample_exports import Row, csv_bytes, cur2_rows
from emissions.sample_uses import SampleUse

MONTHS = (*((2025, month) for month in range(2, 13)), (2026, 1))
FIRST_HOUR = month_hours(2026, 2)[0]
"""The hour of enrolment: everything before it is the airdrop's, everything from it on is for reports."""

_FLEET = (
    ("771100002201", "ap-south-1", "APS3", 300),
    ("771100002202", "us-east-1", "USE1", 200),
    ("771100002203", "eu-north-1", "EUN1", 100),
)
_INSTANCE = "m5.24xlarge"


def past_year_ug(folder: Path) -> dict[str, int]:
    """Micrograms of the twelve months per account; the bills are kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, int] = {}
    for year, month in MONTHS:
        path = folder / f"{year}-{month:02d}.csv"
        path.write_bytes(csv_bytes(_bill(year, month)))
        with estimate([path], factor_set=load_factor_set()) as result:
            for account in result.accounts:
                found[account.account] = found.get(account.account, 0) + account.ug
    return found


def past_year_nodes(network_key: bytes) -> list[str]:
    """The node ids of the fleet's accounts."""
    return [node_id(network_key, "aws", account) for account, *_ in _FLEET]


def retro_leaves(by_account: dict[str, int], *, network_key: bytes, wallet: str) -> list[RetroLeaf]:
    """The leaves of a round by node id: one a node, over all hours of the twelve months."""
    hour_from = month_hours(*MONTHS[0])[0]
    leaves = [
        RetroLeaf(node_id(network_key, "aws", account), wallet, hour_from, FIRST_HOUR - 1, ug, 0, ZERO_32)
        for account, ug in by_account.items()
    ]
    return sorted(leaves, key=lambda leaf: leaf.node)


def _bill(year: int, month: int) -> list[Row]:
    """The month's rows, with its own billing period."""
    start = datetime(year, month, 1, tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S")
    return [{**row, "bill_billing_period_start_date": start} for row in cur2_rows(_uses(year, month))]


def _uses(year: int, month: int) -> list[SampleUse]:
    """Each account's instances, for every hour of the month in one line."""
    first, last = month_hours(year, month)
    hours = last - first + 1
    return [
        SampleUse(
            start=datetime(year, month, 1, tzinfo=UTC), hours=hours, account=account, service="AmazonEC2",
            usage_type=f"{short}-BoxUsage:{_INSTANCE}", unit="Hrs", region=region, quantity=str(count * hours),
            cost=str(count * hours * 4), instance_type=_INSTANCE, operation="RunInstances", kind="Usage",
        )
        for account, region, short, count in _FLEET
    ]  # fmt: skip
