"""For machines: the public register's record, and an organisation's own certificates."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from accounts.authentication import needs
from certificates.models import Certificate
from certificates.register.selectors import public_record
from certificates.selectors import certificate, certificate_pdf, certificates_of
from cloudtuner.api import CreatedCursorPagination
from cloudtuner.errors import ServiceError


class RegisterThrottle(AnonRateThrottle):
    """Enough for a person and for a verifier, too little for a harvest of the register."""

    rate = "120/min"
    scope = "register"


class RegisterRecordView(APIView):
    """What anybody may know of a certificate by its identifier: class, quantity, status, editions; never a name."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes = [RegisterThrottle]

    @extend_schema(exclude=True)
    def get(self, request: Request, certificate_id: str) -> Response:
        """The record; 404 when the register does not know the identifier."""
        del request
        record = public_record(certificate_id)
        if record is None:
            raise Http404
        # A withdrawn certificate must show at once, wherever the record passes through.
        return Response(record, headers={"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"})


class CertificateSerializer(serializers.Serializer[Any]):
    """A certificate of the organisation. Quantities are decimal strings."""

    id = serializers.UUIDField()
    certificate_id = serializers.CharField()
    edition = serializers.IntegerField()
    state = serializers.CharField()
    reason = serializers.CharField()
    certificate_class = serializers.CharField()
    level = serializers.CharField()
    period = serializers.CharField(source="label")
    hour_from = serializers.IntegerField()
    hour_through = serializers.IntegerField()
    quantity_ug = serializers.CharField()
    retirement = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField(allow_null=True)
    pdf_sha256 = serializers.CharField()


class NewestFirst(CreatedCursorPagination):
    """Pages from the newest certificate on; one that is issued meanwhile moves none of them."""

    ordering = ("-created_at", "-pk")


class CertificateListView(ListAPIView[Certificate]):
    """The organisation's certificates, newest first, in pages: `next` and `previous` are their addresses."""

    permission_classes = [needs("certificate.view")]
    serializer_class = CertificateSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Certificate]:
        """Every edition, of one state if `state` names one."""
        return certificates_of(self.request.query_params.get("state", ""))

    @extend_schema(operation_id="certificates", parameters=[OpenApiParameter("state", str, description="Only of this state.")])
    def get(self, request: Request) -> Response:
        """Every edition, with its state."""
        return self.list(request)


class CertificateDetailView(APIView):
    """One certificate."""

    permission_classes = [needs("certificate.view")]

    @extend_schema(responses=CertificateSerializer, operation_id="certificate")
    def get(self, request: Request, certificate_id: str) -> Response:
        """By its row id or its printed identifier."""
        del request
        try:
            return Response(CertificateSerializer(certificate(certificate_id).row).data)
        except ServiceError as error:
            raise Http404 from error


class CertificatePdfView(APIView):
    """The sealed file."""

    permission_classes = [needs("certificate.download")]

    @extend_schema(responses={(200, "application/pdf"): bytes}, operation_id="certificate_pdf")
    def get(self, request: Request, certificate_id: str) -> HttpResponse:
        """The PDF as it was sealed."""
        del request
        try:
            name, data = certificate_pdf(certificate_id)
        except ServiceError as error:
            raise Http404 from error
        return HttpResponse(
            data, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )
