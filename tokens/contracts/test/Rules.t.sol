// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {MintingGuard} from "../src/bases/MintingGuard.sol";
import {NetworkRules} from "../src/bases/NetworkRules.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";
import {WordList} from "../src/libraries/WordList.sol";
import {Base} from "./Base.sol";

/// @dev Providers, caps and terms of rewards.
contract RulesTest is Base {
    bytes32 private constant NODE = "node";
    address private constant WALLET = address(0xA11);
    uint256 private constant NODE_KEY = 0x40DE;

    // --- providers ---

    function test_provider__notAllowed__nodesAreRefusedUntilAVoteAddsIt() public {
        bytes32 oci = keccak256("oci");
        bytes memory signature = _registration(NODE, oci);
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryProviderNotAllowed.selector, oci));
        registry.registerNode(NODE, oci, WALLET, WALLET, 500, signature);
        assertTrue(!registry.providerAllowed("oci") && registry.providerAllowed("gcp"), "genesis providers");
        registry.setProvider("oci", true);
        registry.registerNode(NODE, oci, WALLET, WALLET, 500, signature);
        registry.setProvider("oci", false);
        bytes memory another = _registration("other", oci);
        vm.expectPartialRevert(NetworkRules.NodeRegistryProviderNotAllowed.selector);
        registry.registerNode("other", oci, WALLET, WALLET, 500, another);
        // Who is in stays.
        (address key,,,) = registry.nodeOf(NODE);
        assertEq(key, WALLET);
    }

    function test_provider__anotherThanSigned__reverts() public {
        bytes memory signature = _registration(NODE, keccak256("azure"));
        vm.expectPartialRevert(NodeRegistry.NodeRegistryBadSignature.selector);
        registry.registerNode(NODE, AWS, WALLET, WALLET, 500, signature);
    }

    function _registration(bytes32 node, bytes32 provider) private view returns (bytes memory) {
        bytes32 typeHash =
            keccak256("RegisterNode(bytes32 node,bytes32 provider,address key,address wallet,uint64 firstHour)");
        bytes32 structHash = keccak256(abi.encode(typeHash, node, provider, WALLET, WALLET, uint64(500)));
        return _sign(REGISTRAR_KEY, keccak256(abi.encodePacked(hex"1901", registry.DOMAIN_SEPARATOR(), structHash)));
    }

    // --- caps ---

    function test_caps__byOwnerWithinBounds() public {
        registry.setEpochCap(1e19);
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryCapTooHigh.selector, uint128(1e19 + 1)));
        registry.setEpochCap(1e19 + 1);
        vm.expectPartialRevert(NetworkRules.NodeRegistryCapTooHigh.selector);
        registry.setNodeHourCap(1e15 + 1);
        vm.expectPartialRevert(NetworkRules.NodeRegistryCapTooHigh.selector);
        registry.setNodeHourCap(0);
        vm.prank(RELAYER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, RELAYER));
        registry.setNodeHourCap(1);
    }

    function test_nodeHourCap__changed__countsADayLater() public {
        registry.setNodeHourCap(7);
        uint64 since = uint64(block.timestamp + 1 days);
        registry.setNodeHourCap(9);
        assertEq(registry.nodeHourCapAt(since - 1), NODE_HOUR_CAP);
        assertEq(registry.nodeHourCapAt(since), 9);
        assertEq(registry.nodeHourCapAt(0), NODE_HOUR_CAP);
    }

    function test_nodeCeiling__capLoweredAndRaised__eachHourByTheHighestSinceItsBegin() public {
        uint64 time = uint64(block.timestamp);
        uint64 hour = (time + 1 days + 1 hours - 1) / 1 hours;
        _register(NODE, vm.addr(NODE_KEY), WALLET, hour - 10);
        registry.setNodeHourCap(100);
        uint64 lowered = time + 1 days;
        assertEq(registry.nodeCeilingUg(NODE, hour + 4, lowered - 1), 15 * NODE_HOUR_CAP);
        assertEq(registry.nodeCeilingUg(NODE, hour + 4, lowered), 10 * NODE_HOUR_CAP + 500);
        assertEq(registry.nodeCeilingUg(NODE, hour - 10, lowered), NODE_HOUR_CAP);
        vm.warp(lowered + 1 days);
        registry.setNodeHourCap(300);
        uint64 raised = lowered + 2 days;
        assertEq(registry.nodeCeilingUg(NODE, hour + 4, raised - 1), 10 * NODE_HOUR_CAP + 500);
        assertEq(registry.nodeCeilingUg(NODE, hour + 4, raised), 10 * NODE_HOUR_CAP + 1500);
        assertEq(registry.nodeCeilingUg(NODE, hour + 49, raised), 10 * NODE_HOUR_CAP + 50 * 300);
    }

    function testFuzz_nodeCeiling__anyHour__isCapTimesHours(uint32 first, uint32 through) public {
        vm.assume(first != 0);
        _register(NODE, vm.addr(NODE_KEY), WALLET, first);
        uint256 hoursOfNode = through < first ? 0 : uint256(through) - first + 1;
        assertEq(registry.nodeCeilingUg(NODE, through, uint64(block.timestamp)), hoursOfNode * NODE_HOUR_CAP);
        assertEq(registry.nodeCeilingUg("nobody", through, uint64(block.timestamp)), 0);
    }

    // --- terms of rewards ---

    function test_terms__genesisAndNext__answerByHour() public {
        NetworkRules.RewardTerms memory terms = registry.rewardTermsAt(0);
        assertEq(terms.unitsPerUg, 1e9);
        assertEq(terms.avoidedWeightBp, 10_000);
        assertEq(terms.scoreFloorBp, 10_000);
        uint64 next = uint64(block.timestamp / 1 hours) + 1;
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryPastHour.selector, next - 1, next));
        registry.publishRewardTerms(next - 1, 2e9, 0, 5_000);
        registry.publishRewardTerms(next, 2e9, 0, 5_000);
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryPastHour.selector, next, next + 1));
        registry.publishRewardTerms(next, 3e9, 0, 5_000);
        registry.publishRewardTerms(next + 10, 3e9, 20_000, 0);
        assertEq(registry.rewardTermsAt(next - 1).unitsPerUg, 1e9);
        assertEq(registry.rewardTermsAt(next).scoreFloorBp, 5_000);
        assertEq(registry.rewardTermsAt(next + 9).unitsPerUg, 2e9);
        assertEq(registry.rewardTermsAt(next + 10).avoidedWeightBp, 20_000);
    }

    function test_rules__moreThanAYearAhead__reverts() public {
        uint64 latest = uint64(block.timestamp / 1 hours) + 366 * 24;
        vm.expectRevert(
            abi.encodeWithSelector(NetworkRules.NodeRegistryTooFarAhead.selector, latest + 1, latest)
        );
        registry.publishRewardTerms(latest + 1, 1, 0, 0);
        vm.expectPartialRevert(NetworkRules.NodeRegistryTooFarAhead.selector);
        registry.publishFactorSet("far", latest + 1, "");
        registry.publishFactorSet("a year", latest, "");
        assertTrue(registry.factorSetAt(latest) == "a year" && registry.factorSetAt(latest - 1) == FACTORS, "sets");
    }

    function test_terms__aboveBoundsOrByAStranger__reverts() public {
        uint64 next = uint64(block.timestamp / 1 hours) + 1;
        vm.expectPartialRevert(NetworkRules.NodeRegistryTermsTooHigh.selector);
        registry.publishRewardTerms(next, 10e9 + 1, 0, 0);
        vm.expectPartialRevert(NetworkRules.NodeRegistryTermsTooHigh.selector);
        registry.publishRewardTerms(next, 0, 20_001, 0);
        vm.expectPartialRevert(NetworkRules.NodeRegistryTermsTooHigh.selector);
        registry.publishRewardTerms(next, 0, 0, 10_001);
        vm.prank(RELAYER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, RELAYER));
        registry.publishRewardTerms(next, 0, 0, 0);
    }

    // --- wallets over time ---

    function test_paidSince__changedTwice__everyWalletInItsTime() public {
        _register(NODE, vm.addr(NODE_KEY), WALLET, 500);
        uint64 begin = uint64(block.timestamp);
        assertTrue(registry.paidSince(NODE, WALLET, begin), "the first wallet");
        assertTrue(!registry.paidSince(NODE, address(0), 0) && !registry.paidSince("nobody", address(0), 0), "zero");
        uint64 first = _moveWallet(address(0xB22), 0);
        uint64 second = _moveWallet(address(0xC33), 1);
        assertTrue(registry.paidSince(NODE, WALLET, first), "until its last moment");
        assertTrue(!registry.paidSince(NODE, WALLET, first + 1), "after its last moment");
        assertTrue(registry.paidSince(NODE, address(0xB22), second), "the second until its last moment");
        assertTrue(!registry.paidSince(NODE, address(0xB22), second + 1), "the second after it");
        assertTrue(registry.paidSince(NODE, address(0xC33), second + 1 days), "the present wallet");
        assertTrue(!registry.paidSince(NODE, RELAYER, 0), "a stranger's wallet");
    }

    function _moveWallet(address wallet, uint32 changes) private returns (uint64 moment) {
        bytes32 typeHash = keccak256("ChangeWallet(bytes32 node,address wallet,uint32 changes,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, NODE, wallet, changes, block.timestamp));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", registry.DOMAIN_SEPARATOR(), structHash));
        registry.requestWallet(NODE, wallet, block.timestamp, _sign(NODE_KEY, digest));
        vm.warp(block.timestamp + WALLET_DELAY);
        registry.confirmWallet(NODE);
        return uint64(block.timestamp);
    }

    // --- what is missing, unknown or twice ---

    function test_nodeCalls__zerosOrStrangers__revert() public {
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.NodeRegistryUnknownNode.selector, NODE));
        registry.recoverKey(NODE, RELAYER);
        _register(NODE, vm.addr(NODE_KEY), WALLET, 500);
        vm.expectPartialRevert(NetworkRules.NodeRegistryZero.selector);
        registry.recoverKey(NODE, address(0));
        vm.expectPartialRevert(NetworkRules.NodeRegistryZero.selector);
        registry.rotateKey(NODE, address(0), block.timestamp, "");
        vm.expectPartialRevert(NetworkRules.NodeRegistryZero.selector);
        registry.requestWallet(NODE, address(0), block.timestamp, "");
        vm.expectPartialRevert(NodeRegistry.NodeRegistryNoWalletChange.selector);
        registry.cancelWallet(NODE);
        vm.expectPartialRevert(NodeRegistry.NodeRegistryNoWalletChange.selector);
        registry.confirmWallet(NODE);
        (address next, uint64 effectiveAt) = registry.walletChangeOf(NODE);
        assertEq(next, address(0));
        assertEq(effectiveAt, 0);
        vm.expectPartialRevert(NetworkRules.NodeRegistryZero.selector);
        registry.setRegistrar(address(0));
        registry.setRegistrar(RELAYER);
        assertEq(registry.registrar(), RELAYER);
    }

    function test_factorSet__zeroOrTwice__reverts() public {
        uint64 next = uint64(block.timestamp / 1 hours) + 1;
        vm.expectPartialRevert(NetworkRules.NodeRegistryZero.selector);
        registry.publishFactorSet(0, next, "");
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryKnownFactorSet.selector, FACTORS));
        registry.publishFactorSet(FACTORS, next, "");
    }

    function test_guardian__another__countsAtOnce() public {
        poce.setGuardian(RELAYER);
        vm.prank(GUARDIAN);
        vm.expectPartialRevert(MintingGuard.MintingGuardNotGuardian.selector);
        poce.pauseMinting(1);
        vm.prank(RELAYER);
        poce.pauseMinting(1);
    }

    function test_wordList__tooLittleGas__isNotWritten() public {
        vm.expectPartialRevert(WordList.WordListNotWritten.selector);
        this.writeWords{gas: 300_000}(50);
        assertEq(this.writeWords(3), 3);
    }

    function writeWords(uint256 count) external returns (uint256) {
        return WordList.read(WordList.write(new uint256[](count))).length;
    }

    // --- owners ---

    function test_owners__handedOver__inTwoSteps() public {
        Ownable[4] memory owned =
            [Ownable(address(ct02)), Ownable(address(registry)), Ownable(address(validatorSet)), Ownable(address(poce))];
        for (uint256 i; i < owned.length; ++i) {
            assertEq(owned[i].owner(), address(this));
            owned[i].transferOwnership(RELAYER);
            assertEq(owned[i].owner(), address(this));
            vm.prank(RELAYER);
            (bool accepted,) = address(owned[i]).call(abi.encodeWithSignature("acceptOwnership()"));
            assertTrue(accepted, "acceptOwnership");
            assertEq(owned[i].owner(), RELAYER);
        }
    }
}
