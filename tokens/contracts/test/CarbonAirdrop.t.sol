// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CarbonAirdrop} from "../src/CarbonAirdrop.sol";
import {CT02} from "../src/CT02.sol";
import {MintingGuard} from "../src/bases/MintingGuard.sol";
import {ICarbonAirdrop} from "../src/interfaces/ICarbonAirdrop.sol";
import {Quorum} from "../src/libraries/Quorum.sol";
import {Base} from "./Base.sol";

/// @dev An airdrop beside the other contracts, with a CT02 of its own that it may mint.
abstract contract AirdropBase is Base {
    uint64 internal constant FIRST_HOUR = 480_000;
    uint64 internal constant CLAIM_PERIOD = 180 days;
    uint128 internal constant KG = 1e9;
    address internal constant TREASURY = address(0x7EA5);

    CarbonAirdrop internal airdrop;
    CT02 internal token;

    function setUp() public virtual override {
        super.setUp();
        address[] memory minters = new address[](1);
        minters[0] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        token = new CT02(address(this), minters, address(retirement));
        airdrop = new CarbonAirdrop(
            address(this),
            GUARDIAN,
            address(token),
            address(registry),
            address(validatorSet),
            TREASURY,
            WINDOW,
            CLAIM_PERIOD
        );
        for (uint256 i; i < 3; ++i) {
            _register(_node(i), address(uint160(0xAA00 + i)), _wallet(i), FIRST_HOUR);
        }
    }

    function _node(uint256 i) internal pure returns (bytes32) {
        return keccak256(abi.encode("node", i));
    }

    function _wallet(uint256 i) internal pure returns (address) {
        return address(uint160(0xF00D00 + i));
    }

    function _retro(uint256 i, uint64 hourFrom, uint64 hourThrough, uint128 ug)
        internal
        pure
        returns (ICarbonAirdrop.RetroLeaf memory)
    {
        return ICarbonAirdrop.RetroLeaf(_node(i), _wallet(i), hourFrom, hourThrough, ug, 0, 0);
    }

    function _attest(bytes32 root, uint128 totalUg) internal view returns (ICarbonAirdrop.AirdropRound memory) {
        return ICarbonAirdrop.AirdropRound(
            airdrop.roundCount() + 1, root, totalUg, 1, keccak256("list"), FACTORS, validatorSet.setId()
        );
    }

    function _votesOn(ICarbonAirdrop.AirdropRound memory attested) internal view returns (bytes memory) {
        return _votes(airdrop.roundDigest(attested), _firstKeys(signerKeys.length));
    }

    /// @dev Posts a round and lets its window pass.
    function _open(bytes32 root, uint128 totalUg) internal returns (uint32 round) {
        ICarbonAirdrop.AirdropRound memory attested = _attest(root, totalUg);
        airdrop.postRound(attested, _votesOn(attested));
        vm.warp(block.timestamp + WINDOW);
        return attested.round;
    }

    function _openOne(ICarbonAirdrop.RetroLeaf memory leaf) internal returns (uint32) {
        return _open(airdrop.leafHash(leaf), leaf.ug);
    }
}

contract CarbonAirdropTest is AirdropBase {
    function test_claim__open_round__mints_to_the_wallet_once() public {
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 100, FIRST_HOUR - 1, 5 * KG);
        uint32 round = _openOne(leaf);
        vm.prank(RELAYER);
        airdrop.claim(round, leaf, _none());
        assertEq(token.balanceOf(_wallet(0)), 5e18);
        (uint64 from, uint64 through, uint128 ug) = airdrop.paidOf(_node(0));
        assertEq(from, FIRST_HOUR - 100);
        assertEq(through, FIRST_HOUR - 1);
        assertEq(ug, 5 * KG);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropHoursPaid.selector);
        airdrop.claim(round, leaf, _none());
        assertEq(token.totalSupply(), 5e18);
    }

    function test_claim__hour_of_poce__is_refused() public {
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 10, FIRST_HOUR, KG);
        uint32 round = _openOne(leaf);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropBadHours.selector);
        airdrop.claim(round, leaf, _none());
    }

    function test_claim__more_than_twelve_months_back__is_refused() public {
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 8785, FIRST_HOUR - 1, KG);
        uint32 round = _openOne(leaf);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropBadHours.selector);
        airdrop.claim(round, leaf, _none());
        leaf.hourFrom += 1;
        round = _openOne(leaf);
        airdrop.claim(round, leaf, _none());
    }

    function test_claim__stranger_or_backward_hours__is_refused() public {
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(7, FIRST_HOUR - 10, FIRST_HOUR - 1, KG);
        uint32 round = _openOne(leaf);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropBadHours.selector);
        airdrop.claim(round, leaf, _none());
        leaf = _retro(0, FIRST_HOUR - 1, FIRST_HOUR - 2, KG);
        round = _openOne(leaf);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropBadHours.selector);
        airdrop.claim(round, leaf, _none());
    }

    function test_claim__hours_before_and_after_what_was_paid__are_paid() public {
        _claimed(_retro(0, FIRST_HOUR - 50, FIRST_HOUR - 41, KG));
        _claimed(_retro(0, FIRST_HOUR - 60, FIRST_HOUR - 51, 2 * KG));
        _claimed(_retro(0, FIRST_HOUR - 40, FIRST_HOUR - 1, 3 * KG));
        assertEq(token.balanceOf(_wallet(0)), 6e18);
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 70, FIRST_HOUR - 60, KG);
        uint32 round = _openOne(leaf);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropHoursPaid.selector);
        airdrop.claim(round, leaf, _none());
    }

    /// @dev Three ranges of one node, the outer ones open first: a stranger cannot have the one between lost.
    function test_claim__leaves_a_gap__only_the_wallet_may() public {
        _claimed(_retro(0, FIRST_HOUR - 50, FIRST_HOUR - 41, KG));
        ICarbonAirdrop.RetroLeaf memory later = _retro(0, FIRST_HOUR - 20, FIRST_HOUR - 11, KG);
        uint32 round = _openOne(later);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropGap.selector);
        vm.prank(RELAYER);
        airdrop.claim(round, later, _none());
        ICarbonAirdrop.RetroLeaf memory sooner = _retro(0, FIRST_HOUR - 90, FIRST_HOUR - 71, KG);
        uint32 another = _openOne(sooner);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropGap.selector);
        airdrop.claim(another, sooner, _none());
        _claimed(_retro(0, FIRST_HOUR - 40, FIRST_HOUR - 21, KG));
        airdrop.claim(round, later, _none());
        vm.prank(_wallet(0));
        airdrop.claim(another, sooner, _none());
        assertEq(token.balanceOf(_wallet(0)), 4e18);
    }

    function test_claim__more_than_the_cap_of_its_hours__is_refused() public {
        registry.setEpochCap(1e19);
        uint128 cap = 10 * NODE_HOUR_CAP;
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 10, FIRST_HOUR - 1, cap + 1);
        uint32 round = _openOne(leaf);
        vm.expectRevert(
            abi.encodeWithSelector(ICarbonAirdrop.CarbonAirdropLeafOverCap.selector, leaf.node, cap + 1, cap)
        );
        airdrop.claim(round, leaf, _none());
        // A cap that a vote changes later judges no round that was posted before.
        leaf.ug = cap;
        round = _openOne(leaf);
        registry.setNodeHourCap(1);
        vm.warp(block.timestamp + 1 days);
        airdrop.claim(round, leaf, _none());
        assertEq(token.balanceOf(_wallet(0)), uint256(cap) * 1e9);
    }

    function _claimed(ICarbonAirdrop.RetroLeaf memory leaf) private {
        airdrop.claim(_openOne(leaf), leaf, _none());
    }

    function test_claim__before_the_window_and_after_the_deadline__is_refused() public {
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 10, FIRST_HOUR - 1, KG);
        ICarbonAirdrop.AirdropRound memory attested = _attest(airdrop.leafHash(leaf), KG);
        airdrop.postRound(attested, _votesOn(attested));
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropWrongStatus.selector);
        airdrop.claim(1, leaf, _none());
        vm.warp(block.timestamp + WINDOW + CLAIM_PERIOD);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropWrongStatus.selector);
        airdrop.claim(1, leaf, _none());
    }

    function test_leafHash__twice_over_its_words__so_no_inner_node_is_a_leaf() public view {
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 10, FIRST_HOUR - 1, KG);
        bytes memory words =
            abi.encode(leaf.node, leaf.wallet, leaf.hourFrom, leaf.hourThrough, leaf.ug, leaf.level, leaf.historyRoot);
        assertTrue(airdrop.leafHash(leaf) == keccak256(bytes.concat(keccak256(words))), "another hash");
    }

    function test_claim__round_that_was_never_posted__is_refused() public {
        (bytes32 root,,, uint64 openAt,, ICarbonAirdrop.RoundStatus status) = airdrop.roundOf(7);
        assertTrue(root == 0 && openAt == 0 && status == ICarbonAirdrop.RoundStatus.None, "a round out of nothing");
        vm.expectRevert(abi.encodeWithSelector(ICarbonAirdrop.CarbonAirdropWrongStatus.selector, 7, status));
        airdrop.claim(7, _retro(0, FIRST_HOUR - 10, FIRST_HOUR - 1, KG), _none());
    }

    function test_claim__other_leaf_or_no_leaves__is_refused() public {
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 10, FIRST_HOUR - 1, KG);
        uint32 round = _openOne(leaf);
        leaf.ug = 2 * KG;
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropBadProof.selector);
        airdrop.claim(round, leaf, _none());
        bytes32 root = airdrop.leafHash(_retro(0, FIRST_HOUR - 10, FIRST_HOUR - 1, KG));
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropBadProof.selector);
        airdrop.claimMany(round, new ICarbonAirdrop.RetroLeaf[](0), _single(root), new bool[](0));
    }

    function test_claim__paused__waits() public {
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, FIRST_HOUR - 10, FIRST_HOUR - 1, KG);
        uint32 round = _openOne(leaf);
        vm.prank(GUARDIAN);
        airdrop.pauseMinting(1 days);
        vm.expectPartialRevert(MintingGuard.MintingGuardPaused.selector);
        airdrop.claim(round, leaf, _none());
        vm.warp(block.timestamp + 1 days);
        airdrop.claim(round, leaf, _none());
    }

    function test_claimMany__one_paid_before__pays_the_other() public {
        ICarbonAirdrop.RetroLeaf[] memory leaves = _two();
        (bytes32 a, bytes32 b) = (airdrop.leafHash(leaves[0]), airdrop.leafHash(leaves[1]));
        uint32 round = _open(_pair(a, b), 3 * KG);
        airdrop.claim(round, leaves[0], _single(b));
        bool[] memory flags = new bool[](1);
        flags[0] = true;
        assertEq(airdrop.claimMany(round, leaves, _none(), flags), 1);
        assertEq(token.balanceOf(_wallet(0)), 1e18);
        assertEq(token.balanceOf(_wallet(1)), 2e18);
        assertEq(airdrop.claimMany(round, leaves, _none(), flags), 0);
        assertEq(token.totalSupply(), 3e18);
    }

    function test_claimMany__more_than_attested__is_refused() public {
        ICarbonAirdrop.RetroLeaf[] memory leaves = _two();
        uint32 round = _open(_pair(airdrop.leafHash(leaves[0]), airdrop.leafHash(leaves[1])), 2 * KG);
        bool[] memory flags = new bool[](1);
        flags[0] = true;
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropExhausted.selector);
        airdrop.claimMany(round, leaves, _none(), flags);
    }

    function _two() private pure returns (ICarbonAirdrop.RetroLeaf[] memory leaves) {
        leaves = new ICarbonAirdrop.RetroLeaf[](2);
        leaves[0] = _retro(0, FIRST_HOUR - 10, FIRST_HOUR - 1, KG);
        leaves[1] = _retro(1, FIRST_HOUR - 10, FIRST_HOUR - 1, 2 * KG);
    }

    function test_sweep__after_the_deadline__mints_the_rest_to_the_treasury_once() public {
        ICarbonAirdrop.RetroLeaf[] memory leaves = _two();
        bytes32 second = airdrop.leafHash(leaves[1]);
        uint32 round = _open(_pair(airdrop.leafHash(leaves[0]), second), 3 * KG);
        airdrop.claim(round, leaves[0], _single(second));
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropWrongStatus.selector);
        airdrop.sweep(round);
        vm.warp(block.timestamp + CLAIM_PERIOD);
        vm.prank(RELAYER);
        assertEq(airdrop.sweep(round), 2 * KG);
        assertEq(token.balanceOf(TREASURY), 2e18);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropNothingLeft.selector);
        airdrop.sweep(round);
    }

    function test_postRound__without_a_quorum__is_refused() public {
        ICarbonAirdrop.AirdropRound memory attested = _attest(keccak256("root"), KG);
        bytes memory votes = _votes(airdrop.roundDigest(attested), _firstKeys(2));
        vm.expectPartialRevert(Quorum.QuorumMissing.selector);
        airdrop.postRound(attested, votes);
        votes = _votesOn(attested);
        attested.totalUg = 2 * KG;
        // Other words, other signers: none of them is a validator.
        (bool done,) = address(airdrop).call(abi.encodeCall(airdrop.postRound, (attested, votes)));
        assertTrue(!done, "votes on other words counted");
    }

    function test_postRound__wrong_number_empty_or_over_the_cap__is_refused() public {
        ICarbonAirdrop.AirdropRound memory attested = _attest(keccak256("root"), KG);
        attested.round = 2;
        bytes memory votes = _votesOn(attested);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropWrongRound.selector);
        airdrop.postRound(attested, votes);
        attested = _attest(0, KG);
        votes = _votesOn(attested);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropEmptyRound.selector);
        airdrop.postRound(attested, votes);
        attested = _attest(keccak256("root"), EPOCH_CAP + 1);
        votes = _votesOn(attested);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropOverCap.selector);
        airdrop.postRound(attested, votes);
    }

    function test_veto__posted_round__cannot_come_back_with_the_same_votes() public {
        ICarbonAirdrop.AirdropRound memory attested = _attest(keccak256("root"), KG);
        bytes memory votes = _votesOn(attested);
        airdrop.postRound(attested, votes);
        ICarbonAirdrop.AirdropRound memory next = _attest(keccak256("next"), KG);
        airdrop.postRound(next, _votesOn(next));
        vm.expectPartialRevert(MintingGuard.MintingGuardNotGuardian.selector);
        vm.prank(RELAYER);
        airdrop.veto(1);
        vm.prank(GUARDIAN);
        airdrop.veto(1);
        assertEq(airdrop.roundCount(), 0);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropVetoed.selector);
        airdrop.postRound(attested, votes);
        attested.dataHash = keccak256("another list");
        airdrop.postRound(attested, _votesOn(attested));
        vm.warp(block.timestamp + WINDOW);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropWrongStatus.selector);
        vm.prank(GUARDIAN);
        airdrop.veto(1);
    }

    function test_constructor__a_zero__is_refused() public {
        address here = address(this);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropZero.selector);
        new CarbonAirdrop(here, GUARDIAN, address(0), here, here, here, WINDOW, CLAIM_PERIOD);
        vm.expectPartialRevert(ICarbonAirdrop.CarbonAirdropZero.selector);
        new CarbonAirdrop(here, GUARDIAN, here, here, here, here, WINDOW, 0);
    }

    /// @dev Whatever ranges rounds hold, an hour is paid once at most and never from the first hour on.
    function test_claim__any_ranges__pay_each_hour_once(uint8[2][8] calldata ranges) public {
        bool[256] memory paid;
        uint256 sum;
        for (uint256 i; i < ranges.length; ++i) {
            uint64 from = FIRST_HOUR - 200 + ranges[i][0];
            uint64 through = FIRST_HOUR - 200 + ranges[i][1];
            uint128 ug = through >= from ? through - from + 1 : 1;
            ICarbonAirdrop.RetroLeaf memory leaf = _retro(0, from, through, ug);
            uint32 round = _openOne(leaf);
            vm.prank(_wallet(0));
            try airdrop.claim(round, leaf, _none()) {
                sum += ug;
                for (uint64 hour = from; hour <= through; ++hour) {
                    assertTrue(!paid[hour + 200 - FIRST_HOUR], "an hour was paid twice");
                    assertTrue(hour < FIRST_HOUR, "an hour of PoCE was paid");
                    paid[hour + 200 - FIRST_HOUR] = true;
                }
            } catch {}
        }
        assertEq(token.totalSupply(), sum * 1e9);
    }
}
