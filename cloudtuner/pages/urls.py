"""The overview and the threads, on an organisation's host."""

from __future__ import annotations

from django.urls import path

from cloudtuner.pages import overview, thread

app_name = "pages"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("thread/", thread.hour_thread, name="thread"),
    path("certificates/<slug:certificate_id>/thread/", thread.certificate_thread, name="certificate_thread"),
]
