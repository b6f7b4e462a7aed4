"""The network explorer, on the base host."""

from __future__ import annotations

from django.urls import path

from tokens.views import network

app_name = "network"

urlpatterns = [
    path("network/", network.overview, name="overview"),
    path("network/epochs/<int:number>/", network.epoch, name="epoch"),
]
