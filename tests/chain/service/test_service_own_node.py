"""An organisation whose own agent posts the reports: no bill in our ledger, and it retires all the same."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from cloudtuner.errors import ServiceError
from emissions.engine.identity import ENGINE_ID
from emissions.engine.ratekey import RateKey
from emissions.engine.recompute import recompute
from emissions.engine.work import weigh
from emissions.grid.catalog import load_factor_set
from emissions.poce.hexes import ZERO_32, to_hex
from emissions.poce.keys import address_of, sign
from emissions.poce.lines import StrippedLines
from emissions.poce.report import build_report

pytestmark = pytest.mark.chain

FIRST_HOUR, MONTH = 484_296, 720
KEY = (7).to_bytes(32, "big")


def _key(region: str, usage_type: str) -> str:
    return RateKey("aws", "AmazonEC2", usage_type, "RunInstances", "Hrs", region, "m5.large").text


MUMBAI, STOCKHOLM = _key("ap-south-1", "APS3-BoxUsage:m5.large"), _key("eu-north-1", "EUN1-BoxUsage:m5.large")


def _enrol(world: Any) -> Any:
    from accounts.keys import wallet_address
    from emissions.register.models import NodeBinding

    organization = world.organizations["aravali"]
    return NodeBinding.objects.create(
        node=to_hex(secrets.token_bytes(32)), organization=organization.uuid, provider="aws", first_hour=FIRST_HOUR,
        key=address_of(KEY), wallet=wallet_address(organization), hosted=False,
    )  # fmt: skip


def _post(binding: Any) -> StrippedLines:
    """Posts a month of two machines, one of them half an hour at a time."""
    from emissions.register.domain import report_domain
    from emissions.register.services import report_accept

    rows = [(FIRST_HOUR + hour, MUMBAI, "1") for hour in range(30)]
    rows += [(FIRST_HOUR + hour, STOCKHOLM, "0.5") for hour in range(10, 40)]
    lines = StrippedLines.collect(rows)
    factors = load_factor_set()
    report = build_report(
        node=binding.node, seq=1, prev=ZERO_32, hour_from=FIRST_HOUR, hour_through=FIRST_HOUR + MONTH - 1, state=2, level=0,
        lines=lines, recomputed=recompute(lines, factors), work=weigh(lines, factors), coverage_bp=10_000,
        factor_set_id=factors.id, engine_id=ENGINE_ID, bill_digest="0x" + "b1" * 32,
    )  # fmt: skip
    signature = to_hex(sign(KEY, report.digest(report_domain())))
    report_accept(report=report.to_json(), signature=signature, lines=lines.to_json())
    return lines


@pytest.fixture
def own(world: Any, tmp_path: Any, settings: Any) -> StrippedLines:
    """The posted lines, attested and paid."""
    settings.OBJECT_STORE_URL = f"file://{tmp_path / 'store'}"
    lines = _post(_enrol(world))
    world.run_until_paid(recompute(lines, load_factor_set()).ug)
    return lines


def test_own_node__retires_everything__claim_breaks_down_to_the_microgram(world: Any, own: StrippedLines) -> None:
    from emissions.models import LedgerHour
    from tokens.models import Retirement

    with world.inside():
        assert not LedgerHour.objects.exists()
    whole = recompute(own, load_factor_set())
    retired = world.retire()
    world.run_until_final(retired)
    with world.inside():
        claim = json.loads(bytes(Retirement.objects.get(pk=retired.pk).claim))
    figures = claim["emissions"]
    assert {name: int(figures[name]) for name in ("operational_ug", "embodied_ug", "low_ug", "high_ug", "energy_uwh")} == {
        "operational_ug": whole.operational_ug,
        "embodied_ug": whole.embodied_ug,
        "low_ug": whole.low_ug,
        "high_ug": whole.high_ug,
        "energy_uwh": whole.energy_uwh,
    }
    by_region = {part["region"]: int(part["ug"]) for part in figures["by_region"]}
    alone = {
        region: recompute(StrippedLines.collect((h, own.rate_keys[k], q) for h, k, q in own.lines if own.rate_keys[k] == key),
                          load_factor_set()).ug
        for region, key in (("ap-south-1", MUMBAI), ("eu-north-1", STOCKHOLM))
    }  # fmt: skip
    assert by_region == alone
    assert sum(int(ug) for ug in claim["data_quality"].values()) == whole.ug
    assert world.balance() == 0


def test_own_node__retires_a_part__split_hours_add_up(world: Any, own: StrippedLines) -> None:
    from tokens.models import Retirement

    whole = recompute(own, load_factor_set()).ug
    first = world.retire(whole // 3)
    world.run_until_final(first)
    second = world.retire()
    world.run_until_final(second)
    with world.inside():
        claims = [json.loads(bytes(row.claim)) for row in Retirement.objects.all()]
    assert sum(int(part["ug"]) for claim in claims for part in claim["emissions"]["by_region"]) == whole


def test_own_node__reported_by_another_engine__says_what_to_do(world: Any, own: StrippedLines) -> None:
    from emissions.register.models import ReportCommitment
    from tokens.models import Lot

    ReportCommitment.objects.update(engine="0x" + "e1" * 32)
    with pytest.raises(ServiceError) as caught:
        world.retire()
    assert caught.value.code == "retirement.other_method"
    with world.inside():
        assert Lot.objects.get().allocated_ug == 0


def test_own_node__posts_a_report__network_ticks_are_woken(
    world: Any, tmp_path: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery import current_app

    settings.OBJECT_STORE_URL = f"file://{tmp_path / 'store'}"
    woken: list[tuple[str, str]] = []
    app = current_app._get_current_object()
    monkeypatch.setattr(app, "send_task", lambda name, args, queue: woken.append((name, queue)))
    _post(_enrol(world))
    assert woken == [("tokens.tasks.relay_tick", "chain"), ("tokens.tasks.sealer_tick", "chain")]
