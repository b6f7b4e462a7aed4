"""The settings pages, on an organisation's host."""

from __future__ import annotations

from django.urls import path

from accounts.views import api_keys, settings

app_name = "accounts"

urlpatterns = [
    path("settings/", settings.organisation, name="organisation"),
    path("settings/members/", settings.people, name="members"),
    path("settings/members/<uuid:user_uuid>/role/", settings.member_role, name="member_role"),
    path("settings/members/<uuid:user_uuid>/remove/", settings.member_remove, name="member_remove"),
    path("settings/invitations/<uuid:invitation_uuid>/revoke/", settings.invitation_withdraw, name="invitation_revoke"),
    path("settings/roles/", settings.roles, name="roles"),
    path("settings/addresses/", settings.addresses, name="addresses"),
    path("settings/api-keys/", api_keys.keys, name="api_keys"),
    path("settings/api-keys/<uuid:key_uuid>/revoke/", api_keys.revoke, name="api_key_revoke"),
    path("settings/audit/", settings.audit, name="audit"),
]
