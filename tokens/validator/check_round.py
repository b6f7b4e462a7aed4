"""Whether an airdrop round is true: its list is built again from what this validator checked itself, and has to be the same."""

from __future__ import annotations

from cloudtuner.errors import ProofError
from emissions.poce.airdrop import AirdropList, AirdropRound, RetroEntry, build_round
from emissions.poce.epoch import NodeState

from .chain_view import ChainView
from .frame import cap_faults, differing, frame_told
from .reports import FetchReport, ReportRules, verified_reports
from .store import Store
from .verdict import Fault, Verdict, faults_of


def check_round(
    header: AirdropRound,
    data: bytes,
    previous: AirdropList | None,
    *,
    chain: ChainView,
    set_id: int,
    fetch_report: FetchReport,
    store: Store,
) -> Verdict:
    """The verdict on a round and its list's bytes. `previous` is the list of the round before, as posted.

    Unreachable hosts and chains raise; everything that is false is a fault in the verdict.
    """
    try:
        listed = AirdropList.from_bytes(data)
    except ProofError as error:
        return Verdict(header, (Fault(error.code, "list", error.message),))
    faults = _frame_faults(listed, header, previous, chain=chain, set_id=set_id)
    if faults:
        return Verdict(header, tuple(faults))
    rules = ReportRules(chain.report_domain, chain.hour, chain.factor_set_at)
    states = []
    for entry in listed.entries:
        state, wrong = _state(entry, chain=chain, rules=rules, fetch_report=fetch_report, store=store)
        faults += wrong
        if state is not None:
            states.append(state)
    if not faults:
        faults = _rebuilt_faults(listed, header, previous, states) or cap_faults(
            [(leaf.node, leaf.ug, leaf.cap_ug(chain.caps.hour_ug)) for leaf in listed.leaves]
        )
    return Verdict(header, tuple(faults))


def _frame_faults(
    listed: AirdropList, header: AirdropRound, previous: AirdropList | None, *, chain: ChainView, set_id: int
) -> list[Fault]:
    """What is wrong before any report is looked at."""
    expected = previous.round + 1 if previous else 1
    newest_hour = max(leaf.hour_through for leaf in listed.leaves)
    told = [
        *frame_told(listed, header, where="list", newest_hour=newest_hour, chain=chain, set_id=set_id),
        (listed.header == header, "list.header", "the round does not follow from the list"),
        (listed.round == expected, "list.round", f"round {listed.round}, the next is {expected}"),
    ]
    return faults_of(told, where="list")


def _state(
    entry: RetroEntry, *, chain: ChainView, rules: ReportRules, fetch_report: FetchReport, store: Store
) -> tuple[NodeState | None, list[Fault]]:
    """The node with the reports as this validator found them, and what is wrong with it."""
    node = entry.leaf.node
    record = chain.node(node)
    if record is None:
        return None, [Fault("node.unknown", node, "it is not registered on chain")]
    known, faults = verified_reports(node, record, entry.reports, rules=rules, fetch_report=fetch_report, store=store)
    if entry.leaf.wallet != record.wallet:
        faults.append(Fault("node.wallet", node, f"the chain has wallet {record.wallet}"))
    found = tuple(known[report_hash] for report_hash in entry.reports if report_hash in known)
    return NodeState(node, record.wallet, found, record.first_hour), faults


def _rebuilt_faults(
    listed: AirdropList, header: AirdropRound, previous: AirdropList | None, states: list[NodeState]
) -> list[Fault]:
    """What differs from the list that follows from our own findings."""
    try:
        rebuilt = build_round(
            previous,
            states,
            chain_id=listed.chain_id,
            registry=listed.registry,
            factor_set=listed.factor_set,
            engine=listed.engine,
            set_id=listed.set_id,
        )
    except ProofError as error:
        return [Fault(error.code, "list", error.message)]
    faults = differing(listed.entries, rebuilt.entries)
    if not faults and (rebuilt.header != header or rebuilt.to_bytes() != listed.to_bytes()):
        faults = [Fault("list.differs", "list", "it is not what its reports give")]
    return faults
