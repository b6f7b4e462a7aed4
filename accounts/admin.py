"""The platform staff's view of organisations and people: to look at, and to suspend. Nothing here changes a figure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from accounts.models import ApiKey, AuditEntry, Invitation, Membership, Organization, User
from accounts.services import organization_set_state
from cloudtuner.errors import ServiceError
from cloudtuner.models import TaskRun


class LookOnly(ModelAdmin):  # type: ignore[misc] # unfold is untyped
    """Shows rows and changes none: every change has a service that checks and notes it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organization)
class OrganizationAdmin(LookOnly):
    """Organisations and spares, with the two things staff may do: suspend and open again."""

    list_display = ("legal_name", "slug", "state", "people", "failed_tasks", "last_task", "schema_name")
    list_filter = ("state",)
    ordering = ("state", "legal_name")
    search_fields = ("legal_name", "slug", "schema_name")
    actions = ("suspend", "resume")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        runs = TaskRun.objects.filter(schema=OuterRef("schema_name")).order_by()
        failed = runs.filter(state=TaskRun.State.FAILED).values("schema").annotate(count=Count("*")).values("count")
        rows: QuerySet[Organization] = (
            super()
            .get_queryset(request)
            .annotate(
                people_count=Count("memberships"),
                failed_count=Coalesce(Subquery(failed), 0),
                last_run=Subquery(runs.order_by("-started_at").values("started_at")[:1]),
            )
        )
        return rows

    @admin.display(description="Members")
    def people(self, organization: Any) -> int:
        return int(organization.people_count)

    @admin.display(description="Failed tasks", ordering="failed_count")
    def failed_tasks(self, organization: Any) -> str:
        """How many, with the way to them."""
        if not organization.failed_count:
            return "0"
        query = urlencode({"q": organization.schema_name, "state__exact": TaskRun.State.FAILED})
        address = reverse("admin:cloudtuner_taskrun_changelist")
        return format_html('<a href="{}?{}">{}</a>', address, query, organization.failed_count)

    @admin.display(description="Last task", ordering="last_run")
    def last_task(self, organization: Any) -> datetime | None:
        return organization.last_run  # type: ignore[no-any-return]

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        """Looking at organisations is not enough to close one: staff need Django's right to change them."""
        return request.user.has_perm("accounts.change_organization")

    @admin.action(description="Suspend: the host answers nobody, rows stay", permissions=["suspend"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        self._set_state(request, queryset, Organization.State.SUSPENDED)

    @admin.action(description="Open again", permissions=["suspend"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        self._set_state(request, queryset, Organization.State.ACTIVE)

    def _set_state(self, request: HttpRequest, queryset: QuerySet[Organization], state: str) -> None:
        assert isinstance(request.user, User)
        for organization in queryset:
            try:
                organization_set_state(actor=request.user, organization_uuid=organization.uuid, state=state)
            except ServiceError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, f"{organization}: {state.lower()}", messages.SUCCESS)


def _look_only(
    model: type[Model], *columns: str, filters: tuple[str, ...] = (), search: tuple[str, ...] = (), order: str = "pk"
) -> None:
    """Registers a model to look at. Hashes of secrets are left out."""
    secret = ("password", "token_hash", "digest")
    names = [field.name for field in model._meta.fields if field.name not in secret]
    attributes = {
        "list_display": columns,
        "list_filter": filters,
        "search_fields": search,
        "ordering": (order,),
        "fields": names,
    }
    admin.site.register(model, type(f"{model.__name__}Admin", (LookOnly,), attributes))


_look_only(
    User,
    "email",
    "name",
    "is_active",
    "is_staff",
    "last_login",
    filters=("is_active", "is_staff"),
    search=("email", "name"),
    order="email",
)
_look_only(
    Membership, "user", "organization", "role", "expires_at", filters=("role",), search=("user__email",), order="user__email"
)
_look_only(
    Invitation, "email", "organization", "role", "expires_at", "accepted_at",
    filters=("role",), search=("email",), order="-expires_at",
)  # fmt: skip
_look_only(ApiKey, "prefix", "name", "organization", "last_used_at", "revoked_at", search=("prefix", "name"), order="-created_at")
_look_only(
    AuditEntry, "at", "actor_email", "action", "target", "seq",
    filters=("action",), search=("actor_email", "target"), order="-at",
)  # fmt: skip
_look_only(
    TaskRun, "name", "schema", "state", "attempts", "started_at", "error",
    filters=("state", "name"), search=("schema",), order="-started_at",
)  # fmt: skip
