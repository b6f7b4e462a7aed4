"""One look at the airdrop: is a round pending, is its list true, have I voted. The service posts it."""

from __future__ import annotations

import logging
import time

from cloudtuner.errors import ProofError
from emissions.node.service import ServiceClient
from emissions.poce.airdrop import AirdropList, AirdropRound
from emissions.poce.hexes import from_hex, to_hex
from emissions.poce.keys import address_of, sign

from .chain_view import ChainView
from .check_round import check_round
from .result import Result
from .store import Store

logger = logging.getLogger(__name__)

# A host that shows another list than the one voted on is asked about with the chain this often at most.
ASK_AGAIN_S = 60.0


class RoundVoter:
    """Votes on airdrop rounds with the validator's key; what must not be forgotten is in the store."""

    def __init__(self, *, service: ServiceClient, store: Store, key: bytes) -> None:
        self._service = service
        self._store = store
        self._key = key
        self._signer = address_of(key)
        self._handed_in: set[str] = set()
        self._standing: dict[str, float] = {}

    def cycle(self, chain: ChainView, pending: object) -> Result:
        """Votes when the host's pending round is the next on chain and true."""
        number = chain.round_count() + 1
        if pending != number:
            return Result.IDLE
        snapshot = chain.validators()
        if self._signer not in [validator.signer for validator in snapshot.validators]:
            return Result.INACTIVE
        header = AirdropRound.from_json(self._service.round(number).get("header"), what="round")
        if header.set_id != snapshot.set_id:
            return Result.IDLE  # the set changed; the host seals the round anew for the present one
        digest = to_hex(header.digest(chain.round_domain))
        voted = self._store.round_vote(number, snapshot.set_id)
        if voted is not None and voted != digest and self._is_vetoed(voted, chain):
            # The contract refuses that list for good, so signing the one that follows lets nobody post both.
            self._store.lay_aside_round_vote(number, snapshot.set_id, voted)
            voted = None
        if voted is None:
            if not self._is_true(header, chain, snapshot.set_id):
                return Result.REFUSED
            voted = digest if self._store.claim_round_vote(number, snapshot.set_id, digest) else None
        if voted != digest:
            logger.error("another list of this round was signed before", extra={"epoch": number, "code": "vote.conflict"})
            return Result.CONFLICT
        if digest not in self._handed_in:
            self._service.post_round_vote(number, signer=self._signer, signature=to_hex(sign(self._key, from_hex(digest))))
            self._handed_in = {digest}
            logger.info("voted on a round", extra={"epoch": number, "signer": self._signer})
        return Result.WAITING

    def _is_vetoed(self, digest: str, chain: ChainView) -> bool:
        """Whether the chain vetoed a round that was voted on. A no is believed for a while: the events may go back far."""
        if self._standing.get(digest, 0.0) > time.monotonic():
            return False
        if chain.is_vetoed(digest):
            return True
        self._standing = {digest: time.monotonic() + ASK_AGAIN_S}
        return False

    def _is_true(self, header: AirdropRound, chain: ChainView, set_id: int) -> bool:
        data = self._service.round_list(header.round)
        verdict = check_round(
            header,
            data,
            self._previous(header.round - 1, chain),
            chain=chain,
            set_id=set_id,
            fetch_report=self._service.report,
            store=self._store,
        )
        for fault in verdict.faults:
            logger.error("round refused", extra={"epoch": header.round, "code": fault.code, "reason": str(fault)})
        if verdict.agrees:
            self._store.keep_bundle(header.data_hash, header.round, data)
        return verdict.agrees

    def _previous(self, number: int, chain: ChainView) -> AirdropList | None:
        """The list of a posted round, authenticated by the chain's event: ours if kept, else the host's."""
        if number == 0:
            return None
        data_hash = chain.posted_round(number).data_hash
        listed = AirdropList.from_bytes(self._store.bundle(data_hash) or self._service.round_list(number))
        if listed.data_hash != data_hash:
            raise ProofError(f"the host's list of round {number} is not the posted one.", code="list.data_hash")
        self._store.keep_bundle(data_hash, number, listed.to_bytes())
        return listed
