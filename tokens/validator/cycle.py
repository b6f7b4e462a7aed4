"""One look at the network: is an epoch pending, is it true, have I voted, is there a quorum, is it my turn to post it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from cloudtuner.errors import ChainError, CloudTunerError, ProofError
from emissions.node.service import ServiceClient
from emissions.poce.epoch import Bundle, EpochHeader
from emissions.poce.hexes import from_hex, to_hex
from emissions.poce.keys import address_of, recover, sign
from tokens.chain.contracts import Contracts, ValidatorSnapshot
from tokens.chain.sender import transact

from .chain_view import ChainView
from .check import check_epoch
from .result import Result
from .rounds import RoundVoter
from .store import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pending:
    """An epoch that waits: its header, and the votes that the host holds."""

    header: EpochHeader
    votes: dict[str, bytes]


class Validator:
    """A validator at work. What must not be forgotten is in the store; what is here may be lost at any moment."""

    def __init__(self, *, service: ServiceClient, contracts: Contracts, store: Store, key: bytes, turn_seconds: float) -> None:
        self._service = service
        self._contracts = contracts
        self._store = store
        self._key = key
        self._turn_seconds = turn_seconds
        self._quorum_since: dict[str, float] = {}
        self._rounds = RoundVoter(service=service, store=store, key=key)
        self.signer = address_of(key)

    def cycle(self) -> Result:
        """Does what can be done now, for epochs and for airdrop rounds. Raises CloudTunerError when host or chain fail."""
        self._contracts.check_chain()
        chain = ChainView(self._contracts)
        told = self._service.network()
        found = self._epoch(chain, told.get("pending_epoch"))
        on_round = self._rounds.cycle(chain, told.get("pending_round"))
        return on_round if found is Result.IDLE else found

    def _epoch(self, chain: ChainView, asked: object) -> Result:
        epoch = chain.head_epoch() + 1
        if asked != epoch:
            return Result.IDLE
        snapshot = chain.validators()
        if self.signer not in [validator.signer for validator in snapshot.validators]:
            return Result.INACTIVE
        pending = self._pending(epoch, chain, snapshot)
        if pending.header.set_id != snapshot.set_id:
            return Result.IDLE  # the set changed; the host seals the epoch anew for the present one
        digest = to_hex(pending.header.digest(chain.header_domain))
        voted = self._store.vote(epoch, snapshot.set_id)
        if voted is None:
            refused = self._check(pending.header, chain, snapshot)
            if refused:
                return refused
            voted = digest if self._store.claim_vote(epoch, snapshot.set_id, digest) else None
        if voted != digest:
            logger.error("another header of this epoch was signed before", extra={"epoch": epoch, "code": "vote.conflict"})
            return Result.CONFLICT
        if self.signer not in pending.votes:
            signature = sign(self._key, from_hex(digest))
            self._service.post_vote(epoch, signer=self.signer, signature=to_hex(signature))
            pending.votes[self.signer] = signature
            logger.info("voted", extra={"epoch": epoch, "signer": self.signer})
        return self._post(pending, digest, snapshot)

    def _pending(self, epoch: int, chain: ChainView, snapshot: ValidatorSnapshot) -> Pending:
        """The epoch as the host shows it; votes that are not good signatures of active validators are left out."""
        value = self._service.epoch(epoch)
        header = EpochHeader.from_json(value.get("header"))
        digest = header.digest(chain.header_domain)
        active = {validator.signer for validator in snapshot.validators}
        votes = {}
        for vote in value.get("votes") or []:
            try:
                signature = from_hex(vote["signature"], length=65)
                signer = recover(digest, signature)
            except (ProofError, KeyError, TypeError):
                continue
            if signer in active:
                votes[signer] = signature
        return Pending(header, votes)

    def _check(self, header: EpochHeader, chain: ChainView, snapshot: ValidatorSnapshot) -> Result | None:
        """REFUSED unless this validator finds the epoch true."""
        data = self._service.bundle(header.epoch)
        verdict = check_epoch(
            header,
            data,
            self._previous(header.epoch - 1, chain),
            chain=chain,
            set_id=snapshot.set_id,
            fetch_report=self._service.report,
            store=self._store,
        )
        for fault in verdict.faults:
            logger.error("epoch refused", extra={"epoch": header.epoch, "code": fault.code, "reason": str(fault)})
        if not verdict.agrees:
            return Result.REFUSED
        self._store.keep_bundle(header.data_hash, header.epoch, data)
        return None

    def _previous(self, epoch: int, chain: ChainView) -> Bundle | None:
        """The bundle of a posted epoch, authenticated by the chain's event: ours if kept, else the host's."""
        record = chain.epoch(epoch) if epoch else None
        if record is None:
            return None
        data_hash = chain.posted_header(epoch, record).data_hash
        data = self._store.bundle(data_hash) or self._service.bundle(epoch)
        bundle = Bundle.from_bytes(data)
        if bundle.data_hash != data_hash:
            raise ProofError(f"the host's bundle of epoch {epoch} is not the posted one.", code="bundle.data_hash")
        self._store.keep_bundle(data_hash, epoch, data)
        return bundle

    def _post(self, pending: Pending, digest: str, snapshot: ValidatorSnapshot) -> Result:
        """Posts a quorum when it is our turn: the first at once, each next one `turn_seconds` later."""
        if not snapshot.has_quorum(list(pending.votes)):
            return Result.WAITING
        epoch = pending.header.epoch
        signers = [validator.signer for validator in snapshot.validators]
        rank = (epoch + signers.index(self.signer)) % len(signers)
        since = self._quorum_since.setdefault(digest, time.monotonic())
        if time.monotonic() - since < rank * self._turn_seconds or self._contracts.head_epoch() >= epoch:
            return Result.WAITING
        call = self._contracts.report(pending.header, list(pending.votes.items()))
        try:
            receipt = transact(self._contracts.client, call, private_key=self._key, chain_id=self._contracts.book.chain_id)
        except ChainError:
            if self._contracts.head_epoch() >= epoch:
                return Result.WAITING  # another validator was faster
            raise
        self._quorum_since = {}
        logger.info("epoch posted", extra={"epoch": epoch, "tx_hash": receipt.tx_hash, "signer": self.signer})
        return Result.POSTED


def run_cycle(validator: Validator) -> Result:
    """One cycle, with whatever happens told as a result: a loop must neither die nor go on silently."""
    try:
        return validator.cycle()
    except CloudTunerError as error:
        logger.warning("cycle stopped", extra={"code": error.code, "reason": str(error)})
        return Result.UNREACHABLE if error.retryable else Result.FAILED
    except Exception:
        logger.exception("cycle failed")
        return Result.FAILED
