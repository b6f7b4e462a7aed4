"""What validators, nodes and anyone ask of the public host about the network (docs/protocol.md §7)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cloudtuner import clock
from cloudtuner.errors import ProofError
from emissions.engine.identity import ENGINE_ID
from emissions.poce.requests import check_request
from emissions.register import selectors as register
from tokens.chain.airdrop import Airdrop
from tokens.network import connection, reading, rounds
from tokens.network.models import SealedRound
from tokens.network.selectors import votes, waiting_for_blocks
from tokens.network.voting import round_vote_accept, vote_accept


class PublicView(APIView):
    """Open to all; machines of the network carry their own signatures."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    parser_classes = [JSONParser]


def require_validator(request: Request) -> str:
    """The active validator that signed the request. Raises 403 with the reason."""
    raw = request._request
    try:
        signer = check_request(
            raw.headers,
            method=raw.method or "",
            path=raw.get_full_path(),
            body=raw.body,
            now=int(clock.now().timestamp()),
        )
    except ProofError as error:
        raise PermissionDenied(str(error), code=error.code) from error
    if not connection.contracts().is_active_validator(signer):
        raise PermissionDenied(f"{signer} is no active validator.", code="request.not_a_validator")
    return signer


class NetworkView(PublicView):
    """Which chain, which contracts, which method, which epochs."""

    @extend_schema(operation_id="poce_network", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """`waiting_for_blocks` tells who mines on demand that something waits for the chain to go on."""
        book = connection.address_book()
        pending = reading.pending()
        answer: dict[str, Any] = {
            "chain_id": book.chain_id,
            "contracts": dict(book.contracts),
            "factor_set": book.parameters.get("factor_set", ""),
            "engine": ENGINE_ID,
            "head_epoch": reading.head_epoch(),
            "waiting_for_blocks": waiting_for_blocks(),
        }
        if settings.MODE != "production":
            # Elsewhere the endpoint's address may hold a paid-for key; agents there bring their own.
            answer["rpc_url"] = settings.RPC_URL
        if pending is not None and reading.set_id() in (None, pending.set_id):
            answer["pending_epoch"] = pending.number
        waiting = rounds.pending_round()
        if waiting is not None:
            answer["pending_round"] = waiting.number
        return Response(answer)


class ReportView(PublicView):
    """A report with its signature and stripped lines, for active validators."""

    @extend_schema(operation_id="poce_report", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, report_hash: str) -> HttpResponse:
        """The body is JCS, as stored."""
        require_validator(request)
        body = register.report_body(report_hash)
        if body is None:
            raise NotFound("There is no such report.", code="report.unknown")
        return HttpResponse(body, content_type="application/json")


class EpochView(PublicView):
    """An epoch's header and votes."""

    @extend_schema(operation_id="poce_epoch", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, number: int) -> Response:
        """`posted_tx` once it stands on chain."""
        epoch = reading.sealed(number)
        if epoch is None:
            raise NotFound(f"There is no epoch {number}.", code="epoch.unknown")
        told = [{"signer": vote.signer, "signature": vote.signature} for vote in votes(number)]
        answer: dict[str, Any] = {"epoch": number, "header": epoch.header, "votes": told}
        posted = reading.standing(number)
        if posted is not None:
            answer["posted_tx"] = posted.tx_hash
        return Response(answer)


class BundleView(PublicView):
    """The public bundle's exact bytes."""

    @extend_schema(operation_id="poce_bundle", responses={(200, "application/json"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: int) -> HttpResponse:
        """Their sha256 is the header's `data_hash`."""
        epoch = reading.sealed(number)
        if epoch is None:
            raise NotFound(f"There is no epoch {number}.", code="epoch.unknown")
        return HttpResponse(bytes(epoch.bundle), content_type="application/json")


VoteSerializer = inline_serializer("Vote", {"signer": serializers.CharField(), "signature": serializers.CharField()})


class VotesView(PublicView):
    """Where validators hand in their signatures."""

    @extend_schema(operation_id="poce_vote", request=VoteSerializer, responses={201: OpenApiResponse(VoteSerializer)})
    def post(self, request: Request, number: int) -> Response:
        """201 also when the same validator voted before: one vote a signer."""
        signer, signature = _vote(request)
        vote = vote_accept(number=number, signer=signer, signature=signature)
        return Response({"signer": vote.signer, "signature": vote.signature}, status=201)


def _vote(request: Request) -> tuple[str, str]:
    """Signer and signature of a vote, handed in by the signer itself."""
    caller = require_validator(request)
    body = request.data if isinstance(request.data, dict) else {}
    signer = str(body.get("signer", ""))
    if signer.lower() != caller.lower():
        raise PermissionDenied("The request is signed by another key than the vote.", code="vote.signature")
    return signer, str(body.get("signature", ""))


def _round(number: int) -> SealedRound:
    row = rounds.sealed(number)
    if row is None:
        raise NotFound(f"There is no airdrop round {number}.", code="round.unknown")
    return row


class RoundView(PublicView):
    """An airdrop round and its votes."""

    @extend_schema(operation_id="poce_round", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, number: int) -> Response:
        """`posted_tx`, `open_at` and `deadline` (unix seconds of chain time) once it stands on chain."""
        row = _round(number)
        told = [{"signer": vote.signer, "signature": vote.signature} for vote in row.votes.all()]
        answer: dict[str, Any] = {"round": number, "header": row.header, "votes": told}
        posted = rounds.posted_round(number)
        if posted is not None:
            answer |= {"posted_tx": posted.event.tx_hash, "open_at": posted.open_at, "deadline": posted.deadline}
        return Response(answer)


class RoundListView(PublicView):
    """The published list's exact bytes."""

    @extend_schema(operation_id="poce_round_list", responses={(200, "application/json"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: int) -> HttpResponse:
        """Their sha256 is the round's `data_hash`."""
        return HttpResponse(bytes(_round(number).list), content_type="application/json")


class RoundClaimView(PublicView):
    """What anyone needs to claim a leaf without us."""

    @extend_schema(operation_id="poce_round_claim", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, number: int, node: str) -> Response:
        """The leaf, its proof, and the call that pays it to the leaf's wallet whoever sends it: `to` and `data`."""
        listed = rounds.list_of(_round(number))
        entry = listed.entry(node)
        if entry is None:
            raise NotFound(f"Node {node} is not in airdrop round {number}.", code="airdrop.no_node")
        call = Airdrop(connection.contracts()).claim(listed, node)
        answer = {"round": number, "leaf": entry.to_json(), "proof": listed.proof(node), "to": call.to}
        return Response({**answer, "data": "0x" + call.data.hex()})


class RoundVotesView(PublicView):
    """Where validators hand in their signatures over airdrop rounds."""

    @extend_schema(operation_id="poce_round_vote", request=VoteSerializer, responses={201: OpenApiResponse(VoteSerializer)})
    def post(self, request: Request, number: int) -> Response:
        """201 also when the same validator voted before: one vote a signer."""
        signer, signature = _vote(request)
        vote = round_vote_accept(number=number, signer=signer, signature=signature)
        return Response({"signer": vote.signer, "signature": vote.signature}, status=201)
