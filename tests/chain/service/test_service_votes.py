"""Votes over HTTP: whose, how often, and who posts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cloudtuner import clock
from emissions.poce.hexes import from_hex, to_hex
from emissions.poce.keys import address_of, new_key, sign
from emissions.poce.requests import signed_headers

pytestmark = pytest.mark.chain


def _sealed(world: Any) -> Any:
    from tokens.network import reading

    world.report(world.node(), {0: 900})
    world.run(lambda: reading.newest_sealed() is not None, vote=False)
    return reading.newest_sealed()


def _post(key: bytes, digest: str, *, signer: str = "", request_key: bytes | None = None) -> Any:
    body = json.dumps({"signer": signer or address_of(key), "signature": to_hex(sign(key, from_hex(digest)))}).encode()
    path = "/poce/v1/epochs/1/votes"
    headers = signed_headers(request_key or key, method="POST", path=path, time=int(clock.now().timestamp()), body=body)
    return Client(headers={"host": "127.0.0.1"}).post(path, body, content_type="application/json", headers=headers)


def test_vote__active_validator__counted_once(world: Any) -> None:
    epoch = _sealed(world)
    key = world.network.validator_keys[0]
    assert [_post(key, epoch.digest).status_code for _ in range(2)] == [201, 201]
    assert epoch.votes.count() == 1


def test_vote__stranger_or_wrong_digest_or_borrowed_signature__refused(world: Any) -> None:
    epoch = _sealed(world)
    key, other = world.network.validator_keys[:2]
    assert _post(new_key(), epoch.digest).json()["code"] == "request.not_a_validator"
    assert _post(key, "0x" + "00" * 32).json()["code"] == "vote.signature"
    assert _post(key, epoch.digest, request_key=other).json()["code"] == "vote.signature"
    assert epoch.votes.count() == 0


def test_quorum__nobody_posts__service_does_after_a_while(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tokens.network import voting
    from tokens.network.models import ChainTx

    monkeypatch.setattr(voting, "POST_AFTER", timedelta(hours=1))
    epoch = _sealed(world)
    world.vote(3)
    world.tick()
    assert not ChainTx.objects.filter(kind="report").exists()
    monkeypatch.setattr(voting, "POST_AFTER", timedelta(0))
    world.run(lambda: world.network.contracts.head_epoch() == 1, vote=False)
    assert epoch.votes.count() == 3


def test_quorum__two_of_four__not_posted(world: Any) -> None:
    _sealed(world)
    world.vote(2)
    for _ in range(3):
        world.tick()
    assert world.network.contracts.head_epoch() == 0


def test_quorum__a_validator_posts_first__ours_is_moot_and_claims_are_paid(world: Any) -> None:
    from emissions.poce.epoch import EpochHeader
    from tokens.network import voting
    from tokens.network.models import ChainTx
    from tokens.selectors import chain_status

    epoch = _sealed(world)
    world.vote()
    assert voting.post_epochs() is not None
    votes = [(vote.signer, from_hex(vote.signature)) for vote in epoch.votes.all()]
    world.network.send(world.network.contracts.report(EpochHeader.from_json(epoch.header), votes), world.network.guardian_key)
    from tokens import tasks

    tasks.indexer_tick()
    world.run_until_paid(900)
    assert ChainTx.objects.get(kind="report").error_code == "outbox.moot"
    assert chain_status().failed_transactions == 0


def test_report__active_validator__gets_it_as_stored(world: Any, tmp_path: Any, settings: Any) -> None:
    from emissions.poce.lines import StrippedLines
    from emissions.register.models import ReportCommitment
    from emissions.store import default_store

    report_hash = world.report(world.node(), {0: 900})
    settings.OBJECT_STORE_URL = f"file://{tmp_path / 'store'}"
    lines = StrippedLines.collect([(484_296, '{"provider":"aws"}', "1")])
    ReportCommitment.objects.update(lines_digest=default_store().put_bytes(lines.to_bytes()))
    path = f"/poce/v1/reports/{report_hash}"
    headers = signed_headers(world.network.validator_keys[0], method="GET", path=path, time=int(clock.now().timestamp()))
    answer = Client(headers={"host": "127.0.0.1"}).get(path, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["lines"] == json.loads(lines.to_bytes())
    assert Client(headers={"host": "127.0.0.1"}).get(path).status_code == 403
