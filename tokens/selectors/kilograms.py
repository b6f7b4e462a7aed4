"""Where the kilograms stand: provisional, settling, ready, in the wallet, retired; and whether all of it ties out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform

from emissions.poce.report import State
from emissions.register.models import ReportCommitment
from tokens.models import Lot, LotAllocation
from tokens.network import reading, rounds
from tokens.network.models import ChainEvent
from tokens.network.models.blocks import amount
from tokens.selectors.figures import KilogramStates, Period, TieOut
from tokens.selectors.history import unnamed, unpaid_leaves
from tokens.selectors.own import own_nodes
from tokens.selectors.rulers import claimed_by_node, history_rulers, taken_by_track
from tokens.series import HourSeries, NodeRuler
from tokens.units import ug_from_units

ZERO_ADDRESS = "0x" + "0" * 40


def live_reports(nodes: Iterable[str]) -> dict[str, list[ReportCommitment]]:
    """The reports of each node that count now, by hour: per range the newest, except that a FINAL one is unseated by FINAL
    only. In one query, without the reports that no longer count.
    """
    is_final = ExpressionWrapper(Q(state=State.FINAL), output_field=BooleanField())
    rows = (
        ReportCommitment.objects.filter(node__node__in=list(nodes))
        .order_by("node__node", "hour_from", "hour_through", is_final.desc(), "-seq")
        .distinct("node__node", "hour_from", "hour_through")
        .select_related("node")
        .defer("report")
    )
    live: dict[str, list[ReportCommitment]] = defaultdict(list)
    for report in rows:
        live[report.node.node].append(report)
    return live


def final_hours(reports: Iterable[ReportCommitment]) -> HourSeries:
    """The hours from the node's first one on under the FINAL ones of these reports: what epochs count."""
    counted = [report for report in reports if report.state == State.FINAL and report.hour_from >= report.node.first_hour]
    return HourSeries(tuple(sorted((int(hour), int(ug)) for report in counted for hour, ug in report.hours)))


def _ug_within(reports: Iterable[ReportCommitment], period: Period) -> int:
    hours = (pair for report in reports for pair in report.hours)
    return sum(int(ug) for hour, ug in hours if period.hour_from <= int(hour) <= period.hour_through)


def kilogram_states(period: Period) -> KilogramStates:
    """The five states of the period's micrograms, over all nodes.

    Claimed and retired micrograms are positions on a node's hours, oldest first, so every hour has one state (the hour
    at a border is shared out). What is being retired stays in the wallet until its burn is mined.
    """
    claimed, taken, named = claimed_by_node(), taken_by_track(burned=True), rounds.named()
    provisional = settling = ready = wallet = retired = deficit = 0
    nodes = own_nodes()
    live = live_reports(binding.node for binding in nodes)
    for binding in nodes:
        reports = live[binding.node]
        provisional += _ug_within((report for report in reports if report.state == State.PROVISIONAL), period)
        settling += _ug_within((report for report in reports if report.state == State.SETTLED), period)
        ready += _ug_within(unnamed(reports, named), period)
        series = final_hours(reports)
        ruler = NodeRuler(binding.node, series, claimed.get(binding.node, 0), tuple(taken.get((binding.node, 0), ())))
        whole = series.within(0, series.total, period.hour_from, period.hour_through)
        minted = series.within(0, min(ruler.claimed_ug, series.total), period.hour_from, period.hour_through)
        free = ruler.retirable(period.hour_from, period.hour_through)
        ready += whole - minted
        wallet += free
        retired += minted - free
        deficit += ruler.deficit_ug
    for ruler in history_rulers(taken):
        minted = ruler.series.within(0, ruler.claimed_ug, period.hour_from, period.hour_through)
        free = ruler.retirable(period.hour_from, period.hour_through)
        wallet += free
        retired += minted - free
    for series in unpaid_leaves(nodes):
        ready += series.within(0, series.total, period.hour_from, period.hour_through)
    return KilogramStates(provisional, settling, ready, wallet, retired, deficit)


def holdings(wallets: set[str]) -> tuple[int, int]:
    """What wallets hold, and what left them other than by retirement (negative: came in), by the final CT02 transfers."""
    # An event's account is the receiver; for the sender there is an index of its own.
    told = reading.confirmed(reading.events("TokenTransfer").filter(contract="ct02")).order_by()
    told = told.annotate(sender=KeyTextTransform("sender", "args"))
    minted, burned = Q(sender=ZERO_ADDRESS), Q(account=ZERO_ADDRESS)
    came = _sums(told.filter(account__in=wallets), minted)
    went = _sums(told.filter(sender__in=wallets), burned)
    held, moved = sum(came) - sum(went), went[1] - came[1]
    return ug_from_units(held), ug_from_units(moved)


def _sums(told: QuerySet[ChainEvent], apart: Q) -> tuple[int, int]:
    """Base units moved by events that meet a condition, and by those that do not."""
    found = told.aggregate(apart=Sum(amount("amount"), filter=apart), rest=Sum(amount("amount"), filter=~apart))
    return int(found["apart"] or 0), int(found["rest"] or 0)


def tie_out() -> TieOut:
    """Whether wallet + retired = claimable, term by term, with what waits, what is owed and what moved. Final blocks only."""
    nodes = own_nodes()
    claimed, named = claimed_by_node(), rounds.named()
    live = live_reports(binding.node for binding in nodes)
    paid_history = Lot.objects.filter(on_chain=True, round__isnull=False).aggregate(ug=Sum("ug"))["ug"] or 0
    waiting = sum(series.total for series in unpaid_leaves(nodes))
    waiting += sum(report.ug for reports in live.values() for report in unnamed(reports, named))
    claimable, deficit = paid_history + waiting, 0
    for binding in nodes:
        total = final_hours(live[binding.node]).total
        claimable += total
        waiting += max(0, total - claimed.get(binding.node, 0))
        deficit += max(0, claimed.get(binding.node, 0) - total)
    held, moved = holdings({binding.wallet for binding in nodes})
    used = LotAllocation.objects.filter(released=False, retirement__state="final")
    retired = used.aggregate(ug=Sum("ug"))["ug"] or 0
    return TieOut(
        claimable_ug=claimable,
        waiting_ug=waiting,
        deficit_ug=deficit,
        minted_ug=Lot.objects.filter(on_chain=True).aggregate(ug=Sum("ug"))["ug"] or 0,
        wallet_ug=held,
        retired_ug=retired,
        moved_ug=moved,
        difference_ug=claimable - waiting + deficit - held - retired - moved,
    )
