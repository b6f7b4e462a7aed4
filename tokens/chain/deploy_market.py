"""How the contracts around the core come to be: governance, price, floor, burner, fees, grants.

Planned as the core is (`deploy`): every address is known before the first transaction. The core's owner can so be the
timelock before it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloudtuner.errors import ChainError
from emissions.poce.hexes import address_bytes
from emissions.poce.keccak import keccak
from emissions.poce.keys import address_of

from . import artifacts
from .abi import encode_values
from .client import Call, RpcClient
from .creations import Creation, factory_address
from .deploy import DeployParameters, created_address
from .deploy import plan as plan_core
from .genesis import Grant
from .networks import DAY_S, HOUR_S, TUNER_UNIT, Network
from .steps import Journal, Step, perform_all

CREATE2_FACTORY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
"""Creates a contract at an address that follows from its code and a salt; the same on every chain, anvil included."""

HOOK_FLAGS = 0x0044
"""The lowest fourteen bits of the hook's address: called after a swap, and may charge for it."""

_LIMITS = "(uint32,uint32,uint16,uint128,uint128)"
_RULES = "(uint48,uint32,uint256,uint256,uint48)"

# Constructor argument types, by the names of a market book and in the order of deployment; the hook comes by CREATE2.
_CONSTRUCTORS = {
    "timelock": ("uint256", "address", "address"),
    "governor": ("address", "address", "address", "address", _RULES),
    "price_feed": ("address", "address", "address", "address", "uint8", "uint32", "address"),
    "floor_reserve": ("address", "address", "address", "uint8", "address", "address", "uint128"),
    "burner": ("address", "address", "address", "address", "uint32", _LIMITS),
    "pool_desk": ("address",),
}
_GRANT = ("address", "uint64", "uint64", "uint64")
_HOOK = ("address", "address")
_ZERO = "0x" + "00" * 20


@dataclass(frozen=True)
class Pace:
    """Times in seconds: how long decisions wait, how far back mean prices reach."""

    voting_delay: int
    voting_period: int
    late_quorum: int
    timelock: int
    twap: int


LOCAL_PACE = Pace(voting_delay=5, voting_period=30, late_quorum=5, timelock=5, twap=10)
PUBLIC_PACE = Pace(
    voting_delay=DAY_S, voting_period=5 * DAY_S, late_quorum=DAY_S, timelock=2 * DAY_S, twap=HOUR_S // 2,
)  # fmt: skip


@dataclass(frozen=True)
class MarketParameters:
    """What a deployment chooses. `core` are the core's addresses; dollar limits in whole dollars, CT02 in base units.

    `owner` None: the timelock owns what is made here. `v4_manager` None: no desk and no hook are made. `pace` None: that
    of the network.
    """

    network: Network
    core: Mapping[str, str]
    guardian: str
    poster: str
    dollar: str
    dollar_decimals: int = 6
    v4_manager: str | None = None
    sequencer_feed: str | None = None
    owner: str | None = None
    grants: tuple[Grant, ...] = ()
    pace: Pace | None = None
    quorum_percent: int = 4
    proposal_threshold: int = 1_000_000 * TUNER_UNIT
    floor_daily_dollars: int = 1000
    buyback_dollars: int = 1000
    buyback_carbon: int = 100_000 * 10**18
    slip_bp: int = 300

    @property
    def times(self) -> Pace:
        return self.pace or (LOCAL_PACE if self.network.chain_id == 31337 else PUBLIC_PACE)


@dataclass(frozen=True)
class MarketPlan:
    """A deployment before it happens: every transaction in order, and where the contracts will be. Grants by name."""

    deployer: str
    first_nonce: int
    contracts: dict[str, str]
    grants: dict[str, str]
    steps: tuple[Step, ...]


def addresses(*, deployer: str, first_nonce: int) -> dict[str, str]:
    """Where this account will make the contracts whose addresses the core has to know, from this nonce on.

    The core needs `timelock`, its owner. The hook's and the grants' follow later.
    """
    return {name: created_address(deployer, first_nonce + place) for place, name in enumerate(_CONSTRUCTORS)}


def after_core(core: DeployParameters, *, deployer: str, first_nonce: int) -> dict[str, str]:
    """The same when the account makes the core first, from `first_nonce` on, and these contracts right after it."""
    return addresses(deployer=deployer, first_nonce=first_nonce + len(plan_core(core, deployer=deployer, first_nonce=0).steps))


def plan(parameters: MarketParameters, *, deployer: str, first_nonce: int, now: int) -> MarketPlan:
    """The deployment by this account from this nonce on; asks nobody, signs nothing. Grants run from `now`, unix seconds."""
    at = addresses(deployer=deployer, first_nonce=first_nonce)
    arguments = _arguments(parameters, at)
    names = [name for name in _CONSTRUCTORS if name != "pool_desk" or parameters.v4_manager]
    steps = [_creation(name, arguments[name], at[name]) for name in names]
    contracts = {name: at[name] for name in names}
    if parameters.v4_manager is not None:
        hook = _hook_code(parameters.v4_manager, at["burner"])
        salt = hook_salt(hook)
        contracts["fee_hook"] = create2_address(salt, hook)
        steps.append(Step("create FeeShareHook", Call(CREATE2_FACTORY, salt + hook), name="fee_hook"))
    grants = {}
    for grant in parameters.grants:
        place = created_address(deployer, first_nonce + len(steps))
        values = (grant.beneficiary, now, grant.days * DAY_S, grant.cliff_days * DAY_S)
        code = artifacts.load("GrantWallet").bytecode + encode_values(_GRANT, values)
        what = f"create GrantWallet for {grant.name}"
        steps.append(Step(what, init_code=code, creates=place, name=f"grant:{grant.name}"))
        grants[grant.name] = place
    return MarketPlan(deployer, first_nonce, contracts, grants, tuple(steps))


def deploy_market(client: RpcClient, deployer_key: bytes, parameters: MarketParameters) -> tuple[MarketPlan, dict[str, Creation]]:
    """Makes what is planned; the plan, and how each contract came to be, for the address book.

    Refuses before signing when the endpoint serves another chain than the parameters' network.
    """
    deployer, journal = address_of(deployer_key), Journal()
    begun = journal.begin(client, chain_id=parameters.network.chain_id, deployer=deployer)
    planned = plan(parameters, deployer=deployer, first_nonce=begun.first_nonce, now=begun.now)
    made = perform_all(client, planned.steps, key=deployer_key, journal=journal)
    hook = planned.contracts.get("fee_hook")
    if hook is not None and not client.code(hook):
        raise ChainError(f"there is no FeeShareHook at {hook}.", code="chain.deploy", where=client.place)
    return planned, made.creations


def create2_address(salt: bytes, init_code: bytes) -> str:
    """Where the factory creates this code with this salt."""
    return factory_address(CREATE2_FACTORY, salt, init_code)


def hook_salt(init_code: bytes) -> bytes:
    """The first salt whose address carries the hook's flags; one in 16,384 does."""
    prefix, code_hash = b"\xff" + address_bytes(CREATE2_FACTORY), keccak(init_code)
    number = 0
    while True:
        salt = number.to_bytes(32, "big")
        if int.from_bytes(keccak(prefix + salt + code_hash)[-2:], "big") & 0x3FFF == HOOK_FLAGS:
            return salt
        number += 1


def _arguments(parameters: MarketParameters, at: Mapping[str, str]) -> dict[str, tuple[Any, ...]]:
    core, times, guardian = parameters.core, parameters.times, parameters.guardian
    owner = parameters.owner or at["timelock"]
    unit = 10**parameters.dollar_decimals
    rules = (
        times.voting_delay, times.voting_period, parameters.proposal_threshold, parameters.quorum_percent, times.late_quorum,
    )  # fmt: skip
    # A step an hour where money is at stake; on a local chain as often as a mean price can be had.
    least = min(times.twap, 600)
    limits = (
        2 * times.twap, times.twap, parameters.slip_bp, parameters.buyback_dollars * unit, parameters.buyback_carbon,
    )  # fmt: skip
    return {
        "timelock": (times.timelock, at["governor"], guardian),
        "governor": (core["tuner"], core["validator_set"], at["timelock"], guardian, rules),
        "price_feed": (
            owner, parameters.poster, core["ct02"], parameters.dollar, parameters.dollar_decimals, times.twap,
            parameters.sequencer_feed or _ZERO,
        ),
        "floor_reserve": (
            owner, core["ct02"], parameters.dollar, parameters.dollar_decimals, at["price_feed"], core["retirement"],
            parameters.floor_daily_dollars * unit,
        ),
        "burner": (owner, core["tuner"], core["ct02"], parameters.dollar, least, limits),
        "pool_desk": (parameters.v4_manager or _ZERO,),
    }  # fmt: skip


def _creation(name: str, values: tuple[Any, ...], place: str) -> Step:
    contract = artifacts.AROUND[name]
    code = artifacts.load(contract).bytecode + encode_values(_CONSTRUCTORS[name], values)
    return Step(f"create {contract}", init_code=code, creates=place, name=name)


def _hook_code(manager: str, burner: str) -> bytes:
    return artifacts.load("FeeShareHook").bytecode + encode_values(_HOOK, (manager, burner))
