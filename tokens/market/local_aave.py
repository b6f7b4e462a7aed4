"""An Aave V3 market on a local chain, set up as its makers' own deployment does, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from emissions.poce.hexes import normal_address
from tokens.chain.abi import decode_values, encode_call, encode_values
from tokens.chain.client import Call

from .account import Account
from .bytecode import init_code

_LIBRARIES = (
    ("BorrowLogic", ()), ("BridgeLogic", ()), ("EModeLogic", ()), ("FlashLoanLogic", ("BorrowLogic",)),
    ("LiquidationLogic", ()), ("PoolLogic", ()), ("SupplyLogic", ()), ("ConfiguratorLogic", ()),
)  # fmt: skip
_ZERO = "0x" + "00" * 20
_RAY = 10**27
_USD_UNIT = 10**8
_RESERVE = "(address,address,address,uint8,address,address,address,address,string,string,string,string,string,string,bytes)"


@dataclass(frozen=True)
class Listing:
    """How a token is listed. `loan_to_value_bp` = 0: it is no collateral. Thresholds in basis points, bonus above 10000."""

    token: str
    symbol: str
    decimals: int
    price_feed: str
    loan_to_value_bp: int = 0
    threshold_bp: int = 0
    bonus_bp: int = 0
    borrowable: bool = False


def create_aave(account: Account) -> str:
    """The pool of a new market that lists nothing yet; the account administers it."""
    provider = account.create(
        init_code("PoolAddressesProvider", encode_values(("string", "address"), ("Local market", account.address)))
    )
    by_provider = encode_values(("address",), (provider,))

    def tell(signature: str, value: str) -> None:
        account.send(Call(provider, encode_call(signature, (value,))))

    tell("setACLAdmin(address)", account.address)
    roles = account.create(init_code("ACLManager", by_provider))
    tell("setACLManager(address)", roles)
    account.send(Call(roles, encode_call("addPoolAdmin(address)", (account.address,))))
    libraries: dict[str, str] = {}
    for name, needs in _LIBRARIES:
        libraries[name] = account.create(init_code(name, libraries={need: libraries[need] for need in needs}))
    tell("setPoolImpl(address)", account.create(init_code("Pool", by_provider, libraries=libraries)))
    configurator = account.create(init_code("PoolConfigurator", libraries=libraries))
    tell("setPoolConfiguratorImpl(address)", configurator)
    kinds = ("address", "address[]", "address[]", "address", "address", "uint256")
    oracle = encode_values(kinds, (provider, [], [], _ZERO, _ZERO, _USD_UNIT))
    tell("setPriceOracle(address)", account.create(init_code("AaveOracle", oracle)))
    tell("setPoolDataProvider(address)", account.create(init_code("AaveProtocolDataProvider", by_provider)))
    return _ask(account, provider, "getPool()")


def create_fixed_feed(account: Account, price_e8: int) -> str:
    """A feed that always says this, for the local dollar."""
    return account.create(init_code("MockAggregator", encode_values(("int256",), (price_e8,))))


def list_on_aave(account: Account, pool: str, listing: Listing) -> None:
    """Lists a token on a local market by its administrator."""
    provider = _ask(account, pool, "ADDRESSES_PROVIDER()")
    configurator = _ask(account, provider, "getPoolConfigurator()")
    oracle = _ask(account, provider, "getPriceOracle()")
    account.send(Call(oracle, encode_call("setAssetSources(address[],address[])", ([listing.token], [listing.price_feed]))))
    by_pool = encode_values(("address",), (pool,))
    tokens = [account.create(init_code(name, by_pool)) for name in ("AToken", "StableDebtToken", "VariableDebtToken")]
    names = [f"{kind}{listing.symbol}" for kind in ("a", "a", "v", "v", "s", "s")]
    values = (
        *tokens, listing.decimals, _interest(account, provider), listing.token, account.address, _ZERO, *names, b"",
    )  # fmt: skip
    account.send(Call(configurator, encode_call(f"initReserves({_RESERVE}[])", ([values],))))
    if listing.loan_to_value_bp:
        limits = (listing.token, listing.loan_to_value_bp, listing.threshold_bp, listing.bonus_bp)
        signature = "configureReserveAsCollateral(address,uint256,uint256,uint256)"
        account.send(Call(configurator, encode_call(signature, limits)))
    if listing.borrowable:
        account.send(Call(configurator, encode_call("setReserveBorrowing(address,bool)", (listing.token, True))))


def _interest(account: Account, provider: str) -> str:
    """4 % a year at 90 % use, rising steeply above; no loans at a fixed rate."""
    optimal, slope, steep = _RAY * 9 // 10, _RAY * 4 // 100, _RAY * 60 // 100
    values = (provider, optimal, 0, slope, steep, 0, 0, 0, 0, 0)
    arguments = encode_values(("address", *("uint256",) * 9), values)
    return account.create(init_code("DefaultReserveInterestRateStrategy", arguments))


def _ask(account: Account, to: str, signature: str) -> str:
    return normal_address(decode_values(("address",), account.client.call(Call(to, encode_call(signature))))[0])
