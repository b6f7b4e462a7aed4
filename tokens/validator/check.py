"""Whether an epoch is true: its bundle is built again from what this validator checked itself, and has to be the same bytes."""

from __future__ import annotations

from cloudtuner.errors import ProofError
from emissions.poce.epoch import Bundle, BundleLeaf, EpochHeader, NodeState, build_bundle, header_of
from emissions.poce.live import LiveReport

from .chain_view import ChainView
from .frame import cap_faults, differing, frame_told
from .reports import FetchReport, ReportRules, verified_reports
from .store import Store
from .verdict import Fault, Verdict, faults_of


def check_epoch(
    header: EpochHeader,
    data: bytes,
    previous: Bundle | None,
    *,
    chain: ChainView,
    set_id: int,
    fetch_report: FetchReport,
    store: Store,
) -> Verdict:
    """The verdict on a header and its bundle's bytes. `previous` is the bundle of the epoch before, as posted.

    Unreachable hosts and chains raise; everything that is false is a fault in the verdict.
    """
    try:
        bundle = Bundle.from_bytes(data)
    except ProofError as error:
        return Verdict(header, (Fault(error.code, "bundle", error.message),))
    faults = _frame_faults(bundle, header, previous, chain=chain, set_id=set_id)
    if faults:
        return Verdict(header, tuple(faults))
    rules = ReportRules(chain.report_domain, chain.hour, chain.factor_set_at)
    states = []
    for entry in bundle.leaves:
        before = previous.entry(entry.leaf.node) if previous else None
        reports, wrong = _node_reports(entry, before, chain=chain, rules=rules, fetch_report=fetch_report, store=store)
        record = chain.node(entry.leaf.node)
        states.append(NodeState(entry.leaf.node, entry.leaf.wallet, tuple(reports), record.first_hour if record else 0))
        faults += wrong
    if not faults:
        faults = _rebuilt_faults(bundle, header, previous, states) or _cap_faults(bundle, states, chain)
    return Verdict(header, tuple(faults))


def _frame_faults(bundle: Bundle, header: EpochHeader, previous: Bundle | None, *, chain: ChainView, set_id: int) -> list[Fault]:
    """What is wrong before any report is looked at."""
    expected = previous.epoch + 1 if previous else 1
    news = previous is None or [entry.reports for entry in bundle.leaves] != [entry.reports for entry in previous.leaves]
    told = [
        *frame_told(bundle, header, where="bundle", newest_hour=header.through_hour, chain=chain, set_id=set_id),
        (header_of(bundle) == header, "bundle.header", "the header does not follow from the bundle"),
        (bundle.epoch == expected, "bundle.epoch", f"epoch {bundle.epoch}, the next is {expected}"),
        (bundle.terms == chain.reward_terms(header.through_hour), "bundle.terms", "not the terms of rewards of its hours"),
        (news, "bundle.nothing_new", "no report is new"),
    ]
    return faults_of(told, where="bundle")


def _node_reports(
    entry: BundleLeaf, before: BundleLeaf | None, *, chain: ChainView, rules: ReportRules, fetch_report: FetchReport, store: Store
) -> tuple[list[LiveReport], list[Fault]]:
    """The node's reports as this validator found them, and what is wrong with the node."""
    node = entry.leaf.node
    record = chain.node(node)
    if record is None:
        return [], [Fault("node.unknown", node, "it is not registered on chain")]
    faults = faults_of([(entry.leaf.wallet == record.wallet, "node.wallet", f"the chain has wallet {record.wallet}")], where=node)
    attested = before.reports if before else ()
    known, wrong = verified_reports(
        node, record, entry.reports, attested=attested, rules=rules, fetch_report=fetch_report, store=store
    )
    faults += wrong
    found = [known[report_hash] for report_hash in entry.reports if report_hash in known]
    if not faults:
        faults = _succession_faults(node, found, [known[report_hash] for report_hash in attested])
    return found, faults


def _succession_faults(node: str, now: list[LiveReport], before: list[LiveReport]) -> list[Fault]:
    """Every range that was attested is there again, by the same report or a later one."""
    places = {(report.hour_from, report.hour_through): report for report in now}
    told = []
    for old in before:
        new = places.get((old.hour_from, old.hour_through))
        holds = new is not None and (new.report_hash == old.report_hash or new.seq > old.seq)
        told.append((holds, "node.report_gone", f"report {old.report_hash} is missing and no later one replaces it"))
    seqs = [report.seq for report in now]
    told.append((len(set(seqs)) == len(seqs), "node.seq_twice", "two reports have one seq"))
    return faults_of(told, where=node)


def _cap_faults(bundle: Bundle, states: list[NodeState], chain: ChainView) -> list[Fault]:
    leaves = [(entry.leaf, state.first_hour) for entry, state in zip(bundle.leaves, states, strict=True)]
    ceiling = chain.caps.ceiling_ug
    return cap_faults(
        [
            (leaf.node, leaf.cum_ug, ceiling(leaf.node, first_hour=first, through_hour=leaf.through_hour, ug=leaf.cum_ug))
            for leaf, first in leaves
        ]
    )


def _rebuilt_faults(bundle: Bundle, header: EpochHeader, previous: Bundle | None, states: list[NodeState]) -> list[Fault]:
    """What differs from the bundle that follows from our own findings."""
    try:
        rebuilt, own_header = build_bundle(
            previous,
            states,
            chain_id=bundle.chain_id,
            registry=bundle.registry,
            factor_set=bundle.factor_set,
            engine=bundle.engine,
            set_id=bundle.set_id,
            terms=bundle.terms,
        )
    except ProofError as error:
        return [Fault(error.code, "bundle", error.message)]
    faults = differing(bundle.leaves, rebuilt.leaves)
    if not faults and (own_header != header or rebuilt.to_bytes() != bundle.to_bytes()):
        faults = [Fault("bundle.differs", "bundle", "it is not what its reports give")]
    return faults
