"""Does the chain's library leave the interpreter as it was?"""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from tokens.chain.loading import usual_recursion

CHILD = """
import json, sys
if {guarded}:
    from tokens.chain.client import RpcClient
    from tokens.chain.sender import Fees, sign_call
    RpcClient("http://127.0.0.1:9")._provider
    sign_call(None, private_key=b"1" * 32, chain_id=1, nonce=0, gas_limit=21000, fees=Fees(1, 1), init_code=b"x")
else:
    import web3
assert "py_ecc" in sys.modules
try:
    json.loads("[" * 90_000)
except RecursionError:
    print("refused")
"""


def _run(*, guarded: bool) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD.format(guarded=guarded)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_deep_json__after_the_chains_library_loaded__raises_and_does_not_end_the_process() -> None:
    kept = _run(guarded=True)
    assert kept.stdout == "refused\n", kept.stderr
    # The harm without it: the process is gone.
    assert _run(guarded=False).returncode < 0


def test_usual_recursion__two_threads_load_at_once__limit_is_as_before() -> None:
    before, raised, entered = sys.getrecursionlimit(), threading.Event(), threading.Event()

    def slow() -> None:
        with usual_recursion():
            sys.setrecursionlimit(before + 1)
            raised.set()
            # Long enough for the other to come in, if nothing kept it out.
            entered.wait(0.2)

    def late() -> None:
        raised.wait()
        with usual_recursion():
            entered.set()
            first.join(0.2)

    first, second = threading.Thread(target=slow), threading.Thread(target=late)
    try:
        for thread in (first, second):
            thread.start()
        for thread in (first, second):
            thread.join()
        assert sys.getrecursionlimit() == before
    finally:
        sys.setrecursionlimit(before)
