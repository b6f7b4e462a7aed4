"""The cache: shared between processes where the broker is a Redis or Valkey, since rate limits live in it."""

from __future__ import annotations

from typing import Any


def cache_settings(broker_url: str) -> dict[str, Any]:
    """Django's CACHES for a broker URL. Every key carries the schema, so that one tenant never reads another's value."""
    common = {"KEY_FUNCTION": "cloudtuner.tenancy.cache_key", "KEY_PREFIX": "ct", "TIMEOUT": 300}
    if broker_url.startswith(("redis://", "rediss://", "unix://")):
        return {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": broker_url, **common}}
    return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "cloudtuner", **common}}
