// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICarbonAirdrop} from "../src/interfaces/ICarbonAirdrop.sol";
import {CarbonAirdrop} from "../src/CarbonAirdrop.sol";
import {CT02} from "../src/CT02.sol";
import {AirdropBase} from "./CarbonAirdrop.t.sol";
import {Walk, Walked} from "./Walk.sol";

/// @dev Rounds over any hours that all validators sign, careless ones among them, claimed in any order by anybody.
contract AirdropWorld is AirdropBase, Walked {
    uint256 private constant NODES = 9;
    uint64 private constant SPAN = 1024;

    /// @dev Every leaf that a round holds, one per round, and what each hour of a node was paid for.
    ICarbonAirdrop.RetroLeaf[] private _posted;
    mapping(uint256 node => mapping(uint64 hour => uint256)) private _times;
    uint256 public paidUg;
    uint256 public sweptUg;

    function everything() external returns (address, address) {
        setUp();
        for (uint256 i = 3; i < NODES; ++i) {
            _register(_node(i), address(uint160(0xAA00 + i)), _wallet(i), FIRST_HOUR);
        }
        return (address(airdrop), address(token));
    }

    function post(uint8 which, uint16 from, uint8 length, uint64 ug, uint8 less) external {
        uint256 i = which % (NODES + 1);
        // The span reaches four hours beyond the first hour, so that some lists are wrong.
        uint64 hourFrom = FIRST_HOUR - SPAN + 4 + from % SPAN;
        ICarbonAirdrop.RetroLeaf memory leaf = _retro(i, hourFrom, hourFrom + length % 16, 1 + ug % uint64(KG));
        uint128 attested = less % 8 == 0 && leaf.ug > 1 ? leaf.ug - 1 : leaf.ug;
        ICarbonAirdrop.AirdropRound memory round = _attest(airdrop.leafHash(leaf), attested);
        airdrop.postRound(round, _votesOn(round));
        _posted.push(leaf);
        _did();
    }

    function veto(uint8 back, uint8 luck) external {
        uint32 count = airdrop.roundCount();
        if (count == 0 || luck % 4 != 0) return;
        uint32 round = count - (back % 2 < count ? back % 2 : 0);
        vm.prank(GUARDIAN);
        try airdrop.veto(round) {
            while (_posted.length >= round) {
                _posted.pop();
            }
            _did();
        } catch {}
    }

    function claim(uint32 which, bool many, uint8 who) external {
        if (_posted.length == 0) return;
        // Mostly one of the newest, which are open.
        uint32 count = uint32(_posted.length);
        uint32 round = count - which % (count < 4 || which % 8 == 0 ? count : 4);
        ICarbonAirdrop.RetroLeaf memory leaf = _posted[round - 1];
        (,, uint256 before,,,) = airdrop.roundOf(round);
        bool paused = block.timestamp < airdrop.pausedUntil();
        if (many) {
            ICarbonAirdrop.RetroLeaf[] memory leaves = new ICarbonAirdrop.RetroLeaf[](1);
            leaves[0] = leaf;
            if (who % 4 != 0) vm.prank(leaf.wallet);
            try airdrop.claimMany(round, leaves, _none(), new bool[](0)) {} catch {}
        } else {
            if (who % 4 != 0) vm.prank(leaf.wallet);
            try airdrop.claim(round, leaf, _none()) {} catch {}
        }
        (,, uint256 after_,,, ICarbonAirdrop.RoundStatus status) = airdrop.roundOf(round);
        if (after_ == before) return;
        if (paused) _break("paid in a pause");
        if (status != ICarbonAirdrop.RoundStatus.Open) _break("paid from a round that is not open");
        paidUg += leaf.ug;
        _did();
        _note(leaf);
    }

    function _note(ICarbonAirdrop.RetroLeaf memory leaf) private {
        uint256 node = uint256(leaf.node);
        for (uint64 hour = leaf.hourFrom; hour <= leaf.hourThrough; ++hour) {
            if (++_times[node][hour] > 1) _break("an hour was paid twice");
            if (hour >= FIRST_HOUR) _break("an hour of PoCE was paid");
        }
    }

    function sweep(uint32 which) external {
        if (_posted.length == 0) return;
        uint32 round = 1 + which % uint32(_posted.length);
        try airdrop.sweep(round) returns (uint256 ug) {
            sweptUg += ug;
            _did();
            (, uint256 total, uint256 paid,,,) = airdrop.roundOf(round);
            if (paid != total) _break("something was left after the sweep");
        } catch {}
    }

    function pass(uint8 what) external {
        vm.warp(block.timestamp + (what % 16 == 0 ? CLAIM_PERIOD : what % 4 == 0 ? 15 days : WINDOW));
    }

    function pause(uint8 luck) external {
        if (luck % 8 != 0) return;
        vm.prank(GUARDIAN);
        try airdrop.pauseMinting(1 days) {} catch {}
    }
}

/// @dev Invariant 12 of the airdrop: paid at most what was attested, each hour once, nothing left after a sweep.
contract AirdropInvariantsTest is Walk {
    AirdropWorld private world;
    CarbonAirdrop private airdrop;
    CT02 private token;

    function setUp() public override {
        world = new AirdropWorld();
        (address airdropAt, address tokenAt) = world.everything();
        (airdrop, token) = (CarbonAirdrop(airdropAt), CT02(tokenAt));
        bytes4 claim = world.claim.selector;
        bytes4 pass = world.pass.selector;
        _walk(
            world,
            bytes.concat(
                world.post.selector, claim, claim, pass, pass, world.veto.selector, world.sweep.selector,
                world.pause.selector
            )
        );
    }

    /// @dev The world is no empty one: an ordinary day pays.
    function test_world__ordinary_day__pays() public {
        world.post(0, 0, 3, 100, 1);
        world.pass(1);
        world.claim(0, false, 0);
        assertEq(world.paidUg(), 101);
        world.pass(16);
        world.sweep(0);
        _requireUnbroken();
    }

    function invariant_airdrop() public view {
        _requireUnbroken();
        assertEq(token.totalSupply(), (world.paidUg() + world.sweptUg()) * 1e9);
        uint256 sum;
        for (uint32 round = 1; round <= airdrop.roundCount(); ++round) {
            (, uint256 total, uint256 paid,,,) = airdrop.roundOf(round);
            assertTrue(paid <= total, "more was paid than was attested");
            sum += paid;
        }
        assertEq(sum, world.paidUg() + world.sweptUg());
    }
}
