"""How the contracts come to be: in one fixed order, with the addresses of the later ones known to the earlier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cloudtuner.errors import ConfigurationError
from emissions.poce import rlp
from emissions.poce.hexes import address_bytes, bytes32, checksum_address, normal_address
from emissions.poce.keccak import keccak
from emissions.poce.keys import address_of

from . import artifacts
from .abi import encode_call, encode_values
from .book import AddressBook
from .client import Call, RpcClient
from .networks import TUNER_UNIT, Network
from .steps import Journal, OnStep, Step, perform_all

SUPPLY = 1_000_000_000 * TUNER_UNIT

_TRANSFER = "transfer(address,uint256)"
_APPROVE = "approve(address,uint256)"
_STAKE = "stake(address,uint96,address)"

# Constructor argument types, by the names of the address book and in the order of deployment.
_CONSTRUCTORS = {
    "tuner": ("address",),
    "node_registry": ("address", "address", "bytes32", "string", "uint128", "uint128", "uint64"),
    "validator_set": ("address", "address", "address", "uint96", "uint64", "uint64"),
    "ct02": ("address", "address[]", "address"),
    "poce": ("address", "address", "address", "address", "address", "address", "uint64", "uint64", "uint128"),
    "retirement": ("address",),
    "airdrop": ("address", "address", "address", "address", "address", "address", "uint64", "uint64"),
}


@dataclass(frozen=True)
class ValidatorGrant:
    """A first validator: who owns the stake, which key signs, how much (base units).

    It has its seat at once when the staker signs itself. Otherwise it is handed the TUNER: the contract lets nobody else
    name the key that answers for its stake.
    """

    staker: str
    signer: str
    stake: int


@dataclass(frozen=True)
class DeployParameters:
    """What a deployment chooses. Amounts of TUNER in base units; the rest of the supply goes to the treasury.

    `owner` may change providers, factor sets, caps, terms of rewards and minters (a timelock on main networks);
    `registrar` signs registrations; `guardian` may veto an epoch inside its window, hold a node's claims, and pause minting
    for at most 14 days. A microgram of a mover can earn far more TUNER than its score alone gives, hence
    the height of `max_tuner_per_ug`; what all earn together is bounded by the period's budget. What nobody claims of an
    airdrop round goes to `owner`.
    """

    network: Network
    owner: str
    registrar: str
    guardian: str
    treasury: str
    factor_set: str
    factor_set_uri: str = ""
    validators: tuple[ValidatorGrant, ...] = ()
    min_stake: int = 100_000 * TUNER_UNIT
    pool: int = 400_000_000 * TUNER_UNIT
    epoch_cap_ug: int = 10**17
    node_hour_cap_ug: int = 10**13
    max_tuner_per_ug: int = 100 * 10**9

    def __post_init__(self) -> None:
        staked = sum(grant.stake for grant in self.validators)
        if staked + self.pool > SUPPLY:
            raise ConfigurationError(
                f"pool {self.pool} and stakes {staked} exceed the supply of {SUPPLY} base units.", code="chain.deploy"
            )
        for grant in self.validators:
            if grant.stake < self.min_stake:
                raise ConfigurationError(
                    f"the stake of {grant.signer} is below the minimum of {self.min_stake} base units.", code="chain.deploy"
                )

    def public(self) -> dict[str, Any]:
        """What the address book tells of them."""
        return {
            "network": self.network.name,
            "epoch_s": self.network.epoch_s,
            "round_s": self.network.round_s,
            "claim_period_s": self.network.claim_period_s,
            "window_s": self.network.window_s,
            "epoch_gap_s": self.network.epoch_gap_s,
            "confirmations": self.network.confirmations,
            "unstake_delay_s": self.network.unstake_delay_s,
            "wallet_delay_s": self.network.wallet_delay_s,
            "owner": normal_address(self.owner),
            "registrar": normal_address(self.registrar),
            "guardian": normal_address(self.guardian),
            "treasury": normal_address(self.treasury),
            "factor_set": self.factor_set,
            "min_stake": str(self.min_stake),
            "pool": str(self.pool),
            "epoch_cap_ug": str(self.epoch_cap_ug),
            "node_hour_cap_ug": str(self.node_hour_cap_ug),
            "max_tuner_per_ug": str(self.max_tuner_per_ug),
        }


@dataclass(frozen=True)
class Plan:
    """A deployment before it happens: every transaction in order, and where the contracts will be."""

    deployer: str
    first_nonce: int
    contracts: dict[str, str]
    steps: tuple[Step, ...]


def created_address(deployer: str, nonce: int) -> str:
    """Where a contract created by this account with this nonce will be.

    >>> created_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", 0)
    '0x5FbDB2315678afecb367f032d93F642f64180aa3'
    """
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    return checksum_address(keccak(rlp.encode([address_bytes(deployer), number]))[12:])


def plan(parameters: DeployParameters, *, deployer: str, first_nonce: int) -> Plan:
    """The deployment by this account from this nonce on; asks nobody, signs nothing."""
    at = {name: created_address(deployer, first_nonce + place) for place, name in enumerate(_CONSTRUCTORS)}
    network = parameters.network
    arguments: dict[str, tuple[Any, ...]] = {
        "tuner": (deployer,),
        "node_registry": (
            parameters.owner, parameters.registrar, bytes32(parameters.factor_set), parameters.factor_set_uri,
            parameters.epoch_cap_ug, parameters.node_hour_cap_ug, network.wallet_delay_s,
        ),
        "validator_set": (
            parameters.owner, at["tuner"], at["poce"], parameters.min_stake, network.unstake_delay_s, network.set_grace_s,
        ),
        "ct02": (parameters.owner, [at["poce"], at["airdrop"]], at["retirement"]),
        "poce": (
            parameters.owner, parameters.guardian, at["ct02"], at["tuner"], at["node_registry"], at["validator_set"],
            network.window_s, network.epoch_gap_s, parameters.max_tuner_per_ug,
        ),
        "retirement": (at["ct02"],),
        "airdrop": (
            parameters.owner, parameters.guardian, at["ct02"], at["node_registry"], at["validator_set"], parameters.owner,
            network.window_s, network.claim_period_s,
        ),
    }  # fmt: skip
    steps = [
        Step(
            what=f"create {artifacts.CONTRACTS[name]}",
            init_code=artifacts.load(artifacts.CONTRACTS[name]).bytecode + encode_values(types, arguments[name]),
            creates=at[name],
            name=name,
        )
        for name, types in _CONSTRUCTORS.items()
    ]
    steps += _funding(parameters, at, deployer)
    return Plan(deployer, first_nonce, at, tuple(steps))


def _funding(parameters: DeployParameters, at: dict[str, str], deployer: str) -> list[Step]:
    tuner = at["tuner"]
    # Only the staker itself may name another key than its own address: it gets its TUNER and stakes it.
    ready = [grant for grant in parameters.validators if grant.staker in (grant.signer, deployer)]
    staked = sum(grant.stake for grant in ready)
    steps = [Step("fund the TUNER pool", Call(tuner, encode_call(_TRANSFER, (at["poce"], parameters.pool))))]
    if staked:
        steps.append(Step("approve the stakes", Call(tuner, encode_call(_APPROVE, (at["validator_set"], staked)))))
    steps += [
        Step(
            f"stake for {grant.signer}",
            Call(at["validator_set"], encode_call(_STAKE, (grant.staker, grant.stake, grant.signer))),
        )
        for grant in ready
    ]
    steps += [
        Step(f"hand {grant.staker} its stake", Call(tuner, encode_call(_TRANSFER, (grant.staker, grant.stake))))
        for grant in parameters.validators
        if grant not in ready
    ]
    rest = SUPPLY - parameters.pool - sum(grant.stake for grant in parameters.validators)
    if rest and normal_address(parameters.treasury) != normal_address(deployer):
        steps.append(Step("fund the treasury", Call(tuner, encode_call(_TRANSFER, (parameters.treasury, rest)))))
    return steps


def deploy(
    client: RpcClient,
    deployer_key: bytes,
    parameters: DeployParameters,
    *,
    journal: Journal | None = None,
    on_step: OnStep | None = None,
) -> AddressBook:
    """Deploys, funds and stakes; the same key, nonce and parameters give the same addresses.

    Refuses before signing when the endpoint serves another chain than the parameters' network. With a `journal` that was
    begun it goes on where that one broke off.
    """
    deployer = address_of(deployer_key)
    journal = journal or Journal()
    begun = journal.begin(client, chain_id=parameters.network.chain_id, deployer=deployer)
    planned = plan(parameters, deployer=deployer, first_nonce=begun.first_nonce)
    made = perform_all(client, planned.steps, key=deployer_key, journal=journal, on_step=on_step)
    return AddressBook(
        chain_id=begun.chain_id,
        genesis_hash=begun.genesis_hash,
        deploy_block=made.first_block,
        contracts=planned.contracts,
        parameters=parameters.public(),
        creations=made.creations,
    )
