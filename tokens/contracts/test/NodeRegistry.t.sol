// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";
import {NetworkRules} from "../src/bases/NetworkRules.sol";
import {Base} from "./Base.sol";

contract NodeRegistryTest is Base {
    uint256 private constant NODE_KEY = 0x40DE;
    address private constant WALLET = address(0xA11);
    bytes32 private constant NODE = "node";

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", registry.DOMAIN_SEPARATOR(), structHash));
    }

    function _registration(bytes32 node, address key, address wallet, uint64 firstHour) private view returns (bytes memory) {
        bytes32 typeHash =
            keccak256("RegisterNode(bytes32 node,bytes32 provider,address key,address wallet,uint64 firstHour)");
        return _sign(REGISTRAR_KEY, _digest(keccak256(abi.encode(typeHash, node, AWS, key, wallet, firstHour))));
    }

    function _register() private {
        registry.registerNode(NODE, AWS, vm.addr(NODE_KEY), WALLET, 500, _registration(NODE, vm.addr(NODE_KEY), WALLET, 500));
    }

    function _change(string memory kind, address value, uint32 changes, uint256 key) private view returns (bytes memory) {
        return _sign(
            key, _digest(keccak256(abi.encode(keccak256(bytes(kind)), NODE, value, changes, block.timestamp)))
        );
    }

    function _rotation(address value, uint32 changes, uint256 key) private view returns (bytes memory) {
        return _change("RotateKey(bytes32 node,address key,uint32 changes,uint256 deadline)", value, changes, key);
    }

    function _wallet(address value, uint32 changes, uint256 key) private view returns (bytes memory) {
        return _change("ChangeWallet(bytes32 node,address wallet,uint32 changes,uint256 deadline)", value, changes, key);
    }

    function test_register__signedByTheRegistrar__onceByAnybody() public {
        vm.prank(RELAYER);
        _register();
        (address key, address wallet, uint64 firstHour, uint32 changes) = registry.nodeOf(NODE);
        assertEq(key, vm.addr(NODE_KEY));
        assertEq(wallet, WALLET);
        assertEq(firstHour, 500);
        assertEq(changes, 0);
        bytes memory again = _registration(NODE, vm.addr(NODE_KEY), WALLET, 400);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.NodeRegistryKnownNode.selector, NODE));
        registry.registerNode(NODE, AWS, vm.addr(NODE_KEY), WALLET, 400, again);
    }

    function testFuzz_register__anyFieldChanged__reverts(uint8 field, uint64 delta) public {
        vm.assume(delta != 0);
        bytes memory signature = _registration(NODE, vm.addr(NODE_KEY), WALLET, 500);
        bytes32 node = NODE;
        address key = vm.addr(NODE_KEY);
        address wallet = WALLET;
        uint64 firstHour = 500;
        if (field % 4 == 0) node = bytes32(uint256(node) ^ delta);
        if (field % 4 == 1) key = address(uint160(uint256(uint160(key)) ^ delta));
        if (field % 4 == 2) wallet = address(uint160(uint256(uint160(wallet)) ^ (uint256(delta) << 64)));
        if (field % 4 == 3) firstHour = firstHour == delta ? 499 : delta;
        vm.expectPartialRevert(NodeRegistry.NodeRegistryBadSignature.selector);
        registry.registerNode(node, AWS, key, wallet, firstHour, signature);
    }

    function test_register__zeros__reverts() public {
        vm.expectPartialRevert(NetworkRules.NodeRegistryZero.selector);
        registry.registerNode(NODE, AWS, address(0), WALLET, 500, "");
        vm.expectPartialRevert(NetworkRules.NodeRegistryZero.selector);
        registry.registerNode(NODE, AWS, WALLET, WALLET, 0, "");
    }

    function test_rotateKey__signedByTheKey__countsAtOnceAndOnce() public {
        _register();
        bytes memory signature = _rotation(RELAYER, 0, NODE_KEY);
        bytes memory foreign = _rotation(RELAYER, 0, NODE_KEY + 1);
        vm.expectPartialRevert(NodeRegistry.NodeRegistryBadSignature.selector);
        registry.rotateKey(NODE, RELAYER, block.timestamp, foreign);
        registry.rotateKey(NODE, RELAYER, block.timestamp, signature);
        (address key,, uint64 firstHour, uint32 changes) = registry.nodeOf(NODE);
        assertEq(key, RELAYER);
        assertEq(firstHour, 500);
        assertEq(changes, 1);
        vm.expectPartialRevert(NodeRegistry.NodeRegistryBadSignature.selector);
        registry.rotateKey(NODE, RELAYER, block.timestamp, signature);
        vm.expectPartialRevert(NodeRegistry.NodeRegistryExpired.selector);
        registry.rotateKey(NODE, RELAYER, block.timestamp - 1, signature);
    }

    function test_recoverKey__ownerOnly() public {
        _register();
        registry.recoverKey(NODE, RELAYER);
        (address key,,, uint32 changes) = registry.nodeOf(NODE);
        assertEq(key, RELAYER);
        assertEq(changes, 1);
        vm.prank(RELAYER);
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        registry.recoverKey(NODE, RELAYER);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.NodeRegistryUnknownNode.selector, bytes32("other")));
        registry.recoverKey("other", RELAYER);
    }

    function test_wallet__changed__afterTheDelay() public {
        _register();
        registry.requestWallet(NODE, RELAYER, block.timestamp, _wallet(RELAYER, 0, NODE_KEY));
        (address wanted, uint64 effectiveAt) = registry.walletChangeOf(NODE);
        assertEq(wanted, RELAYER);
        assertEq(effectiveAt, block.timestamp + WALLET_DELAY);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.NodeRegistryTooEarly.selector, effectiveAt));
        registry.confirmWallet(NODE);
        (, address wallet,,) = registry.nodeOf(NODE);
        assertEq(wallet, WALLET);
        vm.warp(effectiveAt);
        registry.confirmWallet(NODE);
        (, wallet,,) = registry.nodeOf(NODE);
        assertEq(wallet, RELAYER);
        vm.expectPartialRevert(NodeRegistry.NodeRegistryNoWalletChange.selector);
        registry.confirmWallet(NODE);
    }

    function test_wallet__stolenKey__presentWalletStopsIt() public {
        _register();
        registry.requestWallet(NODE, RELAYER, block.timestamp, _wallet(RELAYER, 0, NODE_KEY));
        vm.prank(RELAYER);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.NodeRegistryNotAllowed.selector, RELAYER));
        registry.cancelWallet(NODE);
        vm.prank(WALLET);
        registry.cancelWallet(NODE);
        vm.warp(block.timestamp + WALLET_DELAY);
        vm.expectPartialRevert(NodeRegistry.NodeRegistryNoWalletChange.selector);
        registry.confirmWallet(NODE);
    }

    function test_factorSets__published__answerForFutureHoursOnly() public {
        uint64 hour = uint64(block.timestamp / 1 hours);
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryPastHour.selector, hour, hour + 1));
        registry.publishFactorSet("next", hour, "");
        registry.publishFactorSet("next", hour + 10, "");
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryPastHour.selector, hour + 10, hour + 11));
        registry.publishFactorSet("third", hour + 10, "");
        vm.expectPartialRevert(NetworkRules.NodeRegistryKnownFactorSet.selector);
        registry.publishFactorSet("next", hour + 20, "");
        assertTrue(registry.factorSetAt(0) == FACTORS, "hour 0");
        assertTrue(registry.factorSetAt(hour + 9) == FACTORS, "before");
        assertTrue(registry.factorSetAt(hour + 10) == "next", "from");
        assertTrue(registry.factorSetAt(type(uint64).max) == "next", "after");
        assertEq(registry.factorSets().length, 2);
        (uint64 fromHour, uint128 capUg) = registry.epochRules("next");
        assertEq(fromHour, hour + 10);
        assertEq(capUg, EPOCH_CAP);
    }

    function test_rules__setByOwnerOnly() public {
        assertTrue(registry.providerAllowed("aws") && !registry.providerAllowed("oci"), "genesis providers");
        registry.setProvider("oci", true);
        assertTrue(registry.providerAllowed("oci"), "oci");
        registry.setEpochCap(7);
        assertEq(registry.epochCapUg(), 7);
        uint128 highest = registry.MAX_EPOCH_CAP_UG();
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryCapTooHigh.selector, highest + 1));
        registry.setEpochCap(highest + 1);
        registry.setRegistrar(RELAYER);
        assertEq(registry.registrar(), RELAYER);
        vm.prank(RELAYER);
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        registry.setProvider("oci", false);
        vm.prank(RELAYER);
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        registry.setEpochCap(8);
        vm.prank(RELAYER);
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        registry.publishFactorSet("x", type(uint64).max, "");
    }
}
