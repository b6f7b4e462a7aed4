"""Taking in validators' signatures, and posting an epoch that has enough of them when nobody else does."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction

from cloudtuner import clock
from cloudtuner.errors import ProofError, ServiceError
from emissions.poce.epoch import EpochHeader
from emissions.poce.hexes import from_hex, normal_address, to_hex
from emissions.poce.keys import recover
from tokens.network import connection, outbox, reading
from tokens.network.models import ChainTx, Vote

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
    raw = from_hex(signature, length=65, field="signature")
    found = recover(from_hex(epoch.digest), raw)
    if found != normal_address(signer, field="signer"):
        raise ProofError(
            f"the signature over the header of epoch {number} is {found}'s, not {signer}'s",
            code="vote.signature",
            hint="Sign the EIP-712 EpochHeader that GET /poce/v1/epochs/{n} gives.",
        )
    members = connection.contracts().validators(epoch.set_id).validators
    if found not in {member.signer for member in members}:
        raise ServiceError(
            f"{found} is not in validator set {epoch.set_id}",
            code="vote.not_a_validator",
            hint="Stake TUNER behind this signer first.",
        )
    vote: Vote
    vote, created = Vote.objects.get_or_create(
        epoch=epoch, signer=found, defaults={"signature": to_hex(raw), "received_at": clock.now()}
    )
    if created:
        logger.info("vote", extra={"epoch": number, "signer": found})
    return vote


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
