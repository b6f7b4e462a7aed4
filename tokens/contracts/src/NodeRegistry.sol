// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";

/// @title NodeRegistry: who reports, who is paid, and by which rules.
/// @notice A node is a cloud usage account under a keyed name; nothing here tells which. The registrar vouches for each
/// registration, and only nodes of an allowed provider can join. A node's first hour never changes. The owner keeps the
/// list of providers, the factor sets, the caps and the terms of rewards; each of the last three within fixed bounds.
contract NodeRegistry is INodeRegistry, EIP712, Ownable2Step {
    /// @dev The first slot holds key, first hour and the number of signed changes.
    struct Node {
        address key;
        uint64 firstHour;
        uint32 changes;
        address wallet;
        address nextWallet;
        uint64 nextWalletAt;
    }

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

    /// @dev A wallet that was replaced, and when, one slot.
    struct FormerWallet {
        address wallet;
        uint64 until;
    }

    bytes32 private constant REGISTER_TYPEHASH =
        keccak256("RegisterNode(bytes32 node,bytes32 provider,address key,address wallet,uint64 firstHour)");
    bytes32 private constant ROTATE_TYPEHASH =
        keccak256("RotateKey(bytes32 node,address key,uint32 changes,uint256 deadline)");
    bytes32 private constant WALLET_TYPEHASH =
        keccak256("ChangeWallet(bytes32 node,address wallet,uint32 changes,uint256 deadline)");

    /// @notice No vote can raise the cap above this: 10 million tonnes in one epoch.
    uint128 public constant MAX_EPOCH_CAP_UG = 1e19;

    /// @notice No vote can raise a node's cap an hour above this: a thousand tonnes.
    uint128 public constant MAX_NODE_HOUR_CAP_UG = 1e15;

    /// @notice Seconds from a vote on a node's cap to its counting, so that no epoch is judged by a cap that its signers
    /// could not know.
    uint64 public constant CAP_NOTICE = 1 days;

    /// @notice No vote can pay more than this for a microgram at score 1: ten TUNER a kilogram.
    uint64 public constant MAX_UNITS_PER_UG = 10e9;

    /// @notice No vote can weigh avoided emissions above this: twice those emitted.
    uint32 public constant MAX_AVOIDED_WEIGHT_BP = 20_000;

    /// @notice No vote can raise the lowest score above this: 1.
    uint32 public constant MAX_SCORE_FLOOR_BP = 10_000;

    /// @notice Seconds between asking for another wallet and being paid there.
    uint64 public immutable walletDelay;

    /// @notice Who vouches for registrations.
    address public registrar;

    /// @notice How much the ceiling may rise in one epoch, micrograms.
    uint128 public epochCapUg;

    mapping(bytes32 node => Node) private _nodes;
    mapping(bytes32 nameHash => bool) private _providers;
    mapping(bytes32 node => FormerWallet[]) private _formerWallets;
    FactorSet[] private _factorSets;
    RewardTerms[] private _rewardTerms;
    Cap[] private _nodeHourCaps;
    /// @dev A set's first hour plus one; zero is unknown. Again here, so that a report reads one slot.
    mapping(bytes32 factorSet => uint64) private _fromHourPlusOne;

    /// @notice A node exists; hours before `firstHour` never count. `provider` is the keccak of the provider's name.
    event NodeRegistered(
        bytes32 indexed node, address indexed key, address indexed wallet, uint64 firstHour, bytes32 provider
    );

    /// @notice Reports of the node are signed by `key` from now on.
    event KeyRotated(bytes32 indexed node, address indexed key);

    /// @notice Another wallet was asked for and may be confirmed at `effectiveAt`.
    event WalletChangeRequested(bytes32 indexed node, address indexed wallet, uint64 effectiveAt);

    /// @notice The requested wallet will not count.
    event WalletChangeCancelled(bytes32 indexed node, address indexed wallet);

    /// @notice Later leaves of the node pay `wallet`.
    event WalletChanged(bytes32 indexed node, address indexed wallet);

    /// @notice `factorSet` answers for hours from `fromHour` on.
    event FactorSetPublished(bytes32 indexed factorSet, uint64 fromHour, string uri);

    /// @notice Bills of `provider` are accepted, or no longer.
    event ProviderSet(string provider, bool allowed);

    /// @notice Another registrar vouches for registrations.
    event RegistrarChanged(address indexed registrar);

    /// @notice The ceiling may rise by `capUg` in one epoch.
    event EpochCapChanged(uint128 capUg);

    /// @notice A node may be attested with `capUg` micrograms an hour from `since` (unix seconds) on.
    event NodeHourCapChanged(uint128 capUg, uint64 since);

    /// @notice Other terms of rewards count from `fromHour` on.
    event RewardTermsPublished(uint64 fromHour, uint64 unitsPerUg, uint32 avoidedWeightBp, uint32 scoreFloorBp);

    /// @notice The node is there already.
    error NodeRegistryKnownNode(bytes32 node);

    /// @notice There is no such node.
    error NodeRegistryUnknownNode(bytes32 node);

    /// @notice Nodes of this provider are not accepted. `provider` is the keccak of its name.
    error NodeRegistryProviderNotAllowed(bytes32 provider);

    /// @notice The signature is not that of `signer` over these values.
    error NodeRegistryBadSignature(address signer);

    /// @notice The signature was valid until `deadline`.
    error NodeRegistryExpired(uint256 deadline);

    /// @notice A value that must not be zero is zero.
    error NodeRegistryZero();

    /// @notice No other wallet was asked for.
    error NodeRegistryNoWalletChange(bytes32 node);

    /// @notice The change may be confirmed at `effectiveAt`.
    error NodeRegistryTooEarly(uint64 effectiveAt);

    /// @notice The caller may not cancel this change.
    error NodeRegistryNotAllowed(address caller);

    /// @notice The factor set was published before.
    error NodeRegistryKnownFactorSet(bytes32 factorSet);

    /// @notice The factor set was never published.
    error NodeRegistryUnknownFactorSet(bytes32 factorSet);

    /// @notice A factor set or terms may answer for future hours only, after those of the last: from `earliest` on.
    error NodeRegistryPastHour(uint64 fromHour, uint64 earliest);

    /// @notice The cap is zero or above what any vote may set.
    error NodeRegistryCapTooHigh(uint128 capUg);

    /// @notice The terms are above what any vote may set.
    error NodeRegistryTermsTooHigh(uint64 unitsPerUg, uint32 avoidedWeightBp, uint32 scoreFloorBp);

    constructor(
        address owner_,
        address registrar_,
        bytes32 genesisFactorSet,
        string memory genesisUri,
        uint128 epochCapUg_,
        uint128 nodeHourCapUg_,
        uint64 walletDelay_
    ) EIP712("CloudTuner", "1") Ownable(owner_) {
        walletDelay = walletDelay_;
        _setRegistrar(registrar_);
        _setEpochCap(epochCapUg_);
        _setNodeHourCap(nodeHourCapUg_, 0);
        _publish(genesisFactorSet, 0, genesisUri);
        _publishTerms(RewardTerms({fromHour: 0, unitsPerUg: 1e9, avoidedWeightBp: 10_000, scoreFloorBp: 10_000}));
        _setProvider("aws", true);
        _setProvider("azure", true);
        _setProvider("gcp", true);
    }

    // --- nodes ---

    /// @notice Registers a node by the registrar's signature. Anyone may send it, once per node. `provider` is the keccak
    /// of the name of a provider that is allowed now.
    function registerNode(
        bytes32 node,
        bytes32 provider,
        address key,
        address wallet,
        uint64 firstHour,
        bytes calldata signature
    ) external {
        if (node == 0 || key == address(0) || wallet == address(0) || firstHour == 0) revert NodeRegistryZero();
        Node storage record = _nodes[node];
        if (record.key != address(0)) revert NodeRegistryKnownNode(node);
        if (!_providers[provider]) revert NodeRegistryProviderNotAllowed(provider);
        bytes32 structHash = keccak256(abi.encode(REGISTER_TYPEHASH, node, provider, key, wallet, firstHour));
        _requireSignature(registrar, structHash, signature);
        record.key = key;
        record.firstHour = firstHour;
        record.wallet = wallet;
        emit NodeRegistered(node, key, wallet, firstHour, provider);
    }

    /// @notice Gives the node another key, by the signature of the present one. Counts at once.
    function rotateKey(bytes32 node, address key, uint256 deadline, bytes calldata signature) external {
        Node storage record = _known(node);
        if (key == address(0)) revert NodeRegistryZero();
        _requireBefore(deadline);
        bytes32 structHash = keccak256(abi.encode(ROTATE_TYPEHASH, node, key, record.changes, deadline));
        _requireSignature(record.key, structHash, signature);
        ++record.changes;
        record.key = key;
        emit KeyRotated(node, key);
    }

    /// @notice Gives a node whose key was lost another one. By the owner.
    function recoverKey(bytes32 node, address key) external onlyOwner {
        Node storage record = _known(node);
        if (key == address(0)) revert NodeRegistryZero();
        ++record.changes;
        record.key = key;
        emit KeyRotated(node, key);
    }

    /// @notice Asks for another wallet, by the node key's signature; it can be confirmed after the delay.
    function requestWallet(bytes32 node, address wallet, uint256 deadline, bytes calldata signature) external {
        Node storage record = _known(node);
        if (wallet == address(0)) revert NodeRegistryZero();
        _requireBefore(deadline);
        bytes32 structHash = keccak256(abi.encode(WALLET_TYPEHASH, node, wallet, record.changes, deadline));
        _requireSignature(record.key, structHash, signature);
        ++record.changes;
        record.nextWallet = wallet;
        record.nextWalletAt = uint64(block.timestamp) + walletDelay;
        emit WalletChangeRequested(node, wallet, record.nextWalletAt);
    }

    /// @notice Confirms the wallet that was asked for. Anyone may, after the delay.
    function confirmWallet(bytes32 node) external {
        Node storage record = _known(node);
        address wallet = record.nextWallet;
        if (wallet == address(0)) revert NodeRegistryNoWalletChange(node);
        if (block.timestamp < record.nextWalletAt) revert NodeRegistryTooEarly(record.nextWalletAt);
        _formerWallets[node].push(FormerWallet(record.wallet, uint64(block.timestamp)));
        record.wallet = wallet;
        _forgetChange(record);
        emit WalletChanged(node, wallet);
    }

    /// @notice Stops a change of wallet: a stolen node key cannot take the payments without anybody noticing. By the
    /// present wallet, the registrar or the owner.
    function cancelWallet(bytes32 node) external {
        Node storage record = _known(node);
        address wallet = record.nextWallet;
        if (wallet == address(0)) revert NodeRegistryNoWalletChange(node);
        if (msg.sender != record.wallet && msg.sender != registrar && msg.sender != owner()) {
            revert NodeRegistryNotAllowed(msg.sender);
        }
        _forgetChange(record);
        emit WalletChangeCancelled(node, wallet);
    }

    /// @notice A node's key, wallet, first hour, and how many signed changes there were; zeros for a stranger.
    function nodeOf(bytes32 node) external view returns (address key, address wallet, uint64 firstHour, uint32 changes) {
        Node storage record = _nodes[node];
        return (record.key, record.wallet, record.firstHour, record.changes);
    }

    /// @inheritdoc INodeRegistry
    function firstHourOf(bytes32 node) external view returns (uint64) {
        return _nodes[node].firstHour;
    }

    /// @inheritdoc INodeRegistry
    /// @dev Changes are at least `walletDelay` apart, so the walk back to `since` is short.
    function paidSince(bytes32 node, address wallet, uint64 since) external view returns (bool) {
        if (_nodes[node].wallet == wallet) return wallet != address(0);
        FormerWallet[] storage former = _formerWallets[node];
        for (uint256 i = former.length; i != 0 && former[i - 1].until >= since; --i) {
            if (former[i - 1].wallet == wallet) return true;
        }
        return false;
    }

    /// @notice The wallet that was asked for and when it may be confirmed; zeros when none was.
    function walletChangeOf(bytes32 node) external view returns (address wallet, uint64 effectiveAt) {
        Node storage record = _nodes[node];
        return (record.nextWallet, record.nextWalletAt);
    }

    // --- rules ---

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

    /// @notice Names another registrar.
    function setRegistrar(address registrar_) external onlyOwner {
        _setRegistrar(registrar_);
    }

    /// @notice Sets how much the ceiling may rise in one epoch.
    function setEpochCap(uint128 capUg) external onlyOwner {
        _setEpochCap(capUg);
    }

    /// @notice Sets how much a node may be attested with for an hour; it counts a day later.
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

    /// @inheritdoc INodeRegistry
    function nodeCeilingUg(bytes32 node, uint64 throughHour, uint64 time) external view returns (uint256) {
        uint64 firstHour = _nodes[node].firstHour;
        if (firstHour == 0 || throughHour < firstHour) return 0;
        return uint256(nodeHourCapAt(time)) * (uint256(throughHour) - firstHour + 1);
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

    /// @notice The EIP-712 domain separator that signatures are made for.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // --- within ---

    function _known(bytes32 node) private view returns (Node storage record) {
        record = _nodes[node];
        if (record.key == address(0)) revert NodeRegistryUnknownNode(node);
    }

    function _requireBefore(uint256 deadline) private view {
        if (block.timestamp > deadline) revert NodeRegistryExpired(deadline);
    }

    function _requireSignature(address signer, bytes32 structHash, bytes calldata signature) private view {
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, _hashTypedDataV4(structHash), signature)) {
            revert NodeRegistryBadSignature(signer);
        }
    }

    function _forgetChange(Node storage record) private {
        record.nextWallet = address(0);
        record.nextWalletAt = 0;
    }

    function _requireFuture(uint64 fromHour, uint64 last) private view {
        uint64 earliest = uint64(block.timestamp / 1 hours) + 1;
        if (last >= earliest) earliest = last + 1;
        if (fromHour < earliest) revert NodeRegistryPastHour(fromHour, earliest);
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

    function _setRegistrar(address registrar_) private {
        if (registrar_ == address(0)) revert NodeRegistryZero();
        registrar = registrar_;
        emit RegistrarChanged(registrar_);
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
