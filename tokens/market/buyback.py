"""The network's share of trading fees turned into TUNER and burned: what waits, what a step would give, the step."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtuner.errors import ChainError
from tokens.chain.abi import decode_values, encode_call, topic
from tokens.chain.client import BlockId, Call, Receipt, RpcClient

BOUGHT_EVENT = topic("BoughtBack(address,uint256,uint256,uint256)")
SOLD_EVENT = topic("CarbonSold(address,uint256,uint256,uint256)")


@dataclass(frozen=True)
class Step:
    """One step: what was given, what came, and what that was worth at the mean price; base units."""

    given: int
    received: int
    fair: int


@dataclass(frozen=True)
class Waiting:
    """What waits for the next steps, base units, and when they are possible (unix seconds; 0: now)."""

    dollars: int
    carbon: int
    next_buyback_at: int
    next_sale_at: int


@dataclass(frozen=True)
class Burner:
    """BuybackBurner. Reads ask the chain; everything else gives the call that does it."""

    client: RpcClient
    address: str

    def waiting(self, *, block: BlockId = "latest") -> Waiting:
        dollar, carbon = (self._address(name, block) for name in ("dollar()", "ct02()"))
        held = [self._number(token, "balanceOf(address)", self.address, block=block) for token in (dollar, carbon)]
        times = [self._number(self.address, name, block=block) for name in ("nextBuybackAt()", "nextSaleAt()")]
        return Waiting(held[0], held[1], times[0], times[1])

    def burned(self, *, block: BlockId = "latest") -> int:
        """TUNER burned in all, base units."""
        return self._number(self.address, "burned()", block=block)

    def buyback(self, *, min_bought: int = 0) -> Call:
        """Spends dollars on TUNER and burns it; the contract itself holds the step to the mean price."""
        return Call(self.address, encode_call("buyback(uint256)", (min_bought,)))

    def sell_carbon(self, *, min_received: int = 0) -> Call:
        """Sells CT02 that came as fees for dollars."""
        return Call(self.address, encode_call("sellCarbon(uint256)", (min_received,)))

    def due_steps(self, *, now: int, block: BlockId = "latest") -> tuple[Call, ...]:
        """The steps that are possible at `now` (chain time): the sale first, since its dollars can be spent at once."""
        waiting = self.waiting(block=block)
        steps: list[Call] = []
        if waiting.carbon and waiting.next_sale_at <= now:
            steps.append(self.sell_carbon())
        if (waiting.dollars or steps) and waiting.next_buyback_at <= now:
            steps.append(self.buyback())
        return tuple(steps)

    def step_of(self, receipt: Receipt) -> Step:
        """What a step did; raises ChainError `market.no_step` for another transaction."""
        for log in receipt.logs:
            if log["address"].lower() == self.address.lower() and log["topics"][0] in (BOUGHT_EVENT, SOLD_EVENT):
                return Step(*decode_values(("uint256",) * 3, bytes.fromhex(log["data"].removeprefix("0x"))))
        raise ChainError(f"{receipt.tx_hash} is no step of the burner.", code="market.no_step")

    def set_pools(self, tuner_pool: str, carbon_pool: str) -> Call:
        """By the owner: the pools that steps trade in."""
        return Call(self.address, encode_call("setPools(address,address)", (tuner_pool, carbon_pool)))

    def _number(self, to: str, signature: str, *values: object, block: BlockId) -> int:
        data = self.client.call(Call(to, encode_call(signature, values)), block=block)
        return int(decode_values(("uint256",), data)[0])

    def _address(self, signature: str, block: BlockId) -> str:
        data = self.client.call(Call(self.address, encode_call(signature)), block=block)
        return str(decode_values(("address",), data)[0])
