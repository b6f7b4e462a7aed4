"""A market of one's own on a local chain: Uniswap and Aave as their makers publish them, and a dollar token.

For chain 31337 only; anywhere else the venues are where `venues.published` says.
"""

from __future__ import annotations

from cloudtuner.errors import ConfigurationError
from tokens.chain.abi import encode_call, encode_values
from tokens.chain.client import Call
from tokens.chain.deploy_market import CREATE2_FACTORY

from .account import Account
from .bytecode import init_code
from .local_aave import create_aave
from .venues import AaveV3, Dollar, UniswapV3, Venues

LOCAL_CHAIN = 31337
DOLLAR_DECIMALS = 6


def create_venues(account: Account, *, with_aave: bool = True) -> Venues:
    """Creates all venues; the account owns them. `list_on_aave` adds CT02 once there is a feed.

    Raises ConfigurationError: `market.not_local` on another chain than 31337, `market.no_bytecode` without the packages.
    """
    if account.chain_id != LOCAL_CHAIN:
        raise ConfigurationError(
            f"chain {account.chain_id} has venues of its own.", code="market.not_local", hint="Use venues.published()."
        )
    if not account.client.code(CREATE2_FACTORY):
        raise ConfigurationError(f"there is no CREATE2 factory at {CREATE2_FACTORY}.", code="market.no_create2")
    dollar = create_dollar(account)
    wrapped = account.create(init_code("WETH9"))
    return Venues(
        dollar=dollar,
        v3=create_v3(account, wrapped),
        v4_manager=account.create(init_code("PoolManager", encode_values(("address",), (account.address,)))),
        aave=AaveV3(create_aave(account)) if with_aave else None,
    )


def create_dollar(account: Account) -> Dollar:
    """A token with six decimals that stands for the dollar; anyone can make more of it."""
    arguments = encode_values(("string", "string", "uint8"), ("Local dollar", "USDL", DOLLAR_DECIMALS))
    return Dollar(account.create(init_code("MintableERC20", arguments)), "USDL", DOLLAR_DECIMALS)


def make_dollars(dollar: Dollar, receiver: str, amount: int) -> Call:
    """More local dollars, base units."""
    return Call(dollar.address, encode_call("mint(address,uint256)", (receiver, amount)))


def create_v3(account: Account, wrapped: str) -> UniswapV3:
    """Uniswap V3's factory, positions, router and quoter. `wrapped` is the wrapped coin, which our pools never use."""
    pair = ("address", "address")
    factory = account.create(init_code("UniswapV3Factory"))
    router = account.create(init_code("SwapRouter", encode_values(pair, (factory, wrapped))))
    quoter = account.create(init_code("QuoterV2", encode_values(pair, (factory, wrapped))))
    # The third is the contract that draws a position's picture; nobody asks for it here.
    arguments = encode_values((*pair, "address"), (factory, wrapped, wrapped))
    positions = account.create(init_code("NonfungiblePositionManager", arguments))
    return UniswapV3(factory=factory, positions=positions, router=router, quoter=quoter)
