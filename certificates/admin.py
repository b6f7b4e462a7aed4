"""The public register in the admin: to look at, never to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from certificates.register.models import CertificateIndex
from cloudtuner.units import kg_text


class CertificateIndexAdmin(ModelAdmin):  # type: ignore[misc] # unfold is untyped
    """Which certificates exist and what each is worth; a revocation is a service, not a form."""

    list_display = ("certificate_id", "edition", "status", "reason", "certificate_class", "level", "quantity", "issued_at")
    list_filter = ("status", "certificate_class", "level")
    search_fields = ("certificate_id", "pdf_sha256", "claim_hash", "tx_hash")
    ordering = ("-issued_at",)

    @admin.display(description="Quantity")
    def quantity(self, found: CertificateIndex) -> str:
        return kg_text(found.quantity_ug)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.register(CertificateIndex, CertificateIndexAdmin)
