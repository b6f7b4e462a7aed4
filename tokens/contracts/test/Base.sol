// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CT02} from "../src/CT02.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";
import {PoCE} from "../src/PoCE.sol";
import {IPoCE} from "../src/interfaces/IPoCE.sol";
import {Retirement} from "../src/Retirement.sol";
import {TunerToken} from "../src/TunerToken.sol";
import {ValidatorSet} from "../src/ValidatorSet.sol";

/// @dev The few cheat codes that these tests need.
interface Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address sender) external;
    function warp(uint256 time) external;
    function chainId(uint256 id) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function assume(bool condition) external pure;
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function getNonce(address account) external view returns (uint64);
    function deployCode(string calldata artifact, bytes calldata arguments) external returns (address);
    function getCode(string calldata artifact) external view returns (bytes memory);
    function snapshotState() external returns (uint256);
    function revertToState(uint256 id) external returns (bool);
}

/// @dev The contracts as a deployment wires them, four validators with equal stake, and helpers to sign as anybody.
abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint64 internal constant WINDOW = 1 hours;
    uint64 internal constant GAP = 2 minutes;
    uint64 internal constant UNSTAKE_DELAY = 21 days;
    uint64 internal constant GRACE = 1 days;
    uint64 internal constant WALLET_DELAY = 2 days;
    uint96 internal constant MIN_STAKE = 100_000e18;
    uint96 internal constant STAKE = 250_000e18;
    uint128 internal constant EPOCH_CAP = 1e15;
    uint128 internal constant NODE_HOUR_CAP = 1e13;
    uint128 internal constant TUNER_PER_UG = 4e9;
    uint256 internal constant POOL = 400_000_000e18;
    uint256 internal constant VALIDATORS = 4;
    uint256 internal constant START = 1_775_000_000;
    bytes32 internal constant FACTORS = keccak256("factors");
    bytes32 internal constant AWS = keccak256("aws");

    uint256 internal constant REGISTRAR_KEY = 0xA11CE;
    address internal constant GUARDIAN = address(0x6A4D);
    address internal constant RELAYER = address(0x4E1A);

    TunerToken internal tuner;
    NodeRegistry internal registry;
    ValidatorSet internal validatorSet;
    CT02 internal ct02;
    PoCE internal poce;
    Retirement internal retirement;

    uint256[] internal signerKeys;

    function setUp() public virtual {
        vm.warp(START);
        uint256 nonce = vm.getNonce(address(this));
        address poceAt = vm.computeCreateAddress(address(this), nonce + 4);
        address retirementAt = vm.computeCreateAddress(address(this), nonce + 5);
        // By artifact, not by `new`: otherwise every test contract holds, and compiles, all the others.
        tuner = TunerToken(_create("TunerToken", abi.encode(address(this))));
        registry = NodeRegistry(
            _create(
                "NodeRegistry",
                abi.encode(
                    address(this), vm.addr(REGISTRAR_KEY), FACTORS, "ipfs://f", EPOCH_CAP, NODE_HOUR_CAP, WALLET_DELAY
                )
            )
        );
        validatorSet =
            ValidatorSet(
                _create(
                    "ValidatorSet", abi.encode(address(this), tuner, poceAt, MIN_STAKE, UNSTAKE_DELAY, GRACE)
                )
            );
        address[] memory minters = new address[](1);
        minters[0] = poceAt;
        ct02 = CT02(_create("CT02", abi.encode(address(this), minters, retirementAt)));
        poce = PoCE(
            _create(
                "PoCE",
                abi.encode(address(this), GUARDIAN, ct02, tuner, registry, validatorSet, WINDOW, GAP, TUNER_PER_UG)
            )
        );
        retirement = Retirement(_create("Retirement", abi.encode(ct02)));
        assertEq(address(poce), poceAt);
        assertEq(address(retirement), retirementAt);
        tuner.transfer(address(poce), POOL);
        tuner.approve(address(validatorSet), type(uint256).max);
        for (uint256 i; i < VALIDATORS; ++i) {
            _join(STAKE);
        }
    }

    function _create(string memory name, bytes memory arguments) private returns (address) {
        return vm.deployCode(string.concat(name, ".sol:", name), arguments);
    }

    /// @dev Whether a contract can be made with these arguments.
    function _deploys(string memory artifact, bytes memory arguments) internal returns (bool) {
        bytes memory code = bytes.concat(vm.getCode(artifact), arguments);
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        return made != address(0);
    }

    // --- validators ---

    /// @dev Another validator; its staker is this contract's helper address for the key.
    function _join(uint96 amount) internal returns (uint256 key) {
        key = 0xBEE0 + signerKeys.length;
        signerKeys.push(key);
        _stake(_staker(key), amount, vm.addr(key));
    }

    /// @dev The staker gets its TUNER and stakes it.
    function _stake(address staker, uint96 amount, address signer) internal {
        tuner.transfer(staker, amount);
        vm.prank(staker);
        tuner.approve(address(validatorSet), amount);
        vm.prank(staker);
        validatorSet.stake(staker, amount, signer);
    }

    function _staker(uint256 key) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("staker", key)))));
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The votes of these keys, signers ascending, one after another.
    function _votes(bytes32 digest, uint256[] memory keys) internal pure returns (bytes memory votes) {
        for (uint256 i; i < keys.length; ++i) {
            for (uint256 j = i + 1; j < keys.length; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
            votes = bytes.concat(votes, _sign(keys[i], digest));
        }
    }

    function _firstKeys(uint256 count) internal view returns (uint256[] memory keys) {
        keys = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            keys[i] = signerKeys[i];
        }
    }

    // --- nodes ---

    /// @dev A node with the registrar's signature.
    function _register(bytes32 node, address key, address wallet, uint64 firstHour) internal {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "RegisterNode(bytes32 node,bytes32 provider,address key,address wallet,uint64 firstHour)"
                ),
                node,
                AWS,
                key,
                wallet,
                firstHour
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", registry.DOMAIN_SEPARATOR(), structHash));
        registry.registerNode(node, AWS, key, wallet, firstHour, _sign(REGISTRAR_KEY, digest));
    }

    // --- epochs ---

    function _leaf(bytes32 node, address wallet, uint128 cumUg) internal pure returns (IPoCE.Leaf memory) {
        return IPoCE.Leaf(node, wallet, 400_000, cumUg, uint256(cumUg) * 1e9, 0, 0);
    }

    /// @dev The next epoch, not before the gap between epochs is over.
    function _header(bytes32 root, uint128 totalUg, uint128 ceilingUg) internal returns (IPoCE.EpochHeader memory) {
        _waitForGap();
        return IPoCE.EpochHeader({
            epoch: poce.headEpoch() + 1,
            root: root,
            throughHour: 400_000,
            totalUg: totalUg,
            ceilingUg: ceilingUg,
            totalTuner: uint256(totalUg) * 1e9,
            leafCount: 1,
            dataHash: keccak256("data"),
            factorSet: FACTORS,
            setId: validatorSet.setId()
        });
    }

    /// @dev Posts with everybody's votes.
    function _report(IPoCE.EpochHeader memory header) internal {
        poce.report(header, _votes(poce.headerDigest(header), _firstKeys(signerKeys.length)));
    }

    function _waitForGap() internal {
        (,,, uint64 last,) = poce.epochOf(poce.headEpoch());
        if (block.timestamp < last + GAP) vm.warp(last + GAP);
    }

    /// @dev Reports an epoch with a single leaf and lets its window pass.
    function _finalize(IPoCE.Leaf memory leaf, uint128 ceilingUg) internal returns (uint64 epoch) {
        IPoCE.EpochHeader memory header = _header(poce.leafHash(leaf), leaf.cumUg, ceilingUg);
        _report(header);
        vm.warp(block.timestamp + WINDOW);
        return header.epoch;
    }

    function _pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    function _single(bytes32 item) internal pure returns (bytes32[] memory proof) {
        proof = new bytes32[](1);
        proof[0] = item;
    }

    function _none() internal pure returns (bytes32[] memory) {
        return new bytes32[](0);
    }

    /// @dev Kilograms in a wallet, by way of an epoch and a claim.
    function _fund(bytes32 node, address wallet, uint128 cumUg) internal {
        IPoCE.Leaf memory leaf = _leaf(node, wallet, cumUg);
        uint64 epoch = _finalize(leaf, cumUg);
        poce.claim(epoch, leaf, _none());
    }

    // --- assertions ---

    error NotEqual(uint256 found, uint256 expected);
    error NotEqualAddress(address found, address expected);
    error NotTrue(string what);

    function assertEq(uint256 found, uint256 expected) internal pure {
        if (found != expected) revert NotEqual(found, expected);
    }

    function assertEq(address found, address expected) internal pure {
        if (found != expected) revert NotEqualAddress(found, expected);
    }

    function assertTrue(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }
}
