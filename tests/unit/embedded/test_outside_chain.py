"""Which chain does an endpoint of somebody else serve, and may keys made for development send there?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cloudtuner.embedded.supervisor import outside_test_chain
from cloudtuner.errors import ChainUnreachable, ConfigurationError


@pytest.fixture
def endpoint(serve_chain: Callable[..., str]) -> Callable[[int], str]:
    """The address of a chain of this number, with a key in it."""
    return lambda chain_id: serve_chain(lambda method, _: {"eth_chainId": hex(chain_id)}[method]) + "/v2/paid-for"


@pytest.mark.parametrize("chain_id", [31337, 80002, 421614])
def test_outside_chain__test_network__is_the_one_that_answers(endpoint: Callable[[int], str], chain_id: int) -> None:
    assert outside_test_chain(endpoint(chain_id)) == chain_id


@pytest.mark.parametrize("chain_id", [1, 137, 42161])
def test_outside_chain__main_network__is_refused_without_telling_the_endpoint_key(
    endpoint: Callable[[int], str], chain_id: int
) -> None:
    with pytest.raises(ConfigurationError, match=f"chain {chain_id}, ") as refused:
        outside_test_chain(endpoint(chain_id))
    assert refused.value.code == "embedded.not_a_test_network"
    assert "paid-for" not in str(refused.value)


def test_outside_chain__nobody_answers__is_said() -> None:
    with pytest.raises(ChainUnreachable, match=r"127\.0\.0\.1:9"):
        outside_test_chain("http://127.0.0.1:9")
