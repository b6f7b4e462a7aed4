// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";

/// @title NetworkRules: which providers, which factors, which caps and which terms of rewards.
/// @notice The owner decides, within bounds that no vote can move. Factor sets and terms count for hours that have not
/// begun; what was attested is never measured or paid anew by others.
abstract contract NetworkRules is INodeRegistry, Ownable2Step {
    /// @notice A factor set and the first hour it answers for.
    struct FactorSet {
        bytes32 id;
        uint64 fromHour;
    }

    /// @notice How emissions become TUNER, and the first hour for which: `unitsPerUg` base units for a microgram at score
    /// 1; the weight w of avoided emissions and the lowest score in parts of 10,000. Read by validators, docs/protocol.md §5.
    struct RewardTerms {
        uint64 fromHour;
        uint64 unitsPerUg;
        uint32 avoidedWeightBp;
        uint32 scoreFloorBp;
    }

    /// @dev A cap and when it began to count, one slot.
    struct Cap {
        uint128 ug;
        uint64 since;
    }

    /// @notice No vote can raise the cap above this: 10 million tonnes in one epoch.
    uint128 public constant MAX_EPOCH_CAP_UG = 1e19;

    /// @notice No vote can raise a node's cap an hour above this: a thousand tonnes.
    uint128 public constant MAX_NODE_HOUR_CAP_UG = 1e15;

    /// @notice Seconds from a vote on a node's cap to its counting, so that no epoch is judged by a cap that its signers
    /// could not know.
    uint64 public constant CAP_NOTICE = 1 days;

    /// @notice No vote can set a rule for hours further ahead than this: every later one has to come after it.
    uint64 public constant MAX_HOURS_AHEAD = 366 * 24;

    /// @notice No vote can pay more than this for a microgram at score 1: ten TUNER a kilogram.
    uint64 public constant MAX_UNITS_PER_UG = 10e9;

    /// @notice No vote can weigh avoided emissions above this: twice those emitted.
    uint32 public constant MAX_AVOIDED_WEIGHT_BP = 20_000;

    /// @notice No vote can raise the lowest score above this: 1.
    uint32 public constant MAX_SCORE_FLOOR_BP = 10_000;

    /// @notice How much the ceiling may rise in one epoch, micrograms.
    uint128 public epochCapUg;

    mapping(bytes32 nameHash => bool) private _providers;
    FactorSet[] private _factorSets;
    RewardTerms[] private _rewardTerms;
    Cap[] private _nodeHourCaps;
    /// @dev A set's first hour plus one; zero is unknown. Again here, so that a report reads one slot.
    mapping(bytes32 factorSet => uint64) private _fromHourPlusOne;

    /// @notice `factorSet` answers for hours from `fromHour` on.
    event FactorSetPublished(bytes32 indexed factorSet, uint64 fromHour, string uri);

    /// @notice Bills of `provider` are accepted, or no longer.
    event ProviderSet(string provider, bool allowed);

    /// @notice The ceiling may rise by `capUg` in one epoch.
    event EpochCapChanged(uint128 capUg);

    /// @notice A node may be attested with `capUg` micrograms an hour from `since` (unix seconds) on.
    event NodeHourCapChanged(uint128 capUg, uint64 since);

    /// @notice Other terms of rewards count from `fromHour` on.
    event RewardTermsPublished(uint64 fromHour, uint64 unitsPerUg, uint32 avoidedWeightBp, uint32 scoreFloorBp);

    /// @notice Nodes of this provider are not accepted. `provider` is the keccak of its name.
    error NodeRegistryProviderNotAllowed(bytes32 provider);

    /// @notice A value that must not be zero is zero.
    error NodeRegistryZero();

    /// @notice The factor set was published before.
    error NodeRegistryKnownFactorSet(bytes32 factorSet);

    /// @notice The factor set was never published.
    error NodeRegistryUnknownFactorSet(bytes32 factorSet);

    /// @notice A factor set or terms may answer for future hours only, after those of the last: from `earliest` on.
    error NodeRegistryPastHour(uint64 fromHour, uint64 earliest);

    /// @notice A factor set or terms may answer from `latest` at the latest: nothing could be published before them again.
    error NodeRegistryTooFarAhead(uint64 fromHour, uint64 latest);

    /// @notice The cap is zero or above what any vote may set.
    error NodeRegistryCapTooHigh(uint128 capUg);

    /// @notice The terms are above what any vote may set.
    error NodeRegistryTermsTooHigh(uint64 unitsPerUg, uint32 avoidedWeightBp, uint32 scoreFloorBp);

    constructor(
        address owner_,
        bytes32 genesisFactorSet,
        string memory genesisUri,
        uint128 epochCapUg_,
        uint128 nodeHourCapUg_
    ) Ownable(owner_) {
        _setEpochCap(epochCapUg_);
        _setNodeHourCap(nodeHourCapUg_, 0);
        _publish(genesisFactorSet, 0, genesisUri);
        _publishTerms(RewardTerms({fromHour: 0, unitsPerUg: 1e9, avoidedWeightBp: 10_000, scoreFloorBp: 10_000}));
        _setProvider("aws", true);
        _setProvider("azure", true);
        _setProvider("gcp", true);
    }

    /// @notice Publishes a factor set for hours that have not begun, after those of the last one.
    function publishFactorSet(bytes32 factorSet, uint64 fromHour, string calldata uri) external onlyOwner {
        _requireFuture(fromHour, _factorSets[_factorSets.length - 1].fromHour);
        _publish(factorSet, fromHour, uri);
    }

    /// @notice Publishes terms of rewards for hours that have not begun, after those of the last ones: what was attested
    /// is never paid anew by other terms.
    function publishRewardTerms(uint64 fromHour, uint64 unitsPerUg, uint32 avoidedWeightBp, uint32 scoreFloorBp)
        external
        onlyOwner
    {
        _requireFuture(fromHour, _rewardTerms[_rewardTerms.length - 1].fromHour);
        _publishTerms(RewardTerms(fromHour, unitsPerUg, avoidedWeightBp, scoreFloorBp));
    }

    /// @notice Accepts nodes of a provider, or stops accepting new ones.
    function setProvider(string calldata provider, bool allowed) external onlyOwner {
        _setProvider(provider, allowed);
    }

    /// @notice Sets how much the ceiling may rise in one epoch.
    function setEpochCap(uint128 capUg) external onlyOwner {
        _setEpochCap(capUg);
    }

    /// @notice Sets how much a node may be attested with for an hour; it counts a day later. A lower one counts for hours
    /// that begin then: what was attested before stays right. A higher one counts for all.
    function setNodeHourCap(uint128 capUg) external onlyOwner {
        _setNodeHourCap(capUg, uint64(block.timestamp) + CAP_NOTICE);
    }

    /// @notice The factor set that answers for an hour.
    function factorSetAt(uint64 hour) external view returns (bytes32) {
        uint256 place = _factorSets.length - 1;
        // The genesis set answers from hour 0 on, so the walk ends.
        while (_factorSets[place].fromHour > hour) --place;
        return _factorSets[place].id;
    }

    /// @notice Every factor set, oldest first.
    function factorSets() external view returns (FactorSet[] memory) {
        return _factorSets;
    }

    /// @notice The terms of rewards that count for an hour.
    function rewardTermsAt(uint64 hour) external view returns (RewardTerms memory) {
        uint256 place = _rewardTerms.length - 1;
        // The genesis terms count from hour 0 on, so the walk ends.
        while (_rewardTerms[place].fromHour > hour) --place;
        return _rewardTerms[place];
    }

    /// @notice What a node may be attested with for an hour, under the cap that holds at `time` (unix seconds).
    function nodeHourCapAt(uint64 time) public view returns (uint128) {
        uint256 place = _nodeHourCaps.length - 1;
        // The genesis cap counts from the beginning, so the walk ends.
        while (_nodeHourCaps[place].since > time) --place;
        return _nodeHourCaps[place].ug;
    }

    /// @notice Whether nodes of a provider are accepted.
    function providerAllowed(string calldata provider) external view returns (bool) {
        return _providers[keccak256(bytes(provider))];
    }

    /// @inheritdoc INodeRegistry
    function epochRules(bytes32 factorSet) external view returns (uint64 fromHour, uint128 capUg) {
        uint64 plusOne = _fromHourPlusOne[factorSet];
        if (plusOne == 0) revert NodeRegistryUnknownFactorSet(factorSet);
        return (plusOne - 1, epochCapUg);
    }

    // --- within ---

    function _requireProvider(bytes32 provider) internal view {
        if (!_providers[provider]) revert NodeRegistryProviderNotAllowed(provider);
    }

    /// @dev The most that a node may have for the hours from `first` to `last`, both included, as seen at `time` (unix
    /// seconds): each hour by the highest cap that held at or after its begin and up to then.
    function _hoursCapUg(uint64 first, uint64 last, uint64 time) internal view returns (uint256 ug) {
        uint256 highest;
        uint256 end = uint256(last) + 1;
        // Newest first; the genesis cap counts from hour 0 on, so no hour is left out.
        for (uint256 i = _nodeHourCaps.length; i != 0 && end > first; --i) {
            Cap storage cap = _nodeHourCaps[i - 1];
            if (cap.since > time) continue;
            if (cap.ug > highest) highest = cap.ug;
            uint256 begin = (uint256(cap.since) + 1 hours - 1) / 1 hours;
            if (begin < first) begin = first;
            if (begin >= end) continue;
            ug += highest * (end - begin);
            end = begin;
        }
    }

    function _requireFuture(uint64 fromHour, uint64 last) private view {
        uint64 hour = uint64(block.timestamp / 1 hours);
        uint64 earliest = (last > hour ? last : hour) + 1;
        if (fromHour < earliest) revert NodeRegistryPastHour(fromHour, earliest);
        if (fromHour > hour + MAX_HOURS_AHEAD) revert NodeRegistryTooFarAhead(fromHour, hour + MAX_HOURS_AHEAD);
    }

    function _publish(bytes32 factorSet, uint64 fromHour, string memory uri) private {
        if (factorSet == 0) revert NodeRegistryZero();
        if (_fromHourPlusOne[factorSet] != 0) revert NodeRegistryKnownFactorSet(factorSet);
        _factorSets.push(FactorSet(factorSet, fromHour));
        _fromHourPlusOne[factorSet] = fromHour + 1;
        emit FactorSetPublished(factorSet, fromHour, uri);
    }

    function _publishTerms(RewardTerms memory terms) private {
        if (
            terms.unitsPerUg > MAX_UNITS_PER_UG || terms.avoidedWeightBp > MAX_AVOIDED_WEIGHT_BP
                || terms.scoreFloorBp > MAX_SCORE_FLOOR_BP
        ) revert NodeRegistryTermsTooHigh(terms.unitsPerUg, terms.avoidedWeightBp, terms.scoreFloorBp);
        _rewardTerms.push(terms);
        emit RewardTermsPublished(terms.fromHour, terms.unitsPerUg, terms.avoidedWeightBp, terms.scoreFloorBp);
    }

    function _setProvider(string memory provider, bool allowed) private {
        _providers[keccak256(bytes(provider))] = allowed;
        emit ProviderSet(provider, allowed);
    }

    function _setEpochCap(uint128 capUg) private {
        if (capUg > MAX_EPOCH_CAP_UG) revert NodeRegistryCapTooHigh(capUg);
        epochCapUg = capUg;
        emit EpochCapChanged(capUg);
    }

    function _setNodeHourCap(uint128 capUg, uint64 since) private {
        if (capUg == 0 || capUg > MAX_NODE_HOUR_CAP_UG) revert NodeRegistryCapTooHigh(capUg);
        _nodeHourCaps.push(Cap(capUg, since));
        emit NodeHourCapChanged(capUg, since);
    }
}
