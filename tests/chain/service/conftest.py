"""The service on a real chain: PostgreSQL, anvil, contracts, ticks, and four validators who sign in this process."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from cloudtuner import clock
from emissions.poce.hexes import ZERO_32, from_hex, to_hex
from emissions.poce.keys import address_of, sign
from emissions.poce.report import NodeReport, hours_root

if TYPE_CHECKING:
    from accounts.models import Organization, User
    from emissions.register.models import NodeBinding
    from tokens.models import Retirement

FIRST_HOUR = 484_296  # 2025-04-01T00:00Z
MONTH = 720


@dataclass
class World:
    """What a test does with the service, and the validators' side of it."""

    network: Any
    organizations: dict[str, Organization]
    owners: dict[str, User]
    folder: Path
    accounts: dict[str, str] = field(default_factory=dict)

    # --- organisations ---

    @property
    def schema(self) -> str:
        return self.organizations["aravali"].schema_name

    @property
    def owner(self) -> User:
        return self.owners["aravali"]

    def inside(self, slug: str = "aravali") -> Any:
        from cloudtuner.tenancy import tenant_context

        return tenant_context(self.organizations[slug].schema_name)

    def node(self, slug: str = "aravali", *, first_hour: int = FIRST_HOUR) -> NodeBinding:
        """Binds a new account of an organisation."""
        from accounts.keys import report_address, wallet_address
        from emissions.register.models import NodeBinding

        organization = self.organizations[slug]
        binding = NodeBinding.objects.create(
            node=to_hex(secrets.token_bytes(32)),
            organization=organization.uuid,
            provider="aws",
            first_hour=first_hour,
            key=report_address(organization),
            wallet=wallet_address(organization),
        )
        self.accounts[binding.node] = f"{len(self.accounts) + 1:012d}"
        return binding

    def report(
        self, node: NodeBinding, hours: Mapping[int, int], *, month: int = 0, slug: str = "aravali", state: int = 2
    ) -> str:
        """A report of a month ({hour offset: µg}), with the ledger rows behind it; a second one restates the month."""
        from emissions.register.models import NodeBinding, ReportCommitment

        begin = FIRST_HOUR + month * MONTH
        rows = sorted((begin + offset, ug) for offset, ug in hours.items())
        node = NodeBinding.objects.get(pk=node.pk)
        operational = {hour: ug * 3 // 4 for hour, ug in rows}
        report = NodeReport(
            node=node.node,
            seq=node.seq + 1,
            hour_from=begin,
            hour_through=begin + MONTH - 1,
            state=state,
            level=0,
            usage_root=ZERO_32,
            line_count=len(rows),
            energy_uwh=2 * sum(ug for _, ug in rows),
            operational_ug=sum(operational.values()),
            embodied_ug=sum(ug for _, ug in rows) - sum(operational.values()),
            work_uwh=0,
            scored_ug=0,
            coverage_bp=10_000,
            hours_root=hours_root(rows),
            factor_set="0x" + "fa" * 32,
            engine="0x" + "e1" * 32,
            bill_digest="0x" + "b1" * 32,
            prev=node.prev,
        )
        report_hash = report.report_hash(self.network.contracts.registry_domain)
        ReportCommitment.objects.create(
            node=node,
            report_hash=report_hash,
            report=report.to_json(),
            signature="0x" + "00" * 65,
            lines_digest="0" * 64,
            hours=[[hour, ug] for hour, ug in rows],
            **{name: getattr(report, name) for name in report.to_json() if name != "node"},
        )
        NodeBinding.objects.filter(pk=node.pk).update(seq=report.seq, prev=report_hash)
        with self.inside(slug):
            self._post(node, begin, rows, operational, report_hash)
        return report_hash

    def _post(self, node: Any, begin: int, rows: list[tuple[int, int]], operational: dict[int, int], report_hash: str) -> None:
        from django.db import transaction

        from emissions.models import Bill, BillVersion, LedgerBatch, LedgerHour, LedgerSeries, ReportedMonth, Upload
        from emissions.models.ledger import MEASURES

        account = self.accounts[node.node]
        bill, _ = Bill.objects.get_or_create(
            provider="aws", payer="1", export=account, period_from=begin, defaults={"period_through": begin + MONTH - 1}
        )
        upload = Upload.objects.create(actor=self.owner.uuid, actor_name="owner")
        bill.versions.filter(state="confirmed").update(state="replaced")
        version = BillVersion.objects.create(
            bill=bill, upload=upload, number=bill.versions.count() + 1, state="confirmed", format="cur2",
            bill_digest="0x", engine="0x", factor_set="0x",
        )  # fmt: skip
        last = LedgerBatch.objects.order_by("-number").first()
        batch = LedgerBatch(
            number=last.number + 1 if last else 1, version=version, prev_hash=last.batch_hash if last else "0x0",
            merkle_root="0x", engine="0x", factor_set="0x", bill_digest="0x", posted_by="owner",
            posted_at=clock.now(), batch_hash=to_hex(secrets.token_bytes(32)),
        )  # fmt: skip
        after = last.series_through if last else 0
        common = {"batch": batch, "provider": "aws", "period_from": begin, "account": account, "service": "ec2",
                  "category": "compute", "daily": False, "row_count": len(rows), "hour_from": rows[0][0],
                  "hour_through": rows[-1][0]}  # fmt: skip
        live = LedgerSeries.objects.filter(account=account, period_from=begin, reverses=None, reversal=None)
        reversals = [
            LedgerSeries(
                **common | {name: getattr(old, name) for name in ("row_count", "hour_from", "hour_through")},
                id=after + place, reverses=old, region=old.region, quality=old.quality, basis=old.basis,
            )
            for place, old in enumerate(live.order_by("pk"), start=1)
        ]  # fmt: skip
        new = [
            LedgerHour(series=series, hour=row.hour, **{name: -getattr(row, name) for name in MEASURES})
            for series in reversals
            for row in LedgerHour.objects.filter(series=series.reverses)
        ]
        regions = (("ap-south-1", "direct", "measured"), ("eu-north-1", "lifecycle", "estimated"))
        series = [
            LedgerSeries(**common, id=after + len(reversals) + place, region=region, quality=quality, basis=basis)
            for place, (region, basis, quality) in enumerate(regions, start=1)
        ]
        for hour, ug in rows:
            parts = (ug // 3, ug - ug // 3)
            ops = (operational[hour] // 3, operational[hour] - operational[hour] // 3)
            for of, part, op in zip(series, parts, ops, strict=True):
                new.append(
                    LedgerHour(series=of, hour=hour, energy_uwh=2 * part, operational_ug=op, embodied_ug=part - op,
                               low_ug=part * 4 // 5, high_ug=part * 6 // 5 + 1, water_ul=0, lines=1, cost_micro=0)
                )  # fmt: skip
        batch.row_count, batch.series_through = len(new), after + len(reversals) + len(series)
        with transaction.atomic():
            LedgerSeries.objects.bulk_create([*reversals, *series])
            LedgerHour.objects.bulk_create(new)
            batch.save(force_insert=True)
        ReportedMonth.objects.update_or_create(
            provider="aws", account=account, hour_through=begin + MONTH - 1,
            defaults={"node": node.node, "hour_from": begin, "inputs": report_hash[2:], "report_hash": report_hash,
                      "built_at": clock.now()},
        )  # fmt: skip

    # --- the service and the validators ---

    def tick(self) -> None:
        """One round of everything that the chain worker does."""
        from tokens import tasks

        tasks.relay_tick()
        tasks.indexer_tick()
        tasks.sealer_tick()

    def vote(self, count: int = 4) -> None:
        """The first `count` validators sign the newest epoch and the pending airdrop round, if they did not."""
        from tokens.network import reading, rounds
        from tokens.network.voting import round_vote_accept, vote_accept

        pending = rounds.pending_round()
        for key in self.network.validator_keys[:count] if pending else ():
            if not pending.votes.filter(signer=address_of(key)).exists():
                signature = to_hex(sign(key, from_hex(pending.digest)))
                round_vote_accept(number=pending.number, signer=address_of(key), signature=signature)

        epoch = reading.newest_sealed()
        if epoch is None:
            return
        for key in self.network.validator_keys[:count]:
            if not epoch.votes.filter(signer=address_of(key)).exists():
                signature = sign(key, from_hex(epoch.digest))
                vote_accept(number=epoch.number, signer=address_of(key), signature=to_hex(signature))

    def run(self, until: Callable[[], bool], *, rounds: int = 40, vote: bool = True) -> None:
        """Ticks, votes and mines empty blocks while the service waits for them, until something is so."""
        from tokens.selectors import waiting_for_blocks

        for _ in range(rounds):
            if until():
                return
            self.tick()
            if vote:
                self.vote()
            if waiting_for_blocks():
                self.network.mine(1)
        from tokens.network.models import ChainTx

        stand = [(str(row), row.error_code, row.error) for row in ChainTx.objects.all()]
        raise AssertionError(f"not so after {rounds} rounds: {stand}")

    def paid(self, slug: str = "aravali") -> int:
        """Σ of the organisation's lots."""
        from django.db.models import Sum

        from tokens.models import Lot

        with self.inside(slug):
            return Lot.objects.filter(on_chain=True).aggregate(ug=Sum("ug"))["ug"] or 0

    def run_until_paid(self, ug: int, slug: str = "aravali") -> None:
        self.run(lambda: self.paid(slug) == ug)

    def balance(self, slug: str = "aravali") -> int:
        """The wallet's CT02 on chain, in µg."""
        from accounts.keys import wallet_address

        return self.network.contracts.ct02_balance(wallet_address(self.organizations[slug])) // 10**9

    def retire(self, ug: int | None = None, *, slug: str = "aravali", months: int = 1, token: str = "") -> Retirement:
        """Prepares and confirms a retirement as the only member."""
        from tokens.services import retirement_confirm, retirement_prepare

        with self.inside(slug):
            prepared = retirement_prepare(
                actor=self.owners[slug],
                hour_from=FIRST_HOUR,
                hour_through=FIRST_HOUR + months * MONTH - 1,
                ug=ug,
                beneficiary_name="Aravali Components",
                purpose="Test",
                client_token=token,
            )
            return retirement_confirm(actor=self.owners[slug], retirement_id=prepared.id)

    def state(self, retirement: Retirement, slug: str = "aravali") -> str:
        from tokens.models import Retirement

        with self.inside(slug):
            return Retirement.objects.get(pk=retirement.pk).state

    def run_until_final(self, retirement: Retirement, slug: str = "aravali") -> None:
        self.run(lambda: self.state(retirement, slug) == "final")


@pytest.fixture
def world(network: Any, transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two organisations, a fresh chain, and the platform's keys."""
    from accounts.models import Membership, Organization
    from cloudtuner.keyfile import write_key_file
    from tokens.network import round_sealing, sealing, voting

    # What this process remembers of another test's database must not speak for this one's.
    monkeypatch.setattr(sealing, "_nothing_new", {})
    monkeypatch.setattr(round_sealing, "_looked", {})
    book = tmp_path / "addresses.json"
    network.book.save(book)
    told = json.loads(book.read_text())
    told["parameters"] |= {"epoch_s": 0, "round_s": 0}
    book.write_text(json.dumps(told))
    for name, key in (("registrar", network.registrar_key), ("relayer", network.relayer_key)):
        write_key_file(tmp_path / name, key)
        monkeypatch.setattr(settings, f"{name.upper()}_KEY_FILE", str(tmp_path / name))
    monkeypatch.setattr(settings, "RPC_URL", network.anvil.url)
    monkeypatch.setattr(settings, "ADDRESS_BOOK", str(book))
    monkeypatch.setattr(settings, "CELERY_TASK_ALWAYS_EAGER", True, raising=False)
    monkeypatch.setattr(voting, "POST_AFTER", timedelta(0))
    organizations = {slug: Organization.objects.get(slug=slug) for slug in ("aravali", "birch")}
    owners = {
        slug: Membership.objects.select_related("user").get(organization=found, role="owner").user
        for slug, found in organizations.items()
    }
    return World(network, organizations, owners, tmp_path)


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tasks run where they are sent from; a wake-up by name reaches nobody, so that a test ticks when it says so."""
    from cloudtuner.celery import app

    monkeypatch.setattr(app, "send_task", lambda *_args, **_options: None)
    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = before
