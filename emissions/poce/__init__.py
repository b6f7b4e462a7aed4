"""Proof of Compute Emissions: the one set of functions that a node signs with, a validator checks with and a certificate prints from.

Pure: no Django, no database, no network. `docs/protocol.md` is the dictionary.
"""
