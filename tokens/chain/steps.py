"""A deployment, transaction by transaction, that can be broken off at any moment and goes on where it was.

Every transaction has its nonce from the plan, and its hash is on disk before it leaves. Whoever comes back with the same
account and options therefore finds each one in a block, on its way, or never sent, and no contract is made twice.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cloudtuner.errors import ChainError, ConfigurationError
from emissions.poce.keys import address_of

from .client import Call, Receipt, RpcClient
from .creations import Creation, creation_of
from .sender import broadcast, check_chain_id, sign_call, suggest_fees, suggest_gas

VERSION = 1
TIMEOUT_S = 300.0
_POLL_S = 0.05


@dataclass(frozen=True)
class Step:
    """One transaction of a deployment. `creates` is the address where it makes a contract; `name` that of the books."""

    what: str
    call: Call | None = None
    init_code: bytes = b""
    creates: str | None = None
    name: str = ""


OnStep = Callable[[Step, Receipt], None]


@dataclass(frozen=True)
class Begun:
    """A deployment that was begun: on which chain, by whom, from which nonce on, and when (chain time, unix seconds)."""

    chain_id: int
    genesis_hash: str
    deployer: str
    first_nonce: int
    now: int


@dataclass
class Journal:
    """What of a deployment was signed. Without a path it is kept in memory only, for chains that nobody comes back to.

    `plan` is the sha256 of all transactions; `sent` has, per transaction, the hashes that were signed for it.
    """

    path: Path | None = None
    begun: Begun | None = None
    plan: str = ""
    sent: list[list[str]] = field(default_factory=list)
    steps: Sequence[Step] = field(default=(), repr=False)

    @classmethod
    def beside(cls, book: Path) -> Journal:
        """That of the deployment whose book this is to be: what was begun before, or an empty one.

        Raises ConfigurationError `chain.deploy_begun` for a file that is none.
        """
        path = book.with_name(book.name + ".begun")
        if not path.exists():
            return cls(path)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["version"] != VERSION:
                raise ValueError(f"version {told['version']!r} is not {VERSION}")
            return cls(path, Begun(**told["begun"]), told["plan"], [list(each["sent"]) for each in told["steps"]])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise _other(path, f"this is no journal of a deployment: {error}") from error

    def begin(self, client: RpcClient, *, chain_id: int, deployer: str) -> Begun:
        """The deployment to go on with, or a new one from the account's next nonce.

        Raises `chain.wrong_chain` before anything is signed, `chain.deploy_begun` when another chain or account began it.
        """
        check_chain_id(client, chain_id)
        here = Begun(chain_id, client.genesis_hash(), deployer, client.nonce(deployer), client.block().timestamp)
        known = self.begun or here
        if (known.chain_id, known.genesis_hash, known.deployer) != (chain_id, here.genesis_hash, deployer):
            raise _other(
                self.path, f"a deployment by {known.deployer} on chain {known.chain_id}, {known.genesis_hash}, was begun."
            )
        self.begun = known
        return known

    def hold(self, steps: Sequence[Step]) -> None:
        """Takes these transactions as those to be sent; raises `chain.deploy_begun` when others were begun."""
        digest = plan_hash(steps)
        if self.plan and self.plan != digest:
            raise _other(self.path, "a deployment with other options, or by another version of this program, was begun.")
        self.plan = digest
        self.sent += [[] for _ in range(len(steps) - len(self.sent))]
        self.steps = steps

    def note(self, place: int, tx_hash: str) -> None:
        """Keeps a hash on disk, for good, before the transaction leaves."""
        self.sent[place].append(tx_hash)
        if self.path is None or self.begun is None:
            return
        steps = [
            {"what": step.what, "creates": step.creates, "sent": sent} for step, sent in zip(self.steps, self.sent, strict=True)
        ]
        told: dict[str, Any] = {"version": VERSION, "begun": asdict(self.begun), "plan": self.plan, "steps": steps}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(self.path.name + ".part")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def finish(self) -> None:
        """The books are written: nothing is left to go on with."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Made:
    """What a deployment made: each contract as it was created, by the names of the books; the block of the first step."""

    creations: dict[str, Creation]
    first_block: int


def perform_all(client: RpcClient, steps: Sequence[Step], *, key: bytes, journal: Journal, on_step: OnStep | None = None) -> Made:
    """Sends what was not sent yet, in order, each after the one before is in a block; `journal` was begun.

    Raises `chain.deploy` when a step reverts or lands elsewhere than planned, `chain.nonce_taken` when the account sent
    something else in between, `chain.not_mined` (retryable) when a block takes too long: the same call then goes on.
    """
    journal.hold(steps)
    creations: dict[str, Creation] = {}
    first_block = 0
    for place, step in enumerate(steps):
        receipt = _perform(client, step, place, key, journal)
        first_block = first_block or receipt.block_number
        creation = creation_of(step, receipt)
        if creation is not None:
            creations[step.name] = creation
        if on_step is not None:
            on_step(step, receipt)
    return Made(creations, first_block)


def plan_hash(steps: Sequence[Step]) -> str:
    """sha256 over every transaction: where it goes and what it carries."""
    digest = sha256()
    for step in steps:
        to, data = (step.call.to, step.call.data) if step.call else ("", step.init_code)
        digest.update(f"{to}:{len(data)}:".encode() + data)
    return digest.hexdigest()


def _perform(client: RpcClient, step: Step, place: int, key: bytes, journal: Journal) -> Receipt:
    tried = journal.sent[place]
    receipt = _mined(client, tried)
    if receipt is None:
        if not any(client.knows_transaction(tx_hash) for tx_hash in tried):
            _send(client, step, place, key, journal)
        receipt = _wait(client, step, tried)
    if not receipt.succeeded:
        raise ChainError(f"{step.what} reverted in {receipt.tx_hash}.", code="chain.deploy", where=client.place)
    if step.creates is not None and receipt.contract_address != step.creates:
        raise ChainError(f"{step.what} landed at {receipt.contract_address}, not {step.creates}.", code="chain.deploy")
    return receipt


def _send(client: RpcClient, step: Step, place: int, key: bytes, journal: Journal) -> None:
    assert journal.begun is not None
    nonce, deployer = journal.begun.first_nonce + place, address_of(key)
    if client.nonce(deployer, block="latest") > nonce:
        raise ChainError(
            f"{step.what} needs nonce {nonce} of {deployer}, which another transaction used: the planned addresses are lost.",
            code="chain.nonce_taken",
            where=str(journal.path or client.place),
            hint="Remove the journal and deploy anew; what was made so far stays unused.",
        )
    signed = sign_call(
        step.call,
        init_code=step.init_code,
        private_key=key,
        chain_id=journal.begun.chain_id,
        nonce=nonce,
        gas_limit=suggest_gas(client, step.call, init_code=step.init_code, sender=deployer),
        fees=suggest_fees(client),
    )
    journal.note(place, signed.tx_hash)
    broadcast(client, signed.raw, signed.tx_hash)


def _wait(client: RpcClient, step: Step, tried: Sequence[str]) -> Receipt:
    """The receipt of whichever of a step's transactions a block took; one of them at most has the nonce."""
    deadline = time.monotonic() + TIMEOUT_S
    while (receipt := _mined(client, tried)) is None:
        if time.monotonic() > deadline:
            error = ChainError(
                f"{step.what}: {tried[-1]} is in no block after {TIMEOUT_S:g} s.",
                code="chain.not_mined",
                where=client.place,
                hint="Run the same command again later: it goes on from here.",
            )
            error.retryable = True
            raise error
        time.sleep(_POLL_S)
    return receipt


def _mined(client: RpcClient, tried: Sequence[str]) -> Receipt | None:
    return next((receipt for tx_hash in reversed(tried) if (receipt := client.receipt(tx_hash)) is not None), None)


def _other(path: Path | None, text: str) -> ConfigurationError:
    return ConfigurationError(
        text,
        code="chain.deploy_begun",
        where=str(path),
        hint="Go on with the same account, options and version; or remove this file to deploy anew, what was made so far"
        " then stays unused.",
    )
