"""`cloudtuner-validator`: recomputes every report of an epoch from its lines and signs only what it found itself.

Runs without Django, by anyone who stakes: the public host, an RPC endpoint and this package are all it needs.
"""
