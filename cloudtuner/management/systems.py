"""Which row shows which system of the founding paper? One line each, out of the journey's steps and the rows on chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The system in a sentence; the steps and rows that show it. Where one of them is missing, the system was not shown.
SYSTEMS = (
    ("Light nodes sign hourly cloud usage.", ("ledger", "reports")),
    ("A network of validators checks signatures and grid data.", ("epoch", "stake", "slash")),
    ("A contract mints to the user's wallet.", ("mint",)),
    ("CT02 grows by minting and shrinks by burning.", ("mint", "retire", "tie-out")),
    ("TUNER is fixed at one billion, staked, and votes: Oracle Cloud is voted in.", ("stake", "vote adds Oracle Cloud")),
    ("Five percent of trading fees buy TUNER back and burn it.", ("swap, 5 % of the fee", "buyback and burn")),
    ("Last year's emissions are paid by airdrop.", ("airdrop", "airdrop round")),
    ("Moving from us-east-1 to eu-north-1 earns twice as much.", ("score",)),
    ("CT02 trades in pools on Uniswap V3 and V4.", ("pools", "swap on V3")),
    ("CT02 is collateral on Aave, dollars are borrowed.", ("borrow", "repay")),
    ("A dated reference price, and a reserve that bids below it while it lasts.", ("price feed", "floor reserve")),
    ("The same contracts go to test networks, Polygon and Arbitrum, and can be verified.", ("contracts verified",)),
    ("Burning gives a sealed certificate.", ("retire", "certificate", "verify offline", "verify online")),
)


@dataclass(frozen=True)
class Shown:
    """What one step or row said, and where to look: a transaction or an address of a page."""

    text: str
    passed: bool
    where: str = ""


@dataclass(frozen=True)
class SystemRow:
    """One system: its sentence, whether everything that shows it passed, where to look, and the figures."""

    sentence: str
    passed: bool
    where: tuple[str, ...]
    figure: str


def system_rows(shown: Mapping[str, Shown]) -> list[SystemRow]:
    """A row per system; one of which a part was not shown has not passed, and says which part."""
    rows = []
    for sentence, names in SYSTEMS:
        missing = [name for name in names if name not in shown]
        found = [shown[name] for name in names if name in shown]
        where = tuple(dict.fromkeys(each.where for each in found if each.where))
        figure = "; ".join([*(each.text for each in found), *(f"{name} was not shown" for name in missing)])
        rows.append(SystemRow(sentence, not missing and all(each.passed for each in found), where, figure))
    return rows
