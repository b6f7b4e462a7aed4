"""The API's own pages under /api/v1/: who am I, and the description of everything."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from accounts.api import CallerView
from accounts.authentication import needs

app_name = "api_accounts"

urlpatterns = [
    path("caller", CallerView.as_view(), name="caller"),
    path("schema", SpectacularAPIView.as_view(permission_classes=[needs(None)]), name="schema"),
]
