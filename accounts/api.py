"""What a caller of the API can ask about itself."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import needs
from accounts.models import ApiKey
from accounts.permissions import PERMISSIONS
from accounts.selectors import current_organization


class CallerSerializer(serializers.Serializer[dict[str, object]]):
    """Whom the service takes the caller for."""

    organization = serializers.UUIDField()
    legal_name = serializers.CharField()
    caller = serializers.CharField(help_text="A member's e-mail address, or a key's first letters.")
    permissions = serializers.ListField(child=serializers.CharField())


class CallerView(APIView):
    """Whom the service takes the caller for, and what it may do."""

    permission_classes = [needs(None)]

    @extend_schema(responses=CallerSerializer, operation_id="caller")
    def get(self, request: Request) -> Response:
        """The organisation, the caller's name and its permissions."""
        organization = current_organization()
        if isinstance(request.auth, ApiKey):
            caller, permissions = request.auth.prefix, list(request.auth.scopes)
        else:
            membership = request._request.membership  # type: ignore[attr-defined]
            caller, permissions = membership.user.email, sorted(PERMISSIONS[membership.role])
        return Response(
            {
                "organization": str(organization.uuid),
                "legal_name": organization.legal_name,
                "caller": caller,
                "permissions": sorted(permissions),
            }
        )
