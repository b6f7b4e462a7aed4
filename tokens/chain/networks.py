"""Which chains there are, and what a deployment chooses on each (protocol §11)."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtuner.errors import ConfigurationError

HOUR_S = 3600
DAY_S = 24 * HOUR_S
TUNER_UNIT = 10**18


@dataclass(frozen=True)
class Network:
    """A chain we deploy to. `confirmations` = 0 means: final when the chain says finalized. The contract refuses epochs less
    than `epoch_gap_s` apart, the service seals them `epoch_s` apart and airdrop rounds `round_s`; a round can be claimed
    for `claim_period_s`.
    """

    name: str
    chain_id: int
    test: bool
    epoch_s: int
    window_s: int
    epoch_gap_s: int
    confirmations: int
    wallet_delay_s: int
    unstake_delay_s: int
    set_grace_s: int
    round_s: int = DAY_S
    claim_period_s: int = 180 * DAY_S


NETWORKS = {
    network.name: network
    for network in (
        Network("local", 31337, True, 10, 2, 1, 2, 60, 600, 120, 60, DAY_S),
        Network("amoy", 80002, True, HOUR_S, HOUR_S, HOUR_S // 4, 12, DAY_S, 7 * DAY_S, 6 * HOUR_S),
        Network("arbitrum-sepolia", 421614, True, HOUR_S, HOUR_S, HOUR_S // 4, 12, DAY_S, 7 * DAY_S, 6 * HOUR_S),
        Network("polygon", 137, False, DAY_S, DAY_S, DAY_S // 2, 0, 2 * DAY_S, 21 * DAY_S, DAY_S),
        Network("arbitrum", 42161, False, DAY_S, DAY_S, DAY_S // 2, 0, 2 * DAY_S, 21 * DAY_S, DAY_S),
    )
}


ALIASES = {"anvil": "local"}
"""Other names for networks: a chain of one's own is an anvil."""


def network_named(name: str) -> Network:
    """Raises ConfigurationError listing the names there are."""
    name = ALIASES.get(name, name)
    if name not in NETWORKS:
        raise ConfigurationError(
            f"no network {name!r}.", code="chain.no_network", hint=f"There are {', '.join(sorted([*NETWORKS, *ALIASES]))}."
        )
    return NETWORKS[name]
