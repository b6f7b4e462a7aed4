"""docs/market.md says what the code does: flags, shares of the supply, times, the fee's arithmetic."""

from __future__ import annotations

import re
from pathlib import Path

from tokens.chain.deploy_market import LOCAL_PACE, PUBLIC_PACE
from tokens.chain.genesis import shares
from tokens.chain.networks import TUNER_UNIT
from tokens.market.feed import Why
from tokens.market.v4 import POOL_FEE_PIPS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "market.md").read_text(encoding="utf-8")


def _row(name: str) -> list[str]:
    (row,) = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in row.split("|")]


def test_page__shares__are_those_of_genesis():
    for share in shares():
        amount, goes = _row(share.name)
        assert int(amount.replace(",", "")) * TUNER_UNIT == share.amount
        if share.to == "grant":
            assert f"{share.days:,}" in goes
            assert (str(share.cliff_days) in goes) == bool(share.cliff_days)


def test_page__times__are_those_of_the_plan():
    day = 86_400
    assert _row("voting delay / period") == [
        f"{LOCAL_PACE.voting_delay} s / {LOCAL_PACE.voting_period} s",
        f"{PUBLIC_PACE.voting_delay // day} d / {PUBLIC_PACE.voting_period // day} d",
    ]
    assert _row("timelock") == [f"{LOCAL_PACE.timelock} s", f"{PUBLIC_PACE.timelock // day} d"]
    assert _row("more time after a late quorum") == [f"{LOCAL_PACE.late_quorum} s", f"{PUBLIC_PACE.late_quorum // day} d"]
    assert _row("mean price over") == [f"{LOCAL_PACE.twap} s", f"{PUBLIC_PACE.twap // 60} min"]
    assert _row("a step of the burner every") == [f"{2 * LOCAL_PACE.twap} s", f"{2 * PUBLIC_PACE.twap // 3600} h"]


def test_page__flags__are_those_of_the_feed():
    for why in Why:
        assert _row(str(why.value)), why


def test_page__fee__is_a_twentieth_of_both():
    hook = POOL_FEE_PIPS * 5 / 95
    assert f"{POOL_FEE_PIPS / 10_000:g} %" in PAGE
    assert f"{hook / 10_000:g} %" in PAGE
    assert hook / (hook + POOL_FEE_PIPS) == 0.05


def test_page__reference__is_worked_as_the_contract_does():
    price = 50_000 * 10**16 // 100_000 // (88 * 10**8)
    assert f"0.{price:08d} dollars" in PAGE


def test_protocol__structs_of_the_airdrop__are_the_contracts():
    protocol = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    source = (ROOT / "tokens/contracts/src/CarbonAirdrop.sol").read_text()
    (struct,) = re.findall(r'"(AirdropRound\(.*\))"', source)
    assert struct in protocol
    interface = (ROOT / "tokens/contracts/src/interfaces/ICarbonAirdrop.sol").read_text()
    (fields,) = re.findall(r"struct RetroLeaf \{(.*?)\}", interface, re.DOTALL)
    assert "RetroLeaf(" + ",".join(line.strip().rstrip(";") for line in fields.strip().splitlines()) + ")" in protocol
