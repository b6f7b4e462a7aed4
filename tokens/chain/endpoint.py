"""How is a chain's endpoint named where others can read it? By its host: path, query and user name may hold a paid-for key."""

from __future__ import annotations

from urllib.parse import urlsplit


def shown(url: str) -> str:
    """Scheme, host and port of an address, and no more of it.

    >>> shown("https://me:secret@polygon.example:8443/v2/paid-for?key=1")
    'https://polygon.example:8443'
    """
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the chain's endpoint"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{port}"
