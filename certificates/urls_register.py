"""The public register's machine address; `include` it at the root of the public host."""

from __future__ import annotations

from django.urls import path

from certificates.api import RegisterRecordView

app_name = "certificates_register"

urlpatterns = [path("verify/<str:certificate_id>.json", RegisterRecordView.as_view(), name="record")]
