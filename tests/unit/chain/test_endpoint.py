"""Does a chain's endpoint keep its key to itself when something goes wrong?"""

from __future__ import annotations

import pytest

from cloudtuner.errors import ChainUnreachable
from tokens.chain import endpoint
from tokens.chain.client import RpcClient
from tokens.chain.light import LightClient


@pytest.mark.parametrize("kind", [RpcClient, LightClient])
def test_endpoint__does_not_answer__its_key_is_not_told(kind: type[RpcClient | LightClient]) -> None:
    with pytest.raises(ChainUnreachable) as refused:
        kind("http://user:paid-for@127.0.0.1:9/v2/paid-for?key=paid-for", timeout_s=1).block_number()
    assert "http://127.0.0.1:9" in str(refused.value)
    assert "paid-for" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"), [("http://[::1]:8545/k", "http://[::1]:8545"), ("http://x:port/k", "the chain's endpoint")]
)
def test_shown__strange_address__tells_no_path(url: str, shown: str) -> None:
    assert endpoint.shown(url) == shown
