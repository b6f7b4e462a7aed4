"""Which retirements a pull reads: those that may have something to learn, not all that ever were."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from cloudtuner import clock
from cloudtuner.tenancy import tenant_context
from tokens.chain.book import AddressBook
from tokens.models import Retirement
from tokens.network.models import Block, ChainEvent
from tokens.services import pulling

pytestmark = pytest.mark.django_db

WALLET, OTHER = "0x" + "11" * 20, "0x" + "22" * 20


def _burn(number: int, claim_hash: str, *, account: str = WALLET) -> ChainEvent:
    block = Block.objects.create(
        chain_id=31337, number=number, block_hash=f"0x{number}", parent_hash=f"0x{number - 1}", timestamp=1000 + number
    )
    args = {"id": str(number), "account": account, "beneficiary": OTHER, "amount_ug": "5"}
    return ChainEvent.objects.create(
        block=block,
        log_index=0,
        tx_hash="0x77",
        contract="retirement",
        name="Retired",
        key=claim_hash,
        account=account,
        args=args,
    )


@pytest.fixture
def retirement(book: AddressBook, two_organizations: Any) -> Any:
    """Makes retirements of an organisation whose schema is open: `retirement("failed")`, or final with its burn's block."""
    tenant, _ = two_organizations
    with tenant_context(tenant.schema):

        def make(state: str, block: int = 0) -> Retirement:
            claim_hash = f"0x{uuid.uuid4().hex * 2}"
            there: dict[str, Any] = {"chain_id": 31337, "block_hash": f"0x{block}", "block_number": block, "log_index": 0}
            if block:
                _burn(block, claim_hash)
            return Retirement.objects.create(
                **(there | {"final_block_hash": f"0x{block}"} if block else {}),
                state=state,
                claim_hash=claim_hash,
                client_token=uuid.uuid4().hex,
                hour_from=1,
                hour_through=2,
                label="x",
                ug=5,
                account=WALLET,
                beneficiary_name="A",
                beneficiary_address=OTHER,
                prepared_by=tenant.owner.uuid,
                prepared_by_email=tenant.owner.email,
                approved_by=tenant.owner.uuid,
                approval="single-person",
                created_at=clock.now(),
            )

        yield make


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[uuid.UUID]]:
    """Pulls, and tells which retirements were looked at."""
    real, seen = pulling._pull_retirement, []

    def look(row: Retirement, event: ChainEvent | None) -> int:
        seen.append(row.pk)
        return real(row, event)

    monkeypatch.setattr(pulling, "_pull_retirement", look)

    def pull() -> list[uuid.UUID]:
        seen.clear()
        pulling.pull()
        return list(seen)

    return pull


def test_pull__settled_retirements__are_not_read(retirement: Any, followed: Any) -> None:
    for block in (1, 2, 3):
        retirement("final", block)
    for _ in range(3):
        retirement("failed")
    waiting = retirement("sent")
    assert followed() == [waiting.pk]


def test_pull__block_of_a_final_one_is_gone__is_read_and_told(retirement: Any, followed: Any) -> None:
    gone = retirement("final", 1)
    retirement("final", 2)
    Block.objects.get(number=1).delete()
    assert followed() == [gone.pk]
    gone.refresh_from_db()
    assert (gone.state, gone.reorgs, gone.final_block_hash) == ("reorged", 1, "")


def test_pull__something_burned_under_a_failed_claim__is_read_and_is_ours_only_if_it_says_so(
    retirement: Any, followed: Any
) -> None:
    failed = retirement("failed")
    retirement("failed")
    _burn(1, failed.claim_hash, account=OTHER)
    assert followed() == [failed.pk]
    failed.refresh_from_db()
    assert failed.state == "failed"
