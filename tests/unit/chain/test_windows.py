"""Are all logs of many blocks read, each once, from an endpoint that answers for few blocks at a time?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from cloudtuner.errors import ChainError, ChainUnreachable
from tokens.chain.client import RpcClient
from tokens.chain.windows import WINDOW_BLOCKS, read_logs

CONTRACT = "0x" + "11" * 20
REFUSED = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32005, "message": "query is limited"}}


@dataclass
class Endpoint:
    """Has a log in every 100th block; answers for `widest` blocks at once, and else with `status` and `refusal`."""

    widest: int
    status: int = 200
    refusal: object = field(default_factory=lambda: REFUSED)
    asked: list[tuple[int, int]] = field(default_factory=list)
    url: str = ""

    def answer(self, _: str, question: dict[str, Any]) -> tuple[int, object]:
        (where,) = question["params"]
        assert where["topics"] == [["0xaa"], None]
        begin, end = int(where["fromBlock"], 16), int(where["toBlock"], 16)
        self.asked.append((begin, end))
        if end - begin + 1 > self.widest:
            return self.status, self.refusal
        blocks = [number for number in range(begin, end + 1) if number % 100 == 0]
        return 200, {"jsonrpc": "2.0", "id": 1, "result": [{"blockNumber": hex(number)} for number in blocks]}


@pytest.fixture
def served(request: pytest.FixtureRequest, serve: Callable[..., str]) -> Endpoint:
    endpoint = Endpoint(*request.param)
    endpoint.url = serve(endpoint.answer)
    return endpoint


def _numbers(endpoint: Endpoint, *, first: int, last: int, newest_first: bool = False) -> Iterator[int]:
    client = RpcClient(endpoint.url, timeout_s=5)
    topics = [["0xaa"], []]
    for log in read_logs(client, [CONTRACT], first=first, last=last, topics=topics, newest_first=newest_first):
        yield int(log["blockNumber"], 16)


@pytest.mark.parametrize("served", [(10**9,)], indirect=True)
def test_read_logs__wide_range__asks_in_windows_of_a_fixed_width(served: Endpoint) -> None:
    assert list(_numbers(served, first=7, last=4_500)) == list(range(100, 4_501, 100))
    assert served.asked == [(7, 6 + WINDOW_BLOCKS), (7 + WINDOW_BLOCKS, 6 + 2 * WINDOW_BLOCKS), (7 + 2 * WINDOW_BLOCKS, 4_500)]


@pytest.mark.parametrize("served", [(300, 200), (300, 400), (300, 413, None)], indirect=True)
@pytest.mark.parametrize("newest_first", [False, True])
def test_read_logs__endpoint_refuses_the_width__halves_it_and_misses_nothing(served: Endpoint, newest_first: bool) -> None:
    found = list(_numbers(served, first=0, last=3_000, newest_first=newest_first))
    assert found == sorted(range(0, 3_001, 100), reverse=newest_first)
    # 2000, 1000 and 500 were refused once each, then 250 stands.
    assert [end - begin + 1 for begin, end in served.asked[:5]] == [2_000, 1_000, 500, 250, 250]
    assert len(served.asked) == 3 + 13


@pytest.mark.parametrize("served", [(0,)], indirect=True)
def test_read_logs__endpoint_refuses_a_single_block__says_why(served: Endpoint) -> None:
    with pytest.raises(ChainError, match="query is limited") as refused:
        list(_numbers(served, first=0, last=100))
    assert (refused.value.code, served.asked[-1]) == ("chain.refused", (0, 0))


@pytest.mark.parametrize("served", [(0, 503, None)], indirect=True)
def test_read_logs__endpoint_is_down__is_not_asked_for_less(served: Endpoint) -> None:
    with pytest.raises(ChainUnreachable):
        list(_numbers(served, first=0, last=100))
    assert len(served.asked) == 1


@pytest.mark.parametrize("served", [(10**9,)], indirect=True)
def test_read_logs__found_in_the_newest_window__asks_no_further(served: Endpoint) -> None:
    assert next(_numbers(served, first=0, last=100_000, newest_first=True)) == 100_000
    assert len(served.asked) == 1
