"""Logs over many blocks, window by window: the endpoints of providers refuse a wide range, each at a width of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cloudtuner.errors import ChainError

from .client import RpcClient, Topics

WINDOW_BLOCKS = 2_000
"""What most providers allow. One that allows less is asked for half as much until it answers."""


def read_logs(
    client: RpcClient,
    addresses: Sequence[str],
    *,
    first: int,
    last: int,
    topics: Topics = (),
    newest_first: bool = False,
) -> Iterator[dict[str, Any]]:
    """Raw logs of these contracts in the blocks `first … last`, both included, oldest first unless asked otherwise.

    Each window is asked for when its turn comes, so whoever finds what they look for asks no further. A width that was
    refused is not tried again. Raises the endpoint's refusal where it refuses a single block.
    """
    width = WINDOW_BLOCKS
    while first <= last:
        width = min(width, last - first + 1)
        begin, end = (last - width + 1, last) if newest_first else (first, first + width - 1)
        try:
            found = client.logs(addresses, from_block=begin, to_block=end, topics=topics)
        except ChainError as error:
            # No answer at all says nothing of the width, and can be asked for again.
            if error.retryable or width == 1:
                raise
            width //= 2
            continue
        if newest_first:
            yield from reversed(found)
            last = begin - 1
        else:
            yield from found
            first = end + 1
