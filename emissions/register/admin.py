"""The public register in the platform's admin: to look at, never to edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from emissions.register.models import NodeBinding, ReportCommitment, WaitingJob


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc] # the library is untyped
    """Shows rows and takes nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(NodeBinding)
class NodeBindingAdmin(ReadOnlyAdmin):
    """Which node is whose."""

    list_display = ("node", "provider", "organization", "first_hour", "hosted", "seq", "created_at")
    list_filter = ("provider", "hosted")
    search_fields = ("node", "organization", "key", "wallet")


@admin.register(ReportCommitment)
class ReportCommitmentAdmin(ReadOnlyAdmin):
    """What was reported."""

    list_display = ("report_hash", "node", "seq", "hour_from", "hour_through", "state", "level", "line_count", "received_at")
    list_filter = ("state", "level")
    search_fields = ("report_hash", "node__node")
    list_select_related = ("node",)
    exclude = ("hours",)


@admin.register(WaitingJob)
class WaitingJobAdmin(ReadOnlyAdmin):
    """Work that waits: rows with many attempts or an old due time are trouble."""

    list_display = ("kind", "schema", "reference", "attempts", "due_at", "last_error", "created_at")
    list_filter = ("kind",)
    search_fields = ("schema", "reference")
