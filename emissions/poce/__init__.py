"""Proof of Compute Emissions: what a node signs, a validator checks and a certificate prints, from the same functions.

Pure: no Django, no database, no network. `docs/protocol.md` is the dictionary.
"""
