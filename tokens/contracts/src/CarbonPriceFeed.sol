// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IUniswapV3Pool} from "./interfaces/IUniswapV3Pool.sol";
import {Twap} from "./libraries/Twap.sol";

/// @title CarbonPriceFeed: the price of one CT02 in dollars, for lenders.
/// @notice The lower of the pool's mean price over a window (half an hour on main networks) and 110 % of a
/// reference. The reference is rupees per
/// tonne, posted with its date and source, and it expires; it promises nobody a price. The dollar token of the pool is
/// taken as one dollar. When anything it rests on is missing, old or thin, the feed refuses to answer.
/// @dev AggregatorV3Interface with 8 decimals. Refusing by a revert stops a lender from lending on a bad price.
contract CarbonPriceFeed is IAggregatorV3, Ownable2Step {
    /// @notice A reference as it was posted. Rupees in hundredths (paise), rupees per dollar with 8 decimals.
    struct Reference {
        uint64 inrPerTonneE2;
        uint64 inrPerUsdE8;
        uint40 observedAt;
        uint40 postedAt;
        uint40 validUntil;
    }

    uint256 private constant BASIS_POINTS = 10_000;
    uint256 private constant KG_PER_TONNE = 1000;
    uint256 private constant CT02_UNIT = 1e18;
    /// @dev The mean price is taken for a million CT02: one is only some thousand base units of a six-decimals dollar.
    uint256 private constant SAMPLE = 1e6;

    /// @notice No reference is posted.
    uint8 public constant FLAG_NO_REFERENCE = 1;

    /// @notice The reference has expired.
    uint8 public constant FLAG_STALE_REFERENCE = 2;

    /// @notice No pool is named.
    uint8 public constant FLAG_NO_POOL = 4;

    /// @notice The pool's history is shorter than the window.
    uint8 public constant FLAG_SHORT_HISTORY = 8;

    /// @notice The pool's mean liquidity is below the least that counts.
    uint8 public constant FLAG_THIN_POOL = 16;

    /// @notice The chain's sequencer is down, or came back less than an hour ago.
    uint8 public constant FLAG_SEQUENCER = 32;

    /// @notice The answer is at most this part of the reference, in basis points.
    uint256 public constant BOUND_BPS = 11_000;

    /// @notice A reference counts no longer than this after it was posted.
    uint40 public constant MAX_VALIDITY = 92 days;

    /// @notice The poster may move the reference by a quarter at most, in basis points; the owner by any amount.
    uint256 public constant MAX_STEP_BPS = 2500;

    /// @notice Seconds between two posts of the poster.
    uint40 public constant POST_INTERVAL = 1 days;

    /// @notice Seconds for which a sequencer that came back is not trusted yet.
    uint256 public constant SEQUENCER_GRACE = 1 hours;

    /// @inheritdoc IAggregatorV3
    uint8 public constant decimals = 8;

    /// @inheritdoc IAggregatorV3
    uint256 public constant version = 1;

    /// @inheritdoc IAggregatorV3
    string public constant description = "CT02 / USD";

    /// @notice The token that is priced.
    address public immutable ct02;

    /// @notice The dollar token of the pool.
    address public immutable dollar;

    /// @notice One dollar of it in base units.
    uint256 public immutable dollarUnit;

    /// @notice The pool's price is a mean over this many seconds: half an hour where money is at stake.
    uint32 public immutable twapWindow;

    /// @notice The feed that tells whether a layer-2 sequencer is up (answer 0), or zero where there is none.
    IAggregatorV3 public immutable sequencer;

    /// @notice Who may post references within bounds.
    address public poster;

    /// @notice The pool of CT02 and the dollar token, or zero.
    IUniswapV3Pool public pool;

    /// @notice The least mean liquidity of the pool that counts.
    uint128 public minLiquidity;

    /// @notice How many references were posted.
    uint80 public roundCount;

    Reference private _reference;

    /// @notice A reference was posted. `source` says where the figure was read, for people.
    event ReferencePosted(
        uint80 indexed round,
        uint64 inrPerTonneE2,
        uint64 inrPerUsdE8,
        uint40 observedAt,
        uint40 validUntil,
        string source
    );

    /// @notice Another pool is read, from this mean liquidity on.
    event PoolChanged(address indexed pool, uint128 minLiquidity);

    /// @notice Another account may post references.
    event PosterChanged(address indexed poster);

    /// @notice There is no answer; `flags` say why.
    error CarbonPriceFeedStale(uint8 flags);

    /// @notice Only the present round can be read: past answers are not kept.
    error CarbonPriceFeedNoRound(uint80 roundId);

    /// @notice A value that must not be zero is zero.
    error CarbonPriceFeedZero();

    /// @notice The caller is neither poster nor owner.
    error CarbonPriceFeedNotPoster(address caller);

    /// @notice The reference has to be observed before now and to expire after now, within the longest validity.
    error CarbonPriceFeedBadTimes(uint40 observedAt, uint40 validUntil);

    /// @notice The poster may not move the price from `fromE8` to `toE8`.
    error CarbonPriceFeedStepTooLarge(uint256 fromE8, uint256 toE8);

    /// @notice The poster may post again at `nextAt`.
    error CarbonPriceFeedTooSoon(uint40 nextAt);

    /// @notice The pool is not one of CT02 and the dollar token.
    error CarbonPriceFeedWrongPool(address pool);

    constructor(
        address owner_,
        address poster_,
        address ct02_,
        address dollar_,
        uint8 dollarDecimals,
        uint32 twapWindow_,
        address sequencer_
    ) Ownable(owner_) {
        if (ct02_ == address(0) || dollar_ == address(0) || dollarDecimals == 0 || twapWindow_ == 0) {
            revert CarbonPriceFeedZero();
        }
        twapWindow = twapWindow_;
        ct02 = ct02_;
        dollar = dollar_;
        dollarUnit = 10 ** dollarDecimals;
        sequencer = IAggregatorV3(sequencer_);
        poster = poster_;
        emit PosterChanged(poster_);
    }

    // --- what is posted ---

    /// @notice Posts a reference: rupees per tonne and per dollar, when they were observed, until when they count, and
    /// where they were read. The poster once a day and within a quarter of the last one, the owner freely.
    function postReference(
        uint64 inrPerTonneE2,
        uint64 inrPerUsdE8,
        uint40 observedAt,
        uint40 validUntil,
        string calldata source
    ) external {
        if (msg.sender != owner() && msg.sender != poster) revert CarbonPriceFeedNotPoster(msg.sender);
        uint256 next = _usdE8(inrPerTonneE2, inrPerUsdE8);
        if (next == 0) revert CarbonPriceFeedZero();
        if (
            observedAt > block.timestamp || validUntil <= block.timestamp
                || validUntil > block.timestamp + MAX_VALIDITY
        ) revert CarbonPriceFeedBadTimes(observedAt, validUntil);
        if (msg.sender != owner()) _checkStep(next);
        _reference = Reference(inrPerTonneE2, inrPerUsdE8, observedAt, uint40(block.timestamp), validUntil);
        emit ReferencePosted(++roundCount, inrPerTonneE2, inrPerUsdE8, observedAt, validUntil, source);
    }

    /// @notice Names the pool and the least mean liquidity at which its price counts.
    function setPool(address pool_, uint128 minLiquidity_) external onlyOwner {
        if (minLiquidity_ == 0) revert CarbonPriceFeedZero();
        (address low, address high) = ct02 < dollar ? (ct02, dollar) : (dollar, ct02);
        IUniswapV3Pool next = IUniswapV3Pool(pool_);
        if (next.token0() != low || next.token1() != high) revert CarbonPriceFeedWrongPool(pool_);
        pool = next;
        minLiquidity = minLiquidity_;
        emit PoolChanged(pool_, minLiquidity_);
    }

    /// @notice Names who may post references; the zero address for the owner alone.
    function setPoster(address poster_) external onlyOwner {
        poster = poster_;
        emit PosterChanged(poster_);
    }

    // --- what is answered ---

    /// @inheritdoc IAggregatorV3
    function latestAnswer() public view returns (int256) {
        (uint256 price, uint8 flags) = peek();
        if (flags != 0) revert CarbonPriceFeedStale(flags);
        return int256(price);
    }

    /// @inheritdoc IAggregatorV3
    /// @dev `updatedAt` is now: the mean reaches up to this moment. `startedAt` is when the reference was posted.
    function latestRoundData()
        public
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return (roundCount, latestAnswer(), _reference.postedAt, block.timestamp, roundCount);
    }

    /// @inheritdoc IAggregatorV3
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        if (roundId != roundCount) revert CarbonPriceFeedNoRound(roundId);
        return latestRoundData();
    }

    /// @notice The price in dollars with 8 decimals as far as it can be told, and why it may not be used; never reverts.
    /// @return price The lower of the two; of the reference alone, or zero, where the other is missing.
    /// @return flags FLAG_* added up; 0 when the feed answers.
    function peek() public view returns (uint256 price, uint8 flags) {
        Reference memory posted = _reference;
        if (posted.postedAt == 0) {
            flags |= FLAG_NO_REFERENCE;
        } else {
            price = Math.mulDiv(_usdE8(posted.inrPerTonneE2, posted.inrPerUsdE8), BOUND_BPS, BASIS_POINTS);
            if (block.timestamp >= posted.validUntil) flags |= FLAG_STALE_REFERENCE;
        }
        (uint256 mean, uint8 why) = poolPrice();
        flags |= why;
        if (mean != 0 && (price == 0 || mean < price)) price = mean;
        if (!_sequencerIsUp()) flags |= FLAG_SEQUENCER;
    }

    /// @notice The pool's mean price in dollars with 8 decimals, and why it may not be used.
    function poolPrice() public view returns (uint256 price, uint8 flags) {
        if (address(pool) == address(0)) return (0, FLAG_NO_POOL);
        (bool known, int24 tick, uint256 liquidity) = Twap.tryMean(pool, twapWindow);
        if (!known) return (0, FLAG_SHORT_HISTORY);
        uint256 worth = Twap.atTick(tick, SAMPLE * CT02_UNIT, ct02 < dollar);
        price = Math.mulDiv(worth, 10 ** decimals, SAMPLE * dollarUnit);
        if (liquidity < minLiquidity || price == 0) flags = FLAG_THIN_POOL;
    }

    /// @notice The reference in dollars per CT02 with 8 decimals, and whether it counts now.
    function referencePrice() external view returns (uint256 priceE8, bool valid) {
        Reference memory posted = _reference;
        if (posted.postedAt == 0) return (0, false);
        return (_usdE8(posted.inrPerTonneE2, posted.inrPerUsdE8), block.timestamp < posted.validUntil);
    }

    /// @notice The reference as it was posted; zeros before the first.
    function latestReference() external view returns (Reference memory) {
        return _reference;
    }

    // --- within ---

    /// @dev Dollars per kilogram with 8 decimals: paise per tonne over rupees per dollar.
    function _usdE8(uint64 inrPerTonneE2, uint64 inrPerUsdE8) private pure returns (uint256) {
        if (inrPerUsdE8 == 0) return 0;
        return uint256(inrPerTonneE2) * 1e16 / (100 * KG_PER_TONNE) / inrPerUsdE8;
    }

    function _checkStep(uint256 next) private view {
        Reference memory last = _reference;
        // The first one is the owner's: without it there is nothing to be near.
        if (last.postedAt == 0) revert CarbonPriceFeedNotPoster(msg.sender);
        uint40 nextAt = last.postedAt + POST_INTERVAL;
        if (block.timestamp < nextAt) revert CarbonPriceFeedTooSoon(nextAt);
        uint256 price = _usdE8(last.inrPerTonneE2, last.inrPerUsdE8);
        uint256 step = Math.mulDiv(price, MAX_STEP_BPS, BASIS_POINTS);
        if (next > price + step || next < price - step) revert CarbonPriceFeedStepTooLarge(price, next);
    }

    function _sequencerIsUp() private view returns (bool) {
        if (address(sequencer) == address(0)) return true;
        try sequencer.latestRoundData() returns (uint80, int256 answer, uint256 startedAt, uint256, uint80) {
            return answer == 0 && startedAt != 0 && block.timestamp >= startedAt + SEQUENCER_GRACE;
        } catch {
            return false;
        }
    }
}
