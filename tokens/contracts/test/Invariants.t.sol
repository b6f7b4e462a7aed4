// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CT02} from "../src/CT02.sol";
import {PoCE} from "../src/PoCE.sol";
import {IPoCE} from "../src/interfaces/IPoCE.sol";
import {Retirement} from "../src/Retirement.sol";
import {TunerToken} from "../src/TunerToken.sol";
import {ValidatorSet} from "../src/ValidatorSet.sol";
import {Base} from "./Base.sol";

/// @dev Does what people, validators and the guardian may do, in any order, honest or not, and keeps its own books.
contract World is Base {
    uint256 public constant NODES = 3;
    uint128 private constant STEP = 1e12;

    uint128[3] public cum;
    uint128[3] public high;
    uint128[3] public highestFinal;
    mapping(uint64 epoch => IPoCE.Leaf[]) private _leaves;
    uint256 public claims;
    uint256 public replaysPaid;
    uint256 public lowestTunerSupply = 1e27;
    bool public pausedBlocks;

    function everything() external returns (address[6] memory) {
        setUp();
        return [
            address(tuner),
            address(registry),
            address(validatorSet),
            address(ct02),
            address(poce),
            address(retirement)
        ];
    }

    // --- what can happen ---

    function attest(uint64[3] calldata deltas, bool fall) external {
        uint128 total;
        uint128 ceiling;
        for (uint256 i; i < NODES; ++i) {
            uint128 delta = uint128(deltas[i]) % STEP;
            cum[i] = fall ? cum[i] - (delta > cum[i] ? cum[i] : delta) : cum[i] + delta;
            if (cum[i] > high[i]) high[i] = cum[i];
            total += cum[i];
            ceiling += high[i];
        }
        uint64 epoch = poce.headEpoch() + 1;
        delete _leaves[epoch];
        for (uint256 i; i < NODES; ++i) {
            _leaves[epoch].push(_leaf(bytes32(i + 1), _wallet(i), cum[i]));
        }
        IPoCE.EpochHeader memory header = _header(_root(epoch), total, ceiling);
        uint256[] memory keys = _activeKeys();
        bytes memory votes = _votes(poce.headerDigest(header), keys);
        try poce.report(header, votes) {} catch {}
    }

    function veto(uint8 back) external {
        uint64 head = poce.headEpoch();
        // Vetoes, pauses, departures and slashes are rare, or nothing would ever be claimed.
        if (back % 8 > 2) return;
        vm.prank(GUARDIAN);
        try poce.veto(head - (head > back % 3 ? back % 3 : 0)) {} catch {}
    }

    function claim(uint64 epoch, uint8 which, bool twice) external {
        uint64 head = poce.headEpoch();
        if (head == 0) return;
        epoch = 1 + epoch % head;
        uint256 i = which % NODES;
        if (_leaves[epoch].length == 0) return;
        IPoCE.Leaf memory leaf = _leaves[epoch][i];
        bytes32[] memory proof = _proof(epoch, i);
        (,,,, IPoCE.Status status) = poce.epochOf(epoch);
        if (status == IPoCE.Status.Final && leaf.cumUg > highestFinal[i]) highestFinal[i] = leaf.cumUg;
        bool paused = block.timestamp < poce.pausedUntil();
        try poce.claim(epoch, leaf, proof) {
            ++claims;
            if (status != IPoCE.Status.Final) replaysPaid += 1000;
            if (paused) pausedBlocks = true;
            if (twice) {
                try poce.claim(epoch, leaf, proof) {
                    ++replaysPaid;
                } catch {}
            }
        } catch {}
    }

    function retire(uint8 which, uint64 amountUg) external {
        address wallet = _wallet(which % NODES);
        uint256 held = ct02.balanceOf(wallet) / 1e9;
        if (held == 0) return;
        vm.prank(wallet);
        retirement.retire(uint128(1 + amountUg % held), wallet, 1, 2, "claim");
    }

    function transfer(uint8 from, uint8 to, uint96 amount) external {
        address wallet = _wallet(from % NODES);
        uint256 held = ct02.balanceOf(wallet);
        vm.prank(wallet);
        ct02.transfer(_wallet(to % NODES), held == 0 ? 0 : amount % held);
    }

    function pass(uint16 time) external {
        vm.warp(block.timestamp + uint256(time) * 2);
    }

    function pause(uint32 duration) external {
        if (duration % 8 != 0) return;
        vm.prank(GUARDIAN);
        try poce.pauseMinting(duration % 15 days) {} catch {}
    }

    function join(uint96 amount) external {
        if (signerKeys.length >= 12) return;
        _join(MIN_STAKE + amount % MIN_STAKE);
    }

    function depart(uint8 which, bool all) external {
        if (_activeKeys().length <= 3) return;
        address staker = _staker(signerKeys[which % signerKeys.length]);
        (, uint96 stake) = validatorSet.seatOf(staker);
        if (stake == 0) return;
        vm.prank(staker);
        try validatorSet.requestUnstake(all ? stake : stake / 3) {} catch {}
    }

    function withdraw(uint8 which) external {
        vm.prank(_staker(signerKeys[which % signerKeys.length]));
        try validatorSet.withdraw() {} catch {}
    }

    function equivocate(uint8 which, bytes32 rootA, bytes32 rootB) external {
        // Leave a quorum in place, so that the run goes on.
        if (_activeKeys().length <= 3 || which % 4 != 0) return;
        uint256 key = signerKeys[which % signerKeys.length];
        IPoCE.EpochHeader memory a = _header(rootA, 1, 1);
        IPoCE.EpochHeader memory b = _header(rootB, 1, 1);
        bytes memory signatureA = _sign(key, poce.headerDigest(a));
        bytes memory signatureB = _sign(key, poce.headerDigest(b));
        vm.prank(RELAYER);
        try poce.slashEquivocation(a, signatureA, b, signatureB) {} catch {}
    }

    // --- what must hold ---

    function stakesAndExits() external view returns (uint256 sum) {
        for (uint256 i; i < signerKeys.length; ++i) {
            address staker = _staker(signerKeys[i]);
            (, uint96 stake) = validatorSet.seatOf(staker);
            (uint96 leaving,) = validatorSet.exitOf(staker);
            sum += stake + leaving;
        }
    }

    function noteTunerSupply() external returns (bool fell) {
        uint256 supply = tuner.totalSupply();
        fell = supply <= lowestTunerSupply;
        lowestTunerSupply = supply;
    }

    // --- within ---

    function _wallet(uint256 i) private pure returns (address) {
        return address(uint160(0xA110 + i));
    }

    function _root(uint64 epoch) private view returns (bytes32) {
        bytes32 ab = _pair(poce.leafHash(_leaves[epoch][0]), poce.leafHash(_leaves[epoch][1]));
        return _pair(ab, poce.leafHash(_leaves[epoch][2]));
    }

    function _proof(uint64 epoch, uint256 i) private view returns (bytes32[] memory proof) {
        bytes32 a = poce.leafHash(_leaves[epoch][0]);
        bytes32 b = poce.leafHash(_leaves[epoch][1]);
        if (i == 2) return _single(_pair(a, b));
        proof = new bytes32[](2);
        proof[0] = i == 0 ? b : a;
        proof[1] = poce.leafHash(_leaves[epoch][2]);
    }

    function _activeKeys() private view returns (uint256[] memory keys) {
        uint256 count;
        for (uint256 i; i < signerKeys.length; ++i) {
            if (validatorSet.isActive(vm.addr(signerKeys[i]))) ++count;
        }
        keys = new uint256[](count);
        for (uint256 i; i < signerKeys.length; ++i) {
            if (validatorSet.isActive(vm.addr(signerKeys[i]))) keys[--count] = signerKeys[i];
        }
    }
}

contract InvariantsTest is Base {
    World private world;

    function setUp() public override {
        world = new World();
        address[6] memory made = world.everything();
        tuner = TunerToken(made[0]);
        validatorSet = ValidatorSet(made[2]);
        ct02 = CT02(made[3]);
        poce = PoCE(made[4]);
        retirement = Retirement(made[5]);
    }

    /// @dev What forge calls at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(world);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](11);
        selectors[0] = World.attest.selector;
        selectors[1] = World.veto.selector;
        selectors[2] = World.claim.selector;
        selectors[3] = World.retire.selector;
        selectors[4] = World.transfer.selector;
        selectors[5] = World.pass.selector;
        selectors[6] = World.pause.selector;
        selectors[7] = World.join.selector;
        selectors[8] = World.depart.selector;
        selectors[9] = World.withdraw.selector;
        selectors[10] = World.equivocate.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(world), selectors);
    }

    /// @dev One function for all six: each would otherwise replay the same calls for itself.
    function invariant_books() public {
        _supplyIsMintedMinusRetired();
        _mintedStaysBelowTheCeilingOfFinalEpochs();
        _eachNodeIsPaidItsHighestClaimAndNoMore();
        _stakeIsAllThere();
        _tunerOnlyFalls();
        _setTotalIsTheSumOfItsMembers();
    }

    function _supplyIsMintedMinusRetired() private view {
        assertEq(ct02.totalSupply(), (poce.mintedUg() - retirement.retiredUg()) * 1e9);
    }

    function _mintedStaysBelowTheCeilingOfFinalEpochs() private view {
        uint128 ceiling;
        for (uint64 epoch = poce.headEpoch(); epoch > 0; --epoch) {
            (,, uint128 each,, IPoCE.Status status) = poce.epochOf(epoch);
            if (status == IPoCE.Status.Final) {
                ceiling = each;
                break;
            }
        }
        assertTrue(poce.mintedUg() <= ceiling, "minted above the ceiling");
    }

    function _eachNodeIsPaidItsHighestClaimAndNoMore() private view {
        uint256 sum;
        for (uint256 i; i < world.NODES(); ++i) {
            (uint128 ug,) = poce.claimedOf(bytes32(i + 1));
            assertTrue(ug <= world.highestFinal(i), "paid above what was final");
            sum += ug;
        }
        assertEq(sum, poce.mintedUg());
        assertEq(world.replaysPaid(), 0);
        assertTrue(!world.pausedBlocks(), "a claim was paid in a pause");
    }

    function _stakeIsAllThere() private view {
        assertEq(tuner.balanceOf(address(validatorSet)), world.stakesAndExits());
    }

    function _tunerOnlyFalls() private {
        assertTrue(world.noteTunerSupply(), "TUNER was created");
    }

    function _setTotalIsTheSumOfItsMembers() private view {
        (address[] memory signers, uint96[] memory stakes, uint96 total) = validatorSet.membersOf(validatorSet.setId());
        uint256 sum;
        for (uint256 i; i < signers.length; ++i) {
            sum += stakes[i];
            assertTrue(validatorSet.isActive(signers[i]), "a member is not active");
        }
        assertEq(sum, total);
    }
}
