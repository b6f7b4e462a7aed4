"""The pages of claims and retirements, on an organisation's host."""

from __future__ import annotations

from django.urls import path

from tokens.views import claims, retire

app_name = "tokens"

urlpatterns = [
    path("records/", claims.claims, name="claims"),
    path("records/retire/", retire.retire, name="retire"),
    path("records/retirements/", retire.retirements, name="retirements"),
    path("records/retirements/<uuid:retirement_id>/", retire.retirement, name="retirement"),
    path("records/retirements/<uuid:retirement_id>/approve/", retire.approve, name="retirement_approve"),
    path("records/retirements/<uuid:retirement_id>/confirm/", retire.confirm, name="retirement_confirm"),
    path("records/retirements/<uuid:retirement_id>/cancel/", retire.cancel, name="retirement_cancel"),
    path("records/approvals/", retire.approvals, name="approvals"),
]
