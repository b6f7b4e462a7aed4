"""web3 and eth-account load late, and leave the interpreter as they found it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def usual_recursion() -> Iterator[None]:
    """Keeps the recursion limit over an import.

    py_ecc, which comes along with both, raises it to 100,000 for the whole process. JSON from a stranger that is nested
    so deep would then overflow the C stack and end the process, where it otherwise raises RecursionError. One thread at a
    time: a second one that came while the first was importing would keep the raised limit for the usual one.
    """
    with _ONE_AT_A_TIME:
        limit = sys.getrecursionlimit()
        try:
            yield
        finally:
            sys.setrecursionlimit(limit)
