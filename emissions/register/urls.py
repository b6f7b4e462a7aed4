"""Paths of the register on the public host, under /poce/v1/."""

from __future__ import annotations

from django.urls import path

from emissions.register import api

app_name = "emissions_register"
urlpatterns = [
    path("nodes/<str:node>", api.node_detail, name="node"),
    path("reports", api.report_post, name="report_post"),
]
