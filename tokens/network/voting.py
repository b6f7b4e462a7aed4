"""Taking in validators' signatures, and posting what has enough of them: rounds at once, epochs when nobody else does."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction

from cloudtuner import clock
from cloudtuner.errors import ProofError, ServiceError
from emissions.poce.airdrop import AirdropRound
from emissions.poce.epoch import EpochHeader
from emissions.poce.hexes import from_hex, normal_address, to_hex
from emissions.poce.keys import recover
from tokens.chain.airdrop import Airdrop
from tokens.network import connection, outbox, reading, rounds
from tokens.network.models import ChainTx, RoundVote, Vote

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
    found, raw = _checked(signer, signature, digest=epoch.digest, set_id=epoch.set_id, what=f"the header of epoch {number}")
    vote: Vote
    vote, created = Vote.objects.get_or_create(
        epoch=epoch, signer=found, defaults={"signature": to_hex(raw), "received_at": clock.now()}
    )
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
    found, raw = _checked(signer, signature, digest=row.digest, set_id=row.set_id, what=f"airdrop round {number}")
    vote: RoundVote
    vote, created = RoundVote.objects.get_or_create(
        round=row, signer=found, defaults={"signature": to_hex(raw), "received_at": clock.now()}
    )
    if created:
        logger.info("vote on a round", extra={"epoch": number, "signer": found})
    return vote


def _checked(signer: str, signature: str, *, digest: str, set_id: int, what: str) -> tuple[str, bytes]:
    """The signer and the bytes of a signature over a digest by a member of a validator set."""
    raw = from_hex(signature, length=65, field="signature")
    found = recover(from_hex(digest), raw)
    if found != normal_address(signer, field="signer"):
        raise ProofError(
            f"the signature over {what} is {found}'s, not {signer}'s",
            code="vote.signature",
            hint="Sign the EIP-712 struct that GET /poce/v1/epochs/{n} or /poce/v1/rounds/{n} gives.",
        )
    members = connection.contracts().validators(set_id).validators
    if found not in {member.signer for member in members}:
        raise ServiceError(
            f"{found} is not in validator set {set_id}",
            code="vote.not_a_validator",
            hint="Stake TUNER behind this signer first.",
        )
    return found, raw


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
    chain = connection.contracts()
    if not chain.validators(epoch.set_id).has_quorum([vote.signer for vote in votes]):
        return None
    header = EpochHeader.from_json(epoch.header)
    call = chain.report(header, [(vote.signer, from_hex(vote.signature)) for vote in votes])
    with transaction.atomic():
        return outbox.intend(intent, "report", call, payload={"epoch": epoch.number, "set_id": epoch.set_id})


def post_rounds() -> ChainTx | None:
    """Writes an intent `round:<number>:<digest>` to post the pending airdrop round once a quorum signed it."""
    row = rounds.pending_round()
    if row is None:
        return None
    votes = list(row.votes.all())
    intent = f"round:{row.number}:{row.digest}"
    if not votes or outbox.live(intent) is not None:
        return None
    chain = connection.contracts()
    if not chain.validators(row.set_id).has_quorum([vote.signer for vote in votes]):
        return None
    header = AirdropRound.from_json(row.header)
    call = Airdrop(chain).post_round(header, [(vote.signer, from_hex(vote.signature)) for vote in votes])
    payload = {"round": row.number, "set_id": row.set_id, "data_hash": header.data_hash}
    return outbox.intend(intent, "round", call, payload=payload)
