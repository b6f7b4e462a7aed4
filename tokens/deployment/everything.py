"""Every contract in one go: the core, what is around it, the supply handed out, planned before anything is signed.

The same account, nonce, choice and moment give the same transactions. On a chain of one's own a dollar token and a manager
of pools are made first, since nobody else has; on public networks they are where their makers published them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cloudtuner.errors import ConfigurationError
from emissions.poce.hexes import normal_address
from emissions.poce.keys import address_of
from tokens.chain import deploy_market
from tokens.chain.abi import encode_call, encode_values
from tokens.chain.book import AddressBook
from tokens.chain.client import Call, RpcClient
from tokens.chain.deploy import DeployParameters, Plan, created_address
from tokens.chain.deploy import plan as plan_core
from tokens.chain.deploy_market import MarketParameters, MarketPlan
from tokens.chain.genesis import grants, shares
from tokens.chain.steps import Journal, OnStep, Step, perform_all
from tokens.market.book import MarketBook
from tokens.market.bytecode import init_code
from tokens.market.local import DOLLAR_DECIMALS, LOCAL_CHAIN
from tokens.market.venues import Dollar, Venues, published


@dataclass(frozen=True)
class Choice:
    """What a deployment of everything chooses beside the core's parameters, whose `treasury` gets what is to be handed on.

    `by_vote`: the timelock owns every contract from its first moment, else the core's owner does. `beneficiaries` are
    accounts by the roles of genesis.json. `venues` None: those published for the network, or made on a chain of one's own.
    """

    core: DeployParameters
    by_vote: bool
    poster: str
    beneficiaries: Mapping[str, str]
    venues: Venues | None = None


@dataclass(frozen=True)
class Everything:
    """A whole deployment before it happens."""

    deployer: str
    first_nonce: int
    parameters: DeployParameters
    venues: Venues
    core: Plan
    around: MarketPlan
    steps: tuple[Step, ...] = field(repr=False)


def plan_everything(choice: Choice, *, deployer: str, first_nonce: int, now: int) -> Everything:
    """Every transaction of this account from this nonce on; asks nobody, signs nothing. Grants run from `now`.

    Raises ConfigurationError: `chain.genesis` for a role without an account or stakes above what genesis.json has for
    them, `market.no_bytecode` on a chain of one's own without the packages of Uniswap and Aave.
    """
    first, venues = _venues(choice, deployer, first_nonce)
    start = first_nonce + len(first)
    # The deployer holds what is left until it is handed out at the end: a transfer to the treasury would be too early.
    parameters = replace(choice.core, treasury=deployer, pool=_share("poce"))
    at = deploy_market.after_core(parameters, deployer=deployer, first_nonce=start)
    owner = at["timelock"] if choice.by_vote else choice.core.owner
    parameters = replace(parameters, owner=owner)
    core = plan_core(parameters, deployer=deployer, first_nonce=start)
    market = MarketParameters(
        network=parameters.network,
        core=core.contracts,
        guardian=parameters.guardian,
        poster=choice.poster,
        dollar=venues.dollar.address,
        dollar_decimals=venues.dollar.decimals,
        v4_manager=venues.v4_manager,
        sequencer_feed=venues.sequencer_feed,
        owner=owner,
        grants=grants(choice.beneficiaries),
    )
    around = deploy_market.plan(market, deployer=deployer, first_nonce=start + len(core.steps), now=now)
    steps = (*first, *core.steps, *around.steps, *_handing_out(choice, market, core, around, deployer))
    shown = replace(parameters, treasury=choice.core.treasury)
    return Everything(deployer, first_nonce, shown, venues, core, around, steps)


def deploy_everything(
    client: RpcClient, deployer_key: bytes, choice: Choice, *, journal: Journal, on_step: OnStep | None = None
) -> tuple[AddressBook, MarketBook]:
    """Makes what is planned, or what is left of it after the journal.

    Refuses before signing when the endpoint serves another chain than the network; raises what `perform_all` does.
    """
    deployer = address_of(deployer_key)
    begun = journal.begin(client, chain_id=choice.core.network.chain_id, deployer=deployer)
    planned = plan_everything(choice, deployer=deployer, first_nonce=begun.first_nonce, now=begun.now)
    made = perform_all(client, planned.steps, key=deployer_key, journal=journal, on_step=on_step)
    book = AddressBook(
        chain_id=begun.chain_id,
        genesis_hash=begun.genesis_hash,
        deploy_block=made.first_block,
        contracts=planned.core.contracts,
        parameters=planned.parameters.public(),
        creations=made.creations,
    )
    return book, MarketBook.of(begun.chain_id, planned.around, planned.venues)


def _venues(choice: Choice, deployer: str, first_nonce: int) -> tuple[tuple[Step, ...], Venues]:
    """Where dollars and pools are, and the steps that make them where they are not."""
    if choice.venues is not None:
        return (), choice.venues
    chain_id = choice.core.network.chain_id
    if chain_id != LOCAL_CHAIN:
        return (), published(chain_id)
    places = [created_address(deployer, first_nonce + place) for place in range(2)]
    named = encode_values(("string", "string", "uint8"), ("Local dollar", "USDL", DOLLAR_DECIMALS))
    steps = (
        Step("create a local dollar", init_code=init_code("MintableERC20", named), creates=places[0]),
        Step(
            "create a local manager of pools",
            init_code=init_code("PoolManager", encode_values(("address",), (deployer,))),
            creates=places[1],
        ),
    )
    return steps, Venues(Dollar(places[0], "USDL", DOLLAR_DECIMALS), v4_manager=places[1])


def _handing_out(choice: Choice, market: MarketParameters, core: Plan, around: MarketPlan, deployer: str) -> tuple[Step, ...]:
    """The supply to grants, timelock and treasury as genesis.json says; stakes come out of the treasury's part."""
    rest = _share("distributor") - sum(grant.stake for grant in choice.core.validators)
    if rest < 0:
        raise ConfigurationError(
            "the stakes exceed what genesis.json has for validators and liquidity.", code="chain.genesis", hint="Stake less."
        )
    parts = [(f"fund the grant of {grant.name}", around.grants[grant.name], grant.amount) for grant in market.grants]
    parts.append(("fund the timelock", around.contracts["timelock"], _share("timelock")))
    if rest and normal_address(choice.core.treasury) != normal_address(deployer):
        parts.append(("fund the treasury", choice.core.treasury, rest))
    signature, tuner = "transfer(address,uint256)", core.contracts["tuner"]
    return tuple(Step(what, Call(tuner, encode_call(signature, (to, amount)))) for what, to, amount in parts)


def _share(receiver: str) -> int:
    return sum(share.amount for share in shares() if share.to == receiver)
