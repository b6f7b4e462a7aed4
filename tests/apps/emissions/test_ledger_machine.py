"""Whatever is delivered, confirmed, discarded and restated in whatever order: the ledger is the sum of what is confirmed.

The expected figures come from the validators' way of computing (`recompute` over lines), not from the estimate that filled
the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cloudtuner.clock import month_hours
from emissions import selectors, services
from emissions.engine.ratekey import RateKey
from emissions.engine.recompute import recompute
from emissions.grid.catalog import load_factor_set
from emissions.models import BillVersion, LedgerDay, LedgerHour, LedgerMonth
from emissions.poce.lines import StrippedLines
from emissions.selectors.figures import LedgerFilters

QUANTITIES = st.sampled_from(["0", "0.25", "1", "7.5", "-1", "1000.001"])
MONTHS = [(2026, 6), (2026, 7)]
USES = st.lists(st.tuples(st.sampled_from(["one", "two"]), st.integers(0, 40), QUANTITIES), min_size=1, max_size=4)


@lru_cache
def _ug(key: str, hour: int, quantity: str) -> int:
    return recompute(StrippedLines.collect([(hour, key, quantity)]), load_factor_set()).ug


@pytest.mark.slow
def test_ledger__any_order_of_deliveries_and_decisions__is_the_sum_of_what_is_confirmed(room, cur):
    accounts = {"one": cur.account, "two": cur.other}
    key = RateKey("aws", "AmazonEC2", cur.mumbai[1], "RunInstances", "Hrs", cur.mumbai[0], cur.mumbai[2]).text

    class Ledger(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.around = transaction.atomic()
            self.around.__enter__()
            self.confirmed: dict[tuple[int, int], dict[str, int]] = {}
            self.waiting: dict[tuple[int, int], tuple[object, dict[str, int]]] = {}
            self.last = None

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)

        @rule(month=st.sampled_from(MONTHS), uses=USES, invoiced=st.booleans())
        def deliver(self, month, uses, invoiced) -> None:
            start = month_hours(*month)[0]
            line = cur.Line(month=month, invoice="INV" if invoiced else "")
            lines = [replace(line, account=accounts[who], hour=start + hour, quantity=quantity) for who, hour, quantity in uses]
            upload = room.upload(lines)
            assert upload.state == "done"
            self.last = lines
            if not upload.versions:
                return
            ((_, version),) = upload.versions
            figures = self._figures(lines)
            if month in self.confirmed:
                assert version.state == "review"
                self.waiting[month] = (version, figures)
            else:
                assert version.state == "confirmed"
                self.confirmed[month] = figures

        @precondition(lambda self: self.last)
        @rule()
        def deliver_the_last_again(self) -> None:
            upload = room.upload(self.last)
            month = self.last[0].month
            if month in self.confirmed and not upload.versions:
                assert [note.code for note in upload.notes] == ["bill.unchanged"]
            elif upload.versions:
                self.waiting[month] = (upload.versions[0][1], self._figures(self.last))

        def _figures(self, lines) -> dict[str, int]:
            figures: dict[str, int] = defaultdict(int)
            for told in lines:
                figures[told.account] += _ug(key, told.hour, told.quantity)
            return figures

        @precondition(lambda self: self.waiting)
        @rule(data=st.data())
        def confirm(self, data) -> None:
            month = data.draw(st.sampled_from(sorted(self.waiting)))
            version, figures = self.waiting.pop(month)
            room.confirm(version)
            room.confirm(version)
            self.confirmed[month] = figures

        @precondition(lambda self: self.waiting)
        @rule(data=st.data())
        def discard(self, data) -> None:
            version, _ = self.waiting.pop(data.draw(st.sampled_from(sorted(self.waiting))))
            services.bill_version_discard(actor=room.tenant.owner, version_id=version.id)

        @rule()
        def sign(self) -> None:
            services.reports_build()
            for month in selectors.claimability().months:
                assert not month.reason_code.startswith("report."), month.reason
                assert month.ledger_ug == month.claimable_ug + month.by_cost_ug + month.waiting_ug
                if month.reason_code == "" and month.state == "final":
                    assert month.waiting_ug == 0

        @invariant()
        def ledger_is_what_is_confirmed(self) -> None:
            expected: dict[str, int] = defaultdict(int)
            for figures in self.confirmed.values():
                for account, ug in figures.items():
                    expected[account] += ug
            for account in accounts.values():
                assert selectors.ledger_totals(LedgerFilters(accounts=(account,))).ug == expected[account]

        @invariant()
        def roll_up_is_the_hours(self) -> None:
            for column in ("operational_ug", "embodied_ug", "energy_uwh", "lines", "cost_micro"):
                tables = (LedgerHour, LedgerDay, LedgerMonth)
                hours, days, months = (model.objects.aggregate(sum=Sum(column))["sum"] or 0 for model in tables)
                assert hours == days == months, column

        @invariant()
        def chain_of_batches_holds(self) -> None:
            assert services.ledger_verify() == []

        @invariant()
        def one_confirmed_version_per_bill(self) -> None:
            assert BillVersion.objects.filter(state="confirmed").count() == len(self.confirmed)

    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=8, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
        ),
    )
