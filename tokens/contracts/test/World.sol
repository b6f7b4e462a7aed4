// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IPoCE} from "../src/interfaces/IPoCE.sol";
import {Retirement} from "../src/Retirement.sol";
import {Base} from "./Base.sol";
import {Walked} from "./Walk.sol";

/// @dev The epochs that this world posts, honest or not, and its own books of every node's hours.
abstract contract EpochWorld is Base, Walked {
    uint256 public constant NODES = 3;
    uint64 internal constant FIRST_HOUR = 400_000;
    uint128 private constant STEP = 1e12;
    uint256 private constant MOST_FAULTS = 3;

    /// @dev What each hour of a node holds now: an hour is one entry, however often it is restated.
    mapping(uint256 node => mapping(uint64 hour => uint128)) private _hours;
    uint64[3] private _through;
    uint128[3] public cum;
    uint128[3] public high;
    uint128[3] public highestFinal;
    uint256 public faults;
    mapping(uint64 epoch => IPoCE.Leaf[]) internal _leaves;

    function _begin() internal {
        for (uint256 i; i < NODES; ++i) {
            _through[i] = FIRST_HOUR;
            _register(bytes32(i + 1), address(uint160(0x5E7 + i)), _wallet(i), FIRST_HOUR);
        }
    }

    /// @dev New hours for each node, or a restatement of one that there was; then the next epoch, by all validators.
    function attest(uint64[3] calldata amounts, uint8 restate) external {
        for (uint256 i; i < NODES; ++i) {
            bool again = (restate >> i) & 1 == 1;
            uint64 hour = again ? FIRST_HOUR + amounts[i] % (_through[i] - FIRST_HOUR + 1) : ++_through[i];
            uint128 ug = uint128(amounts[i]) % STEP;
            cum[i] = cum[i] - _hours[i][hour] + ug;
            _hours[i][hour] = ug;
            if (cum[i] > high[i]) high[i] = cum[i];
        }
        if (_post(poce.headEpoch() + 1, _honest())) _did();
    }

    /// @dev An epoch with one fault that all validators sign, challenged at once: it must go, and nothing of it be paid.
    function attestWrong(uint8 kind, uint8 which) external {
        if (faults == MOST_FAULTS || _activeKeys().length < 4 || kind % 4 == 3) return;
        uint64 epoch = poce.headEpoch() + 1;
        uint256 i = which % NODES;
        IPoCE.Leaf[] memory leaves = _honest();
        if (kind % 4 == 0) leaves[i].wallet = address(0xBAD);
        if (kind % 4 == 1) (leaves[i].node, leaves[i].cumUg) = (leaves[(i + 1) % 3].node, leaves[i].cumUg + 1);
        if (kind % 4 == 2) (leaves[i].cumUg, leaves[i].cumTuner) = (NODE_HOUR_CAP * 50_000, 0);
        if (!_post(epoch, leaves)) return;
        ++faults;
        _did();
        uint256 supply = tuner.totalSupply();
        uint256 staked = tuner.balanceOf(address(validatorSet));
        vm.prank(address(0xC4A1));
        if (kind % 4 == 0) poce.challengeWallet(epoch, leaves[i], _proof(epoch, i));
        if (kind % 4 == 1) {
            uint256 j = (i + 1) % 3;
            poce.challengeDuplicate(epoch, leaves[i], _proof(epoch, i), leaves[j], _proof(epoch, j));
        }
        if (kind % 4 == 2) poce.challengeOverCap(epoch, leaves[i], _proof(epoch, i));
        if (poce.headEpoch() != epoch - 1) _break("a challenged epoch stands");
        if (_claims(epoch, leaves[i], _proof(epoch, i))) _break("a rejected epoch paid");
        uint256 taken = staked - tuner.balanceOf(address(validatorSet));
        if (supply - tuner.totalSupply() < taken * 9 / 10) _break("slashed stake was not burned");
        delete _leaves[epoch];
    }

    /// @dev Challenges against an honest epoch must fail.
    function challengeHonest(uint8 kind, uint8 which) external {
        uint64 epoch = poce.headEpoch();
        if (epoch == 0 || _leaves[epoch].length == 0) return;
        uint256 i = which % NODES;
        IPoCE.Leaf memory leaf = _leaves[epoch][i];
        bytes32[] memory proof = _proof(epoch, i);
        bytes memory attempt = kind % 3 == 0
            ? abi.encodeCall(poce.challengeWallet, (epoch, leaf, proof))
            : kind % 3 == 1
                ? abi.encodeCall(poce.challengeOverCap, (epoch, leaf, proof))
                : abi.encodeCall(poce.challengeDuplicate, (epoch, leaf, proof, leaf, proof));
        (bool upheld,) = address(poce).call(attempt);
        _did();
        if (upheld) _break("an honest epoch was rejected by a challenge");
    }

    function veto(uint8 back) external {
        uint64 head = poce.headEpoch();
        // Vetoes, pauses, departures and slashes are rare, or nothing would ever be claimed.
        if (back % 8 > 2) return;
        vm.prank(GUARDIAN);
        try poce.veto(head - (head > back % 3 ? back % 3 : 0)) {
            _did();
        } catch {}
    }

    function claim(uint64 epoch, uint8 which, bool twice) external {
        uint64 head = poce.headEpoch();
        if (head == 0) return;
        // Mostly the newest final one, which alone pays; now and then another of the last four.
        if (epoch % 4 == 0) epoch = head - (epoch / 4) % (head < 4 ? head : 4);
        else for (epoch = head; epoch > 1 && !_isFinal(epoch);) --epoch;
        uint256 i = which % NODES;
        if (_leaves[epoch].length == 0) return;
        IPoCE.Leaf memory leaf = _leaves[epoch][i];
        bytes32[] memory proof = _proof(epoch, i);
        if (_isFinal(epoch) && leaf.cumUg > highestFinal[i]) highestFinal[i] = leaf.cumUg;
        bool payable_ = _isFinal(epoch) && !_isFinal(epoch + 1);
        bool waits = block.timestamp < poce.pausedUntil() || block.timestamp < poce.heldUntilOf(leaf.node);
        (uint128 before,) = poce.claimedOf(leaf.node);
        uint256 pool = _openBudget();
        if (_claims(epoch, leaf, proof)) {
            _did();
            if (!payable_) _break("an epoch that is not the newest final one paid");
            if (waits) _break("a claim was paid in a pause or on hold");
            (uint128 paid,) = poce.claimedOf(leaf.node);
            if (paid != (leaf.cumUg > before ? leaf.cumUg : before)) _break("an hour was paid twice or not at all");
            if (twice && _claims(epoch, leaf, proof) && poce.budgetLeft() != 0) _break("a claim was paid twice");
        }
        _closeBudget(pool);
    }

    function settle(uint8 back) external {
        uint64 head = poce.headEpoch();
        if (head == 0) return;
        uint64[] memory epochs = new uint64[](1);
        epochs[0] = head - back % (head < 5 ? head : 5);
        (, uint32 signers,) = poce.attestationOf(epochs[0]);
        bool due = _isFinal(epochs[0]) && signers != 0;
        uint256 pool = _openBudget();
        (bool settled,) = address(poce).call(abi.encodeCall(poce.settleFees, (epochs)));
        if (settled) _did();
        if (settled != due) _break("fees were settled twice, too soon or not at all");
        _closeBudget(pool);
    }

    // --- the budget, kept apart ---

    uint256 private _periodSeen;
    uint256 private _periodMay;
    uint256 private _periodSpent;

    function _openBudget() private returns (uint256 pool) {
        pool = tuner.balanceOf(address(poce));
        uint256 period = block.timestamp / 30 days;
        if (period == _periodSeen) return pool;
        (_periodSeen, _periodMay, _periodSpent) = (period, pool * 141 / 10_000, 0);
    }

    function _closeBudget(uint256 pool) private {
        _periodSpent += pool - tuner.balanceOf(address(poce));
        if (_periodSpent > _periodMay) _break("more TUNER was paid than the period's budget");
    }

    // --- within ---

    function _honest() private view returns (IPoCE.Leaf[] memory leaves) {
        leaves = new IPoCE.Leaf[](NODES);
        for (uint256 i; i < NODES; ++i) {
            leaves[i] = _leaf(bytes32(i + 1), _wallet(i), cum[i]);
            leaves[i].throughHour = _through[i];
        }
    }

    function _post(uint64 epoch, IPoCE.Leaf[] memory leaves) private returns (bool posted) {
        uint128 total;
        uint128 ceiling;
        uint64 last;
        delete _leaves[epoch];
        for (uint256 i; i < NODES; ++i) {
            total += leaves[i].cumUg;
            ceiling += leaves[i].cumUg > high[i] ? leaves[i].cumUg : high[i];
            if (leaves[i].throughHour > last) last = leaves[i].throughHour;
            _leaves[epoch].push(leaves[i]);
        }
        IPoCE.EpochHeader memory header = _header(_root(epoch), total, ceiling);
        header.throughHour = last;
        header.totalTuner = 0;
        bytes memory votes = _votes(poce.headerDigest(header), _activeKeys());
        (posted,) = address(poce).call(abi.encodeCall(poce.report, (header, votes)));
        if (!posted) delete _leaves[epoch];
    }

    function _claims(uint64 epoch, IPoCE.Leaf memory leaf, bytes32[] memory proof) private returns (bool paid) {
        (paid,) = address(poce).call(abi.encodeCall(poce.claim, (epoch, leaf, proof)));
    }

    function _isFinal(uint64 epoch) private view returns (bool) {
        (,,,, IPoCE.Status status) = poce.epochOf(epoch);
        return status == IPoCE.Status.Final;
    }

    function _wallet(uint256 i) internal pure returns (address) {
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

    function _activeKeys() internal view returns (uint256[] memory keys) {
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

/// @dev What holders and validators may do, in any order.
abstract contract PeopleWorld is EpochWorld {
    uint256 public certificates;
    uint256 public certifiedUg;
    uint256 public plainUg;
    mapping(uint256 id => address) public bearerOf;

    // --- holders ---

    function retire(uint8 which, uint64 amountUg, bool certified) external {
        address wallet = _wallet(which % NODES);
        uint256 held = ct02.balanceOf(wallet) / 1e9;
        if (held == 0) return;
        uint128 ug = uint128(1 + amountUg % held);
        vm.prank(wallet);
        // No try: retiring never waits, whatever is paused.
        _did();
        if (certified) {
            uint256 id = retirement.retire(ug, wallet, 1, 2, "claim");
            (certificates, certifiedUg, bearerOf[id]) = (certificates + 1, certifiedUg + ug, wallet);
        } else {
            retirement.retireWithoutCertificate(ug, wallet, 1, 2, 0);
            plainUg += ug;
        }
    }

    function retireBatch(uint8 which, uint32 amountUg) external {
        address wallet = _wallet(which % NODES);
        uint128 ug = uint128(amountUg) + 1;
        if (ct02.balanceOf(wallet) / 1e9 < uint256(ug) * 2) return;
        Retirement.Order[] memory orders = new Retirement.Order[](2);
        orders[0] = orders[1] = Retirement.Order(ug, wallet, 1, 2, "claim");
        vm.prank(wallet);
        uint256 first = retirement.retireBatch(orders);
        _did();
        (bearerOf[first], bearerOf[first + 1]) = (wallet, wallet);
        (certificates, certifiedUg) = (certificates + 2, certifiedUg + uint256(ug) * 2);
    }

    function moveCertificate(uint256 id, uint8 to) external {
        if (certificates == 0) return;
        id = 1 + id % certificates;
        vm.prank(bearerOf[id]);
        try retirement.transferFrom(bearerOf[id], _wallet(to % NODES), id) {
            _break("a certificate moved");
        } catch {}
    }

    function transfer(uint8 from, uint8 to, uint96 amount) external {
        address wallet = _wallet(from % NODES);
        uint256 held = ct02.balanceOf(wallet);
        vm.prank(wallet);
        ct02.transfer(_wallet(to % NODES), held == 0 ? 0 : amount % held);
    }

    // --- validators ---

    function join(uint96 amount) external {
        if (signerKeys.length == 12) return;
        _join(MIN_STAKE + amount % MIN_STAKE);
        _did();
    }

    function depart(uint8 which, bool all) external {
        if (_activeKeys().length <= 3) return;
        address staker = _staker(signerKeys[which % signerKeys.length]);
        (, uint96 stake) = validatorSet.seatOf(staker);
        if (stake == 0) return;
        vm.prank(staker);
        try validatorSet.requestUnstake(all ? stake : stake / 3) {
            _did();
        } catch {}
    }

    function withdraw(uint8 which) external {
        address staker = _staker(signerKeys[which % signerKeys.length]);
        (uint96 amount, uint64 availableAt) = validatorSet.exitOf(staker);
        bool due = amount != 0 && block.timestamp >= availableAt;
        vm.prank(staker);
        (bool paid,) = address(validatorSet).call(abi.encodeCall(validatorSet.withdraw, ()));
        if (paid) _did();
        if (paid != due) _break("a withdrawal came too soon or was kept back");
    }

    function claimFees(uint8 which) external {
        address staker = _staker(signerKeys[which % signerKeys.length]);
        uint256 due = validatorSet.feesOf(staker);
        uint256 before = tuner.balanceOf(staker);
        if (due == 0) return;
        validatorSet.claimFees(staker);
        _did();
        if (tuner.balanceOf(staker) != before + due) _break("fees were not paid as credited");
    }

    function delegate(uint8 which, uint8 to) external {
        vm.prank(_staker(signerKeys[which % signerKeys.length]));
        validatorSet.delegate(to % 4 == 0 ? address(0) : _staker(signerKeys[to % signerKeys.length]));
    }

    function equivocate(uint8 which, bytes32 rootA, bytes32 rootB) external {
        // Leave a quorum in place, so that the run goes on.
        if (_activeKeys().length <= 3 || which % 4 != 0) return;
        uint256 key = signerKeys[which % signerKeys.length];
        IPoCE.EpochHeader memory a = _header(rootA, 1, 1);
        IPoCE.EpochHeader memory b = _header(rootB, 1, 1);
        bytes memory signatureA = _sign(key, poce.headerDigest(a));
        bytes memory signatureB = _sign(key, poce.headerDigest(b));
        uint256 behind = validatorSet.slashableStake(vm.addr(key));
        uint256 all = stakesAndExits();
        vm.prank(address(0xC4A1));
        try poce.slashEquivocation(a, signatureA, b, signatureB) {
            _did();
            if (all - stakesAndExits() != behind) _break("more or less was slashed than the equivocator's stake");
            if (rootA == rootB) _break("one header twice was called an equivocation");
        } catch {}
        vm.prank(address(0xC4A1));
        try poce.slashEquivocation(a, signatureA, b, signatureB) {
            _break("one equivocation was slashed twice");
        } catch {}
    }

    function stakesAndExits() public view returns (uint256 sum) {
        for (uint256 i; i < signerKeys.length; ++i) {
            address staker = _staker(signerKeys[i]);
            (, uint96 stake) = validatorSet.seatOf(staker);
            (uint96 leaving,) = validatorSet.exitOf(staker);
            sum += stake + leaving;
        }
    }

    function feesOwed() external view returns (uint256 sum) {
        for (uint256 i; i < signerKeys.length; ++i) {
            sum += validatorSet.feesOf(_staker(signerKeys[i]));
        }
    }

    function votesOfAll() external view returns (uint256 sum) {
        for (uint256 i; i < signerKeys.length; ++i) {
            sum += validatorSet.getVotes(_staker(signerKeys[i]));
        }
    }
}

/// @dev Everything together: people, time, the guardian, the owner, and strangers who try what only the owner may.
contract World is PeopleWorld {
    struct Sample {
        address account;
        uint256 moment;
        uint256 votes;
        uint64 hour;
        bytes32 factorSet;
    }

    Sample[] private _samples;
    uint256 private _lowestTunerSupply = 1e27;
    uint256 private _proposedAt;
    uint256 public published;

    function everything() external returns (address[6] memory) {
        setUp();
        _begin();
        return [
            address(tuner), address(registry), address(validatorSet), address(ct02), address(poce), address(retirement)
        ];
    }

    function pass(uint16 time, bool days_) external {
        vm.warp(block.timestamp + uint256(time) * (days_ ? 40 : 2));
    }

    function pause(uint32 duration) external {
        if (duration % 8 != 0) return;
        vm.prank(GUARDIAN);
        try poce.pauseMinting(duration % 15 days) {} catch {}
    }

    function hold(uint8 which, uint32 duration, bool release) external {
        if (duration % 8 != 0) return;
        vm.prank(GUARDIAN);
        if (release) poce.releaseNode(bytes32(1 + which % NODES));
        else try poce.holdNode(bytes32(1 + which % NODES), duration % 31 days, "") {} catch {}
    }

    function publish(uint16 ahead) external {
        if (published > 6) return;
        uint64 hour = uint64(block.timestamp / 1 hours) + ahead % 9000;
        try registry.publishFactorSet(keccak256(abi.encode("set", ++published)), hour, "") {
            _did();
            if (ahead % 9000 == 0) _break("a factor set was published for a running hour");
        } catch {}
    }

    function minter(bool propose, address next) external {
        if (propose && next != address(0) && !ct02.isMinter(next)) {
            ct02.proposeMinter(next, address(0));
            _proposedAt = block.timestamp;
            return;
        }
        try ct02.acceptMinter() {
            _did();
            if (block.timestamp < _proposedAt + 7 days) _break("a minter took over before the notice was over");
        } catch {}
    }

    /// @dev Everything that only the owner, PoCE, a minter or Retirement may do, tried by somebody else.
    function strangerTries(uint8 what, address stranger) external {
        if (stranger == address(this) || stranger == GUARDIAN || stranger == address(poce) || ct02.isMinter(stranger)) return;
        address[16] memory targets = [
            address(ct02), address(ct02), address(ct02), address(ct02), address(ct02),
            address(registry), address(registry), address(registry), address(registry), address(registry),
            address(poce), address(poce), address(poce), address(validatorSet), address(validatorSet), address(validatorSet)
        ];
        bytes[16] memory calls = [
            abi.encodeCall(ct02.mint, (stranger, 1)),
            abi.encodeCall(ct02.burnForRetirement, (_wallet(0), 0)),
            abi.encodeCall(ct02.proposeMinter, (stranger, address(poce))),
            abi.encodeCall(ct02.acceptMinter, ()),
            abi.encodeCall(Ownable.transferOwnership, (stranger)),
            abi.encodeCall(registry.setProvider, ("oci", true)),
            abi.encodeCall(registry.setEpochCap, (1)),
            abi.encodeCall(registry.setNodeHourCap, (1)),
            abi.encodeCall(registry.setRegistrar, (stranger)),
            abi.encodeCall(registry.publishFactorSet, ("x", type(uint64).max - 1, "")),
            abi.encodeCall(poce.setRewardParameters, (500, 0, 0)),
            abi.encodeCall(poce.setGuardian, (stranger)),
            abi.encodeCall(poce.holdNode, (bytes32(uint256(1)), 1, "")),
            abi.encodeCall(validatorSet.setMinStake, (1_000e18)),
            abi.encodeCall(validatorSet.renew, ()),
            abi.encodeCall(validatorSet.slash, (vm.addr(signerKeys[0]), stranger))
        ];
        vm.prank(stranger);
        (bool done,) = targets[what % 16].call(calls[what % 16]);
        if (done) _break("a stranger did what only the owner may");
    }

    /// @dev Remembers the votes of a past moment and the factor set of an hour that has begun; both never change.
    function sample(uint8 which, uint16 back) external {
        if (_samples.length >= 12) return;
        address account = _staker(signerKeys[which % signerKeys.length]);
        uint256 moment = block.timestamp - 1 - back;
        uint64 hour = uint64(moment / 1 hours);
        _samples.push(
            Sample(account, moment, validatorSet.getPastVotes(account, moment), hour, registry.factorSetAt(hour))
        );
    }

    function samplesHold() external view returns (bool) {
        for (uint256 i; i < _samples.length; ++i) {
            Sample memory each = _samples[i];
            if (validatorSet.getPastVotes(each.account, each.moment) != each.votes) return false;
            if (registry.factorSetAt(each.hour) != each.factorSet) return false;
        }
        return true;
    }

    function noteTunerSupply() external returns (bool fell) {
        uint256 supply = tuner.totalSupply();
        fell = supply <= _lowestTunerSupply;
        _lowestTunerSupply = supply;
    }
}
