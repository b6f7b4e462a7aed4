"""Taking in validators' signatures, and posting what has enough of them: rounds at once, epochs when nobody else does."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from cloudtuner import clock
from cloudtuner.errors import ProofError, ServiceError
from emissions.poce.airdrop import AirdropRound
from emissions.poce.epoch import EpochHeader
from emissions.poce.hexes import from_hex, normal_address, to_hex
from emissions.poce.keys import recover
from tokens.chain.airdrop import Airdrop
from tokens.network import connection, outbox, reading, rounds
from tokens.network.models import ChainTx, RoundVote, Vote
from tokens.network.models.epochs import Sealed, SealedVote

logger = logging.getLogger(__name__)

# Validators post by themselves; the service does it when they had this long with a quorum and did not.
POST_AFTER = timedelta(seconds=5)


def vote_accept(*, number: int, signer: str, signature: str) -> Vote:
    """Stores a validator's signature over the header of an epoch's present round; the same signer again changes nothing.

    Raises ServiceError `epoch.unknown`, `vote.not_a_validator`; ProofError `vote.signature`.
    """
    epoch = reading.sealed(number)
    if epoch is None:
        raise ServiceError(f"there is no epoch {number}", code="epoch.unknown", hint="Ask /poce/v1/network for pending_epoch.")
    found, given = _checked(epoch, signer, signature, what=f"the header of epoch {number}")
    vote: Vote
    vote, created = epoch.votes.get_or_create(signer=found, defaults=given)
    if created:
        logger.info("vote", extra={"epoch": number, "signer": found})
    return vote


def round_vote_accept(*, number: int, signer: str, signature: str) -> RoundVote:
    """Stores a validator's signature over an airdrop round; the same signer again changes nothing.

    Raises ServiceError `round.unknown`, `vote.not_a_validator`; ProofError `vote.signature`.
    """
    row = rounds.sealed(number)
    if row is None:
        raise ServiceError(
            f"there is no airdrop round {number}", code="round.unknown", hint="Ask /poce/v1/network for pending_round."
        )
    found, given = _checked(row, signer, signature, what=f"airdrop round {number}")
    vote: RoundVote
    vote, created = row.votes.get_or_create(signer=found, defaults=given)
    if created:
        logger.info("vote on a round", extra={"epoch": number, "signer": found})
    return vote


def _checked(sealed: Sealed, signer: str, signature: str, *, what: str) -> tuple[str, dict[str, object]]:
    """The signer and what to keep of a signature over what was sealed, by a member of the validator set it was made for."""
    raw = from_hex(signature, length=65, field="signature")
    found = recover(from_hex(sealed.digest), raw)
    if found != normal_address(signer, field="signer"):
        raise ProofError(
            f"the signature over {what} is {found}'s, not {signer}'s",
            code="vote.signature",
            hint="Sign the EIP-712 struct that GET /poce/v1/epochs/{n} or /poce/v1/rounds/{n} gives.",
        )
    members = connection.contracts().validators(sealed.set_id).validators
    if found not in {member.signer for member in members}:
        raise ServiceError(
            f"{found} is not in validator set {sealed.set_id}",
            code="vote.not_a_validator",
            hint="Stake TUNER behind this signer first.",
        )
    return found, {"signature": to_hex(raw), "received_at": clock.now()}


def _quorum(sealed: Sealed, votes: Sequence[SealedVote]) -> list[tuple[str, bytes]]:
    """The votes as (signer, signature) once they post what they are over; none before."""
    enough = votes and connection.contracts().validators(sealed.set_id).has_quorum([vote.signer for vote in votes])
    return [(vote.signer, from_hex(vote.signature)) for vote in votes] if enough else []


def post_epochs() -> ChainTx | None:
    """Writes an intent to post the pending round when a quorum signed it, some time passed, and nobody posted it."""
    epoch = reading.pending()
    if epoch is None or epoch.set_id != reading.set_id():
        return None
    votes = list(epoch.votes.all())
    if not votes or max(vote.received_at for vote in votes) > clock.now() - POST_AFTER:
        return None
    intent = f"report:{epoch.number}:{epoch.set_id}"
    if outbox.live(intent) is not None:
        return None
    agreed = _quorum(epoch, votes)
    if not agreed:
        return None
    call = connection.contracts().report(EpochHeader.from_json(epoch.header), agreed)
    return outbox.intend(intent, "report", call, payload={"epoch": epoch.number, "set_id": epoch.set_id})


def post_rounds() -> ChainTx | None:
    """Writes an intent `round:<number>:<digest>` to post the pending airdrop round once a quorum signed it."""
    row = rounds.pending_round()
    if row is None:
        return None
    intent = f"round:{row.number}:{row.digest}"
    agreed = [] if outbox.live(intent) is not None else _quorum(row, list(row.votes.all()))
    if not agreed:
        return None
    header = AirdropRound.from_json(row.header)
    call = Airdrop(connection.contracts()).post_round(header, agreed)
    payload = {"round": row.number, "set_id": row.set_id, "data_hash": header.data_hash}
    return outbox.intend(intent, "round", call, payload=payload)
