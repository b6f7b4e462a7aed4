"""The web process: `granian --interface wsgi cloudtuner.wsgi:application`."""

from __future__ import annotations

import os

from cloudtuner.boot import choose_settings

choose_settings()
# A web process has several threads that share a few connections.
os.environ.setdefault("CLOUDTUNER_DB_POOL", "8")

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the settings are chosen first

application = get_wsgi_application()
