// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";
import {CarbonPriceFeed} from "../src/CarbonPriceFeed.sol";
import {IUniswapV3Pool} from "../src/interfaces/IUniswapV3Pool.sol";
import {Base} from "./Base.sol";

/// @dev A dollar token with six decimals that a test makes as much of as it needs.
contract TestDollar is ERC20("Test dollar", "USDT6") {
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function make(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @dev What tests ask of Uniswap V3 beyond what our contracts do.
interface IV3Factory {
    function createPool(address tokenA, address tokenB, uint24 fee) external returns (address);
}

interface IV3Pool is IUniswapV3Pool {
    function initialize(uint160 sqrtPriceX96) external;
    function increaseObservationCardinalityNext(uint16 observations) external;
    function mint(address recipient, int24 tickLower, int24 tickUpper, uint128 amount, bytes calldata data)
        external
        returns (uint256, uint256);
}

/// @dev CT02, TUNER and a dollar token with pools on Uniswap V3 as its makers publish it, and a posted reference.
abstract contract MarketBase is Base {
    string private constant V3_FACTORY =
        "node_modules/@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json";

    uint24 internal constant POOL_FEE = 3000;
    uint32 internal constant TWAP_WINDOW = 30 minutes;
    int24 internal constant EDGE = 887_220;
    uint128 internal constant KG = 1e9;
    /// @dev 500 rupees a tonne at 88 rupees a dollar.
    uint64 internal constant INR_PER_TONNE_E2 = 50_000;
    uint64 internal constant INR_PER_USD_E8 = 88e8;
    uint256 internal constant REFERENCE_E8 = 568_181;

    TestDollar internal dollar;
    CarbonPriceFeed internal feed;
    IV3Factory internal factory;
    IV3Pool internal carbonPool;
    IV3Pool internal tunerPool;

    function setUp() public virtual override {
        super.setUp();
        dollar = new TestDollar();
        dollar.make(address(this), 1e18);
        factory = IV3Factory(vm.deployCode(V3_FACTORY, ""));
        feed = new CarbonPriceFeed(
            address(this), RELAYER, address(ct02), address(dollar), 6, TWAP_WINDOW, address(0)
        );
    }

    /// @dev A pool at a price: `dollars` base units are worth `amount` base units of the token.
    function _pool(address token, uint256 amount, uint256 dollars, uint128 liquidity) internal returns (IV3Pool pool) {
        pool = IV3Pool(factory.createPool(token, address(dollar), POOL_FEE));
        (uint256 amount0, uint256 amount1) = token < address(dollar) ? (amount, dollars) : (dollars, amount);
        pool.initialize(_root(amount0, amount1));
        pool.increaseObservationCardinalityNext(64);
        pool.mint(address(this), -EDGE, EDGE, liquidity, "");
    }

    /// @dev The root of a price with 96 binary places, to within what tests need.
    function _root(uint256 amount0, uint256 amount1) internal pure returns (uint160) {
        return uint160(_sqrt((amount1 << 96) / amount0) << 48);
    }

    function _sqrt(uint256 value) private pure returns (uint256 root) {
        root = value;
        uint256 next = (value + 1) / 2;
        while (next < root) {
            root = next;
            next = (value / next + next) / 2;
        }
    }

    /// @dev Swaps as a trader would who holds everything this test does.
    function _swap(IV3Pool pool, address tokenIn, uint256 amount) internal {
        bool zeroForOne = tokenIn == pool.token0();
        uint160 limit = zeroForOne ? TickMath.MIN_SQRT_PRICE + 1 : TickMath.MAX_SQRT_PRICE - 1;
        pool.swap(address(this), zeroForOne, int256(amount), limit, "");
    }

    function _postReference() internal {
        feed.postReference(
            INR_PER_TONNE_E2, INR_PER_USD_E8, uint40(block.timestamp), uint40(block.timestamp + 30 days), "test"
        );
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        ERC20(IV3Pool(msg.sender).token0()).transfer(msg.sender, owed0);
        ERC20(IV3Pool(msg.sender).token1()).transfer(msg.sender, owed1);
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        if (delta0 > 0) ERC20(IV3Pool(msg.sender).token0()).transfer(msg.sender, uint256(delta0));
        if (delta1 > 0) ERC20(IV3Pool(msg.sender).token1()).transfer(msg.sender, uint256(delta1));
    }
}
