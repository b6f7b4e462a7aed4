// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {NetworkRules} from "./bases/NetworkRules.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";

/// @title NodeRegistry: who reports, who is paid, and by which rules.
/// @notice A node is a cloud usage account under a keyed name; nothing here tells which. The registrar vouches for each
/// registration, and only nodes of an allowed provider can join. A node's first hour never changes. The owner keeps the
/// list of providers, the factor sets, the caps and the terms of rewards; each of the last three within fixed bounds.
contract NodeRegistry is EIP712, NetworkRules {
    /// @dev The first slot holds key, first hour and the number of signed changes.
    struct Node {
        address key;
        uint64 firstHour;
        uint32 changes;
        address wallet;
        address nextWallet;
        uint64 nextWalletAt;
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

    /// @notice Seconds between asking for another wallet and being paid there.
    uint64 public immutable walletDelay;

    /// @notice Who vouches for registrations.
    address public registrar;

    mapping(bytes32 node => Node) private _nodes;
    mapping(bytes32 node => FormerWallet[]) private _formerWallets;
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

    /// @notice Another registrar vouches for registrations.
    event RegistrarChanged(address indexed registrar);

    /// @notice The node is there already.
    error NodeRegistryKnownNode(bytes32 node);

    /// @notice There is no such node.
    error NodeRegistryUnknownNode(bytes32 node);

    /// @notice The signature is not that of `signer` over these values.
    error NodeRegistryBadSignature(address signer);

    /// @notice The signature was valid until `deadline`.
    error NodeRegistryExpired(uint256 deadline);

    /// @notice No other wallet was asked for.
    error NodeRegistryNoWalletChange(bytes32 node);

    /// @notice The change may be confirmed at `effectiveAt`.
    error NodeRegistryTooEarly(uint64 effectiveAt);

    /// @notice The caller may not cancel this change.
    error NodeRegistryNotAllowed(address caller);

    constructor(
        address owner_,
        address registrar_,
        bytes32 genesisFactorSet,
        string memory genesisUri,
        uint128 epochCapUg_,
        uint128 nodeHourCapUg_,
        uint64 walletDelay_
    )
        EIP712("CloudTuner", "1")
        NetworkRules(owner_, genesisFactorSet, genesisUri, epochCapUg_, nodeHourCapUg_)
    {
        walletDelay = walletDelay_;
        _setRegistrar(registrar_);
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
        _requireProvider(provider);
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
    function retroRules(bytes32 node, uint64 time) external view returns (uint64 firstHour, uint128 capUg) {
        return (_nodes[node].firstHour, nodeHourCapAt(time));
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

    /// @inheritdoc INodeRegistry
    function nodeCeilingUg(bytes32 node, uint64 throughHour, uint64 time) external view returns (uint256) {
        uint64 firstHour = _nodes[node].firstHour;
        if (firstHour == 0 || throughHour < firstHour) return 0;
        return _hoursCapUg(firstHour, throughHour, time);
    }

    /// @notice The wallet that was asked for and when it may be confirmed; zeros when none was.
    function walletChangeOf(bytes32 node) external view returns (address wallet, uint64 effectiveAt) {
        Node storage record = _nodes[node];
        return (record.nextWallet, record.nextWalletAt);
    }

    /// @notice Names another registrar.
    function setRegistrar(address registrar_) external onlyOwner {
        _setRegistrar(registrar_);
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

    function _setRegistrar(address registrar_) private {
        if (registrar_ == address(0)) revert NodeRegistryZero();
        registrar = registrar_;
        emit RegistrarChanged(registrar_);
    }
}
