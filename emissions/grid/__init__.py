"""Emission factors: immutable, versioned sets of sourced rows."""
