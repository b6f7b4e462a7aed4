"""Which engine this is: a version, and a digest of what it answers for fixed questions.

`VECTORS_DIGEST` is the sha256 of tests/golden/engine/vectors.json: rate keys, quantities and the integers they give
under the genesis set. Whoever changes an answer changes the digest and must raise `ENGINE_VERSION`; a test holds both.
"""

from __future__ import annotations

import hashlib

import rfc8785

ENGINE_VERSION = 2
VECTORS_DIGEST = "0x1f651a0f10fd3bbc78370d09e17319bf64aa013f26670c171df411271fa0e19a"


def engine_id(version: int, vectors_digest: str) -> str:
    """The id that reports carry: sha256 of the JCS of version and vectors."""
    return (
        "0x" + hashlib.sha256(rfc8785.dumps({"engine": "cloudtuner", "version": version, "vectors": vectors_digest})).hexdigest()
    )


ENGINE_ID = engine_id(ENGINE_VERSION, VECTORS_DIGEST)
