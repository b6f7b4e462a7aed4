"""`cloudtuner chain proposals`: what is proposed and where it stands; propose, vote, queue, execute; files for a Safe."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cloudtuner.errors import ConfigurationError
from cloudtuner.keyfile import read_key_file
from cloudtuner.units import token_text
from emissions.poce.hexes import normal_address
from tokens.chain.actions import parse_action
from tokens.chain.book import AddressBook
from tokens.chain.client import Call, RpcClient
from tokens.chain.contracts import Contracts
from tokens.chain.governance import Governance, Proposal, ProposalRecord, Support
from tokens.chain.safe import safe_batch
from tokens.chain.sender import transact
from tokens.chain.status import moment_text

from .cli import AsJson, Book, Rpc

console = Console(highlight=False, soft_wrap=True)

KeyFile = Annotated[Path | None, typer.Option(help="File with the private key that proposes, votes, queues or executes.")]


def proposals_command(
    rpc: Rpc,
    book: Book,
    governor: Annotated[str, typer.Option(help="The governor, where the address book does not name it.")] = "",
    action: Annotated[list[str] | None, typer.Option(help="contract.function:argument,… once per call.")] = None,
    why: Annotated[str, typer.Option(help="What the actions are for.")] = "",
    safe: Annotated[Path | None, typer.Option(help="Write the actions for a Safe's transaction builder.")] = None,
    owner: Annotated[str, typer.Option(help="The Safe that is to sign; by default the owner of the registry.")] = "",
    vote: Annotated[str, typer.Option(help="NUMBER:for, NUMBER:against or NUMBER:abstain.")] = "",
    queue: Annotated[str, typer.Option(help="Number of a proposal that passed.")] = "",
    execute: Annotated[str, typer.Option(help="Number of a proposal that waited in the timelock.")] = "",
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Lists every proposal with state, votes and time. Numbers may be cut to their first digits where these are enough."""
    desk = _Desk.open(rpc, book, governor)
    calls = tuple(parse_action(desk.book, text) for text in action or ())
    if calls and safe is not None:
        desk.write_safe(safe, calls, owner, why)
        return
    wanted = [desk.propose(calls, why)] if calls else []
    if vote:
        wanted.append(desk.vote(vote))
    if queue:
        wanted.append(desk.governance.queue(desk.find(queue).proposal))
    if execute:
        wanted.append(desk.governance.execute(desk.find(execute).proposal))
    for call in wanted:
        if key_file is None:
            console.print(f"to {call.to} data 0x{call.data.hex()}", markup=False)
            console.print("Not sent: no --key-file.")
            continue
        receipt = transact(desk.client, call, private_key=read_key_file(key_file), chain_id=desk.book.chain_id)
        console.print(f"sent in {receipt.tx_hash}", markup=False)
    if not wanted:
        desk.show(as_json=as_json)


@dataclass(frozen=True)
class _Desk:
    """One governor and the books it is known by."""

    client: RpcClient
    book: AddressBook
    governor: str

    @classmethod
    def open(cls, rpc: str, path: Path, governor: str) -> _Desk:
        """Refuses a chain that the book does not mean."""
        client, book = RpcClient(rpc), AddressBook.load(path)
        Contracts(client, book).check_chain()
        if governor:
            return cls(client, book, normal_address(governor, field="--governor"))
        return cls(client, book, book.creations["governor"].address if "governor" in book.creations else "")

    @property
    def governance(self) -> Governance:
        if not self.governor:
            raise ConfigurationError(
                "the address book names no governor.", code="chain.no_governor", hint="Give its address with --governor."
            )
        return Governance(self.client, self.governor)

    def records(self) -> list[ProposalRecord]:
        return self.governance.proposals(from_block=self.book.deploy_block)

    def find(self, number: str) -> ProposalRecord:
        """The one proposal whose number begins so."""
        found = [record for record in self.records() if str(record.proposal_id).startswith(number)]
        if len(found) != 1:
            raise ConfigurationError(
                f"{len(found)} proposals have a number that begins with {number}.",
                code="chain.no_proposal",
                hint="`cloudtuner chain proposals` lists them.",
            )
        return found[0]

    def propose(self, calls: tuple[Call, ...], why: str) -> Call:
        if not why:
            raise ConfigurationError("a proposal needs a text.", code="chain.action", hint="Say with --why what it is for.")
        proposal = Proposal(calls, why)
        console.print(f"proposal {proposal.proposal_id}", markup=False)
        return self.governance.propose(proposal)

    def vote(self, text: str) -> Call:
        number, _, word = text.partition(":")
        words = {"for": Support.FOR, "against": Support.AGAINST, "abstain": Support.ABSTAIN}
        if word not in words:
            raise ConfigurationError(f"--vote {text!r} is not NUMBER:for, against or abstain.", code="chain.action")
        return self.governance.vote(self.find(number).proposal_id, words[word])

    def write_safe(self, path: Path, calls: tuple[Call, ...], owner: str, why: str) -> None:
        contracts = Contracts(self.client, self.book)
        signer = owner or contracts.read(self.book.node_registry, "owner()", ("address",), block="latest")[0]
        batch = safe_batch(
            calls, chain_id=self.book.chain_id, safe=normal_address(signer), created_at=self.client.block().timestamp,
            name="CloudTuner", why=why,
        )  # fmt: skip
        path.write_text(json.dumps(batch, indent=1) + "\n", encoding="utf-8")
        console.print(f"{len(calls)} calls for the Safe {normal_address(signer)} in {path}: nothing was sent.", markup=False)

    def show(self, *, as_json: bool) -> None:
        told = [self._told(record) for record in self.records()]
        if as_json:
            console.print_json(json.dumps(told))
            return
        for each in told:
            console.print(f"{each['number']}  {each['state']}  {each['why']}", markup=False)
            votes = (f"{word} {token_text(int(each[word]))}" for word in ("for", "against", "abstain", "quorum"))
            console.print(f"    votes until {each['deadline']}: {', '.join(votes)}", markup=False)
            if each["eta"]:
                console.print(f"    can be executed from {each['eta']}", markup=False)
        if not told:
            console.print("nothing was proposed.")

    def _told(self, record: ProposalRecord) -> dict[str, Any]:
        governance, number = self.governance, record.proposal_id
        tally, eta = governance.tally(number), governance.eta(number)
        known = record.snapshot <= self.client.block().timestamp - 1
        return {
            "number": str(number),
            "state": governance.state(number).name.lower(),
            "why": record.proposal.why,
            "proposer": record.proposer,
            "for": str(tally.in_favour),
            "against": str(tally.against),
            "abstain": str(tally.abstained),
            "quorum": str(governance.quorum(record.snapshot)) if known else "0",
            "snapshot": moment_text(record.snapshot),
            "deadline": moment_text(record.deadline),
            "eta": moment_text(eta) if eta else None,
            "calls": [{"to": call.to, "data": "0x" + call.data.hex()} for call in record.proposal.calls],
        }
