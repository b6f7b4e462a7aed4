"""Where does the code of other people's protocols come from? From the packages that their makers publish.

Only for local chains and tests: the packages are development dependencies (package.json), never shipped, never copied.
Uniswap V3 core is GPL since April 2023, its periphery GPL, Aave V3 core MIT since January 2023; Uniswap V4 core is
BUSL until June 2027, which allows every use that is not production.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cloudtuner.errors import ConfigurationError
from emissions.poce.hexes import address_bytes

ROOT = Path(__file__).resolve().parents[2] / "node_modules"

_V3_CORE = "@uniswap/v3-core/artifacts/contracts"
_V3_PERIPHERY = "@uniswap/v3-periphery/artifacts/contracts"
_V4_CORE = "@uniswap/v4-core/out"
_AAVE = "@aave/core-v3/artifacts/contracts"
_PLACES = {
    "UniswapV3Factory": _V3_CORE,
    "NonfungiblePositionManager": _V3_PERIPHERY,
    "SwapRouter": _V3_PERIPHERY,
    "QuoterV2": f"{_V3_PERIPHERY}/lens",
    "PoolManager": _V4_CORE,
    "WETH9": f"{_AAVE}/dependencies/weth",
    "PoolAddressesProvider": f"{_AAVE}/protocol/configuration",
    "ACLManager": f"{_AAVE}/protocol/configuration",
    "Pool": f"{_AAVE}/protocol/pool",
    "PoolConfigurator": f"{_AAVE}/protocol/pool",
    "DefaultReserveInterestRateStrategy": f"{_AAVE}/protocol/pool",
    "AToken": f"{_AAVE}/protocol/tokenization",
    "StableDebtToken": f"{_AAVE}/protocol/tokenization",
    "VariableDebtToken": f"{_AAVE}/protocol/tokenization",
    "AaveOracle": f"{_AAVE}/misc",
    "AaveProtocolDataProvider": f"{_AAVE}/misc",
    "MintableERC20": f"{_AAVE}/mocks/tokens",
    "MockAggregator": f"{_AAVE}/mocks/oracle/CLAggregators",
    **dict.fromkeys(
        ("BorrowLogic", "BridgeLogic", "ConfiguratorLogic", "EModeLogic", "FlashLoanLogic", "LiquidationLogic", "PoolLogic",
         "SupplyLogic"),
        f"{_AAVE}/protocol/libraries/logic",
    ),
}  # fmt: skip


def init_code(name: str, arguments: bytes = b"", *, libraries: Mapping[str, str] | None = None) -> bytes:
    """The creation code of a contract with its constructor's arguments, its libraries put in by name.

    Raises ConfigurationError `market.no_bytecode` when the packages are not installed.
    """
    artifact = _artifact(name)
    bytecode = artifact["bytecode"]
    # Hardhat writes the code itself, forge an object around it.
    text = str(bytecode["object"] if isinstance(bytecode, dict) else bytecode).removeprefix("0x")
    for library, places in _links(artifact).items():
        address = address_bytes((libraries or {})[library]).hex()
        for place in places:
            start = 2 * place["start"]
            text = text[:start] + address + text[start + 40 :]
    return bytes.fromhex(text) + arguments


def _links(artifact: Mapping[str, Any]) -> dict[str, list[dict[str, int]]]:
    return {name: places for libraries in artifact.get("linkReferences", {}).values() for name, places in libraries.items()}


@cache
def _artifact(name: str) -> dict[str, Any]:
    path = ROOT / _PLACES[name] / f"{name}.sol" / f"{name}.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"the code of {name} is not here: {error.strerror}.",
            code="market.no_bytecode",
            where=str(path),
            hint="Run `make setup-test`: it installs the packages that Uniswap and Aave publish. Only local chains need them.",
        ) from error
    return found
