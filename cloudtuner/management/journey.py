"""The demo journey: from a bill to a verified certificate, by the service's own use cases, every figure checked.

Each step is safe to repeat: what is done is recognised, and its figures are checked again. A figure that is off stops
the journey loudly.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.core.files import File

from accounts.models import Domain, Organization, User
from accounts.services.organizations import NoSpareOrganization, organization_create
from certificates import selectors as certificate_selectors
from cloudtuner.clock import hour_text, month_hours
from cloudtuner.errors import CloudTunerError
from cloudtuner.tenancy import public_context, tenant_context
from cloudtuner.units import UNITS_PER_UG, kg_text, token_text
from emissions import samples
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.models import BillVersion, LedgerHour, Upload
from emissions.poce.score import CAP_BP, cumulative_tuner
from emissions.register.scoring import scores_by_node
from emissions.register.selectors import live_final_reports
from emissions.selectors.bills import bill_version
from emissions.selectors.claimability import claimability
from emissions.selectors.dashboard import dashboard
from emissions.selectors.nodes import nodes
from emissions.services.uploads import bill_upload
from emissions.services.versions import bill_version_confirm
from emissions.tasks import reports_sign, upload_ingest
from tokens.chain.airdrop import Airdrop
from tokens.chain.book import AddressBook
from tokens.chain.client import RpcClient
from tokens.chain.contracts import Contracts
from tokens.chain.decoding import decode
from tokens.chain.events import Retired
from tokens.network import reading
from tokens.network import selectors as network
from tokens.network.figures import EpochRow
from tokens.selectors.figures import AllocationRow, Period, RetirementDetail
from tokens.selectors.history import History, history
from tokens.selectors.kilograms import tie_out
from tokens.selectors.lots import claims
from tokens.selectors.retirements import retirable, retirement
from tokens.services.retiring import retirement_confirm, retirement_prepare

T = TypeVar("T")

NAME, SLUG, EMAIL = "Aravali Components (demo)", "aravali-demo", "demo@cloudtuner.localhost"
CLIENT_TOKEN = "demo-journey-1"  # noqa: S105  names the click, no secret


class FigureOff(CloudTunerError):
    """A figure of the journey is not what it has to be."""

    code = "demo.figure_off"


@dataclass(frozen=True)
class Step:
    """One step as it went: what was done, and its figures."""

    name: str
    text: str
    seconds: float
    figures: dict[str, str]


@dataclass
class Journey:
    """Walks the demo organisation from bill to certificate; `run` yields a Step as each is done."""

    data_dir: Path
    timeout_s: float = 180
    _figures: dict[str, str] = field(default_factory=dict)

    def run(self) -> Iterator[Step]:
        """Every step in order. Raises FigureOff, or what the use case raised."""
        self.home.mkdir(parents=True, exist_ok=True)
        yield self._step("organisation", self._organisation)
        with tenant_context(self.organization.schema_name):
            yield self._step("bills", self._bills)
            yield self._step("ledger", self._ledger)
            yield self._step("reports", self._reports)
            yield self._step("epoch", self._epoch)
            yield self._step("score", self._score)
            yield self._step("airdrop", self._airdrop)
            yield self._step("mint", self._mint)
            yield self._step("retire", self._retire)
            yield self._step("certificate", self._certificate)
        yield self._step("verify offline", lambda: self._verify(online=False))
        yield self._step("verify online", lambda: self._verify(online=True))
        with tenant_context(self.organization.schema_name):
            yield self._step("tie-out", self._tie_out)

    @property
    def home(self) -> Path:
        """Where the journey keeps its bills, its log-in and its certificate."""
        return self.data_dir / "demo"

    def _step(self, name: str, work: Callable[[], str]) -> Step:
        started = time.monotonic()
        self._figures = {}
        text = work()
        return Step(name, text, time.monotonic() - started, self._figures)

    def _wait(self, what: str, look: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + self.timeout_s
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise FigureOff(f"{what} did not happen within {self.timeout_s:.0f} s", hint="The logs of the workers say why.")
            time.sleep(0.2)
        return found

    def _equal(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            raise FigureOff(f"{what}: {found} is not {expected}")

    # --- the steps -------------------------------------------------------------------------------------------------

    def _organisation(self) -> str:
        login = self.home / "login.json"
        with public_context():
            user = User.objects.filter(email=EMAIL).first()
            if user is None or not login.exists():
                password = secrets.token_urlsafe(12)
                user = user or User(email=EMAIL)
                user.set_password(password)
                user.save()
                descriptor = os.open(login, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "w") as file:
                    json.dump({"email": EMAIL, "password": password}, file)
            self.user = user
            known = Organization.objects.filter(slug=SLUG).first()
            self.organization = known or self._wait("a spare organisation", self._claim_spare)
            domain = Domain.objects.get(tenant=self.organization, is_primary=True).domain
        self.url = f"{settings.PUBLIC_SCHEME}://{domain}:{settings.WEB_PORT}"
        self._figures = {"url": self.url, "email": EMAIL}
        return f"{NAME} at {self.url}; log in as {EMAIL}, password in {login}"

    def _claim_spare(self) -> Organization | None:
        try:
            return organization_create(user=self.user, legal_name=NAME, slug=SLUG)
        except NoSpareOrganization:
            return None

    def _bills(self) -> str:
        self.deliveries = samples.write_sample_bills(self.home / "bills")
        # The first bill enrols the accounts from its month on: while that is open, then invoiced, then restated; then the month
        # after. What lies before it is history, brought in beside. Each is confirmed as a person would.
        opened, past = self._deliver(self.deliveries.uninvoiced), self._deliver_past()
        deliveries = (self.deliveries.first, self.deliveries.second, self.deliveries.following)
        return "; ".join([opened, past, *(self._deliver(delivery) for delivery in deliveries)])

    def _deliver_past(self) -> str:
        """The twelve months before, in one upload, as a folder of old bills is brought in."""
        past = self.deliveries.past
        digests = [hashlib.sha256(delivery.path.read_bytes()).hexdigest() for delivery in past]
        found = BillVersion.objects.filter(files__digest__in=digests, state=BillVersion.State.CONFIRMED).distinct()
        if found.count() != len(past):
            files = [File(io.BytesIO(delivery.path.read_bytes()), name=delivery.path.name) for delivery in past]
            upload = bill_upload(actor=self.user, files=files)
            upload_ingest.enqueue(self.organization.schema_name, str(upload.pk))
            self._wait("reading the months before", lambda: self._read(upload))
            reports_sign.enqueue(self.organization.schema_name)
        self._equal("months before, confirmed", found.count(), len(past))
        self._equal("lines of the months before", sum(version.counts["lines"] for version in found), sum(d.lines for d in past))
        self._figures["past"] = f"{sum(delivery.lines for delivery in past)} lines in {len(past)} months"
        return f"{len(past)} months before: {sum(delivery.lines for delivery in past)} lines"

    def _deliver(self, delivery: samples.SampleDelivery) -> str:
        digest = hashlib.sha256(delivery.path.read_bytes()).hexdigest()
        name = delivery.path.relative_to(self.home / "bills").parts[0]
        known = BillVersion.objects.filter(files__digest=digest).exclude(state=BillVersion.State.FAILED).first()
        if known is None:
            with delivery.path.open("rb") as file:
                upload = bill_upload(actor=self.user, files=[File(file, name=delivery.path.name)])
            upload_ingest.enqueue(self.organization.schema_name, str(upload.pk))
            self._wait(f"reading {name}", lambda: self._read(upload))
            known = BillVersion.objects.get(upload=upload)
        if known.state == BillVersion.State.REVIEW:
            bill_version_confirm(actor=self.user, version_id=known.pk)
            reports_sign.enqueue(self.organization.schema_name)
        shown = bill_version(known.pk)
        assert shown is not None
        self._equal(f"lines of {name}", shown.counts["lines"], delivery.lines)
        self._equal(f"duplicates of {name}", shown.counts["duplicates"], delivery.duplicates)
        self._figures[name] = f"{delivery.lines} lines, {delivery.duplicates} duplicates counted once"
        return f"{name}: {delivery.lines} lines"

    def _read(self, upload: Upload) -> bool | None:
        upload.refresh_from_db()
        if upload.state == Upload.State.FAILED:
            raise FigureOff(f"the bill was refused: {upload.error}")
        return True if upload.state == Upload.State.DONE else None

    def _ledger(self) -> str:
        expected = 0
        for delivery in (*self.deliveries.past, self.deliveries.second, self.deliveries.following):
            hours = estimate([delivery.path], factor_set=load_factor_set()).hours
            expected += sum(hours.column("operational_ug").to_pylist()) + sum(hours.column("embodied_ug").to_pylist())
        first, last = month_hours(*samples.MONTH)[0], month_hours(*samples.FOLLOWING)[1]
        shown = dashboard(hour_from=month_hours(*samples.PAST[0])[0], hour_through=last)
        self._equal("ledger against a fresh estimate of the confirmed bills, µg", shown.total.ug, expected)
        self.period = Period("Feb–Mar 2026", first, last)
        self._figures = {"ledger_ug": str(expected), "low_ug": str(shown.total.low_ug), "high_ug": str(shown.total.high_ug)}
        band = f"{kg_text(shown.total.low_ug)} to {kg_text(shown.total.high_ug)}"
        return f"{kg_text(expected)} CO2e estimated ({band}), equal to a fresh estimate to the microgram"

    def _reports(self) -> str:
        def all_final() -> int | None:
            found = claimability()
            return found.claimable_ug if found.waiting_ug == 0 and found.claimable_ug > 0 else None

        self.claimable_ug = self._wait("signed reports of the invoiced months", all_final)
        reasons = {month.reason for month in claimability().months if month.reason}
        self._figures = {"claimable_ug": str(self.claimable_ug), "nodes": str(len(nodes()))}
        rest = f"; not claimable: {' '.join(sorted(reasons))}" if reasons else ""
        return f"{len(nodes())} nodes, level A0 (node key only), {kg_text(self.claimable_ug)} claimable{rest}"

    def _epoch(self) -> str:
        live = live_final_reports(node.node for node in nodes())

        def posted() -> EpochRow | None:
            row = next((row for row in network.epochs() if row.posted_block is not None), None)
            newest = reading.newest_posted()
            whole = all(
                (entry := reading.leaf_of(newest, node)) and set(entry.reports) == {report.report_hash for report in reports}
                for node, reports in live.items()
            )
            return row if whole and all(claim.attested_ug == claim.final_ug for claim in claims()) else None

        epoch = self._wait("an epoch with all reports on chain", posted)
        of = len(network.validators())
        self._figures = {"epoch": str(epoch.number), "validators": f"{len(epoch.signers)} of {of}", "root": epoch.root}
        return f"epoch {epoch.number}, {len(epoch.signers)} of {of} validators agreed, {kg_text(epoch.total_ug)} in all"

    def _score(self) -> str:
        """The account that moved from us-east-1 to eu-north-1 scores exactly 20000, by the leaf that validators signed."""
        terms = self._contracts().reward_terms(month_hours(*samples.FOLLOWING)[1])
        known = next(found for found in nodes() if found.account == samples.ANALYTICS)
        node = known.node
        found = scores_by_node([node], terms=terms)[node]
        moved = found[-1]
        self._equal("the scored month", moved.hour_through, month_hours(*samples.FOLLOWING)[1])
        self._equal("closed months of the moved account before the move", len(found) - 1, len(samples.PAST) + 1)
        self._equal("the score of the moved account", moved.score_bp, CAP_BP)
        posted = reading.newest_posted()
        entry = posted.bundle.entry(node) if posted else None
        self._equal("its score in the signed bundle", entry.scores_bp[-1] if entry else None, CAP_BP)
        owed = cumulative_tuner(score for score in found if score.hour_from >= known.first_hour)
        self._equal("its cumulative TUNER in the signed leaf, base units", entry.leaf.cum_tuner if entry else None, owed)
        assert moved.base is not None
        assert moved.intensity is not None
        base, now = moved.base.intensity, moved.intensity
        self._figures = {
            "score_bp": str(moved.score_bp),
            "work_uwh": str(moved.work_uwh),
            "scored_ug": str(moved.scored_ug),
            "base_scored_ug": str(moved.base.scored_ug),
            "base_work_uwh": str(moved.base.work_uwh),
            "mint_units": str(moved.mint_units),
            "bonus_units": str(moved.bonus_units),
        }
        return (
            f"node {node[:10]}… moved from us-east-1 to eu-north-1: {float(base):.4f} / {float(now):.4f} kg per kWh of work = "
            f"{float(base / now):.2f}, score {moved.score_bp}; TUNER = {kg_text(moved.ug)} × 2 + 2 × {kg_text(moved.avoided_ug)} "
            f"avoided = {token_text(moved.tuner_units)}"
        )

    def _airdrop(self) -> str:
        """Twelve months before enrolment, attested in a round of their own and pushed without a click; no hour is paid twice."""

        def pushed() -> History | None:
            found = history()
            return found if found is not None and found.ug == found.paid_ug > 0 else None

        found = self._wait("the months before enrolment in the wallet", pushed)
        self._equal("months before enrolment that were paid", found.months, found.of)
        chain = self._contracts()
        airdrop, first_hour = Airdrop(chain), month_hours(*samples.MONTH)[0]
        paid = [airdrop.paid(row.node) for row in found.rows]
        self._equal("µg paid on chain before the first hour", sum(each.ug for each in paid if each), found.paid_ug)
        ends = {each.hour_through + 1 for each in paid if each}
        self._equal("where the airdrop's hours end and an epoch's begin", ends, {first_hour})
        by_epochs = sum(row.final_ug for row in claims())
        self._equal("µg of history and of epochs together", found.paid_ug + by_epochs, self.claimable_ug)
        rounds = ", ".join(str(number) for number in sorted({row.round for row in found.rows if row.round}))
        self._figures = {"round": rounds, "ug": str(found.paid_ug), "tx": found.tx_hashes[-1]}
        return (
            f"{found.months} of {found.of} months before enrolment, {kg_text(found.paid_ug)} of {len(found.rows)} accounts, "
            f"round {rounds}, pushed in {', '.join(found.tx_hashes)}"
        )

    def _mint(self) -> str:
        def minted() -> bool | None:
            found = tie_out()
            return True if found.minted_ug == self.claimable_ug and found.waiting_ug == 0 else None

        self._wait("the mint into the wallet", minted)
        contracts = self._contracts()
        wallet = nodes()[0].wallet
        held = contracts.ct02_balance(wallet)
        retired = tie_out().retired_ug
        self._equal("CT02 in the wallet and retired, base units", held + retired * UNITS_PER_UG, self.claimable_ug * UNITS_PER_UG)
        tuner = contracts.tuner_balance(wallet)
        posted = reading.newest_posted()
        signed = sum(entry.leaf.cum_tuner for entry in posted.bundle.leaves if entry.leaf.wallet == wallet) if posted else 0
        self._equal("TUNER in the wallet against its leaves, base units", tuner, signed)
        self._figures = {"wallet": wallet, "ct02_units": str(held), "tuner_units": str(tuner)}
        return f"{token_text(held)} CT02 and {token_text(tuner)} TUNER in {wallet}"

    def _retire(self) -> str:
        """A third of what there is, oldest hours first."""
        share = None if retirable(self.period).ug == 0 else retirable(self.period).ug // 3
        prepared = retirement_prepare(
            actor=self.user,
            hour_from=self.period.hour_from,
            hour_through=self.period.hour_through,
            beneficiary_name=NAME,
            ug=share,
            purpose="Demo journey",
            label=self.period.label,
            client_token=CLIENT_TOKEN,
        )
        retirement_confirm(actor=self.user, retirement_id=prepared.pk)

        def final() -> RetirementDetail | None:
            found = retirement(prepared.pk)
            if found.row.state == "failed":
                raise FigureOff(f"the retirement failed: {found.row.error}")
            return found if found.final_block_hash else None

        self.retirement = self._wait("a final retirement", final)
        named = sum(self._hours_ug(lot) for lot in self.retirement.allocations)
        self._equal("µg of the ledger hours that the lots name", named, self.retirement.row.ug)
        self._figures = {"ug": str(self.retirement.row.ug), "tx": self.retirement.row.tx_hash}
        spans = ", ".join(f"{hour_text(lot.hour_from)} to {hour_text(lot.hour_through)}" for lot in self.retirement.allocations)
        return f"{kg_text(self.retirement.row.ug)} of {spans} in {self.retirement.row.tx_hash}"

    def _hours_ug(self, lot: AllocationRow) -> int:
        """Σ of the ledger between two hours, straight from its rows, the first and the last in the lot's shares."""
        account = next(found.account for found in nodes() if found.node == lot.node)
        hour_from, hour_through = lot.hour_from, lot.hour_through
        rows = LedgerHour.objects.filter(series__account=account, hour__range=(hour_from, hour_through))
        rows = rows.exclude(series__quality="unknown")
        by_hour: dict[int, int] = {}
        for hour, operational, embodied in rows.values_list("hour", "operational_ug", "embodied_ug"):
            by_hour[hour] = by_hour.get(hour, 0) + operational + embodied
        first, last = lot.first_hour_ug, lot.last_hour_ug
        inner = sum(ug for hour, ug in by_hour.items() if hour_from < hour < hour_through)
        for hour, share in ((hour_from, first), (hour_through, last)):
            if not 0 <= share <= by_hour[hour]:
                raise FigureOff(f"the share {share} µg of {hour_text(hour)} exceeds the ledger's {by_hour[hour]} µg")
        return inner + (first if hour_from == hour_through else first + last)

    def _certificate(self) -> str:
        def issued() -> certificate_selectors.CertificateRow | None:
            row = certificate_selectors.certificate_of_retirement(self.retirement.row.id)
            return row if row is not None and row.state.lower() == "issued" else None

        row = self._wait("the certificate", issued)
        name, pdf = certificate_selectors.certificate_pdf(row.id)
        self.pdf = self.home / name
        self.pdf.write_bytes(pdf)
        self._equal("the certificate's quantity, µg", row.quantity_ug, self.retirement.row.ug)
        claim = json.loads(self.retirement.claim)
        self._equal("the embedded claim's quantity, µg", int(claim["quantity_ug"]), row.quantity_ug)
        event = self._retired_event()
        self._equal("the Retired event's quantity, µg", event.amount_ug, row.quantity_ug)
        self._figures = {"certificate": row.certificate_id, "pdf": str(self.pdf), "bytes": str(len(pdf))}
        return f"{row.certificate_id}, {len(pdf):,} bytes, TEST SEAL: {self.pdf}"

    def _verify(self, *, online: bool) -> str:
        words = [
            sys.executable,
            "-m",
            "certificates.verify.cli",
            str(self.pdf),
            "--trust",
            str(self.data_dir / "trust.json"),
            "--json",
        ]
        if online:
            words += ["--rpc", settings.RPC_URL]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise FigureOff(f"cloudtuner-verify answered {done.returncode}: {done.stdout}{done.stderr}")
        told = json.loads(done.stdout)
        passed = sum(1 for check in told["checks"] if check["state"] == "pass")
        self._figures = {"verdict": told["verdict"], "passed": str(passed)}
        return f"{told['verdict']}: {passed} of {len(told['checks'])} checks passed, none failed"

    def _tie_out(self) -> str:
        found = tie_out()
        if not found.ties_out:
            raise FigureOff(f"the books do not tie out: {found}")
        self._figures = {
            "wallet_ug": str(found.wallet_ug),
            "retired_ug": str(found.retired_ug),
            "claimable_ug": str(found.claimable_ug),
        }
        return (
            f"wallet {kg_text(found.wallet_ug)} + retired {kg_text(found.retired_ug)} = claimable {kg_text(found.claimable_ug)}"
        )

    def _contracts(self) -> Contracts:
        return Contracts(RpcClient(settings.RPC_URL), self._book())

    def _book(self) -> AddressBook:
        return AddressBook.load(Path(settings.ADDRESS_BOOK))

    def _retired_event(self) -> Retired:
        """The Retired event of the retirement's transaction, read from the chain itself."""
        receipt = RpcClient(settings.RPC_URL).receipt(self.retirement.row.tx_hash)
        if receipt is None:
            raise FigureOff(f"the chain does not know {self.retirement.row.tx_hash}")
        return next(event for event in decode(receipt.logs, self._book()) if isinstance(event, Retired))
