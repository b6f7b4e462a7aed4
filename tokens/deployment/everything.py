"""Every contract in one go: the core, what is around it, the supply handed out, planned before anything is signed.

The same account, nonce, choice and moment give the same transactions. On a chain of one's own a dollar token and a manager
of pools are made first, since nobody else has; on public networks they are where their makers published them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cloudtuner.errors import ConfigurationError
from emissions.poce.hexes import normal_address
from emissions.poce.keys import address_of
from tokens.chain import deploy_market
from tokens.chain.abi import encode_call, encode_values
from tokens.chain.book import AddressBook
from tokens.chain.client import Call, Receipt, RpcClient
from tokens.chain.creations import Creation, creation_of
from tokens.chain.deploy import DeployParameters, Plan, Step, created_address, perform
from tokens.chain.deploy import plan as plan_core
from tokens.chain.deploy_market import MarketParameters, MarketPlan
from tokens.chain.genesis import grants, shares
from tokens.chain.sender import check_chain_id
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
    client: RpcClient,
    deployer_key: bytes,
    choice: Choice,
    *,
    on_step: Callable[[Step, Receipt], None] | None = None,
) -> tuple[AddressBook, MarketBook]:
    """Makes what is planned. Refuses before signing when the endpoint serves another chain than the network."""
    chain_id = choice.core.network.chain_id
    check_chain_id(client, chain_id)
    deployer = address_of(deployer_key)
    now = client.block().timestamp
    made = plan_everything(choice, deployer=deployer, first_nonce=client.nonce(deployer), now=now)
    creations: dict[str, Creation] = {}
    deploy_block: int | None = None
    for place, step in enumerate(made.steps):
        receipt = perform(client, step, deployer_key=deployer_key, nonce=made.first_nonce + place, chain_id=chain_id)
        deploy_block = receipt.block_number if deploy_block is None else deploy_block
        creation = creation_of(step, receipt)
        if creation is not None:
            creations[step.name] = creation
        if on_step is not None:
            on_step(step, receipt)
    book = AddressBook(
        chain_id=chain_id,
        genesis_hash=client.genesis_hash(),
        deploy_block=deploy_block or 0,
        contracts=made.core.contracts,
        parameters=made.parameters.public(),
        creations=creations,
    )
    return book, MarketBook.of(chain_id, made.around, made.venues)


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
