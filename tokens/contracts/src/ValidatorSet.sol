// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {TunerToken} from "./TunerToken.sol";
import {StakeVotes} from "./bases/StakeVotes.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";
import {WordList} from "./libraries/WordList.sol";

/// @title ValidatorSet: who attests, with how much at stake.
/// @notice Anyone may stake TUNER and name the key that signs. At most 31 have a seat: whoever brings more than the
/// smallest takes its place. Each change makes a new version of the set with a frozen list of signers and stakes; a
/// header names the version it was signed under. Stake that leaves stays slashable until it can be withdrawn, and votes
/// until then.
/// @dev Stake never moves by the owner's word: the owner sets the least stake and nothing else.
contract ValidatorSet is IValidatorSet, StakeVotes, Ownable2Step {
    using SafeERC20 for TunerToken;

    /// @dev An active validator: its signing key and its stake, one slot.
    struct Seat {
        address signer;
        uint96 stake;
    }

    /// @dev Stake on its way out.
    struct Exit {
        uint96 amount;
        uint64 availableAt;
    }

    /// @dev A version of the set. Its list holds the total stake, and per member the signer (upper 160 bits) and stake
    /// (lower 96), so that members sort by signer.
    struct Snapshot {
        address list;
        uint64 supersededAt;
    }

    /// @notice No more validators than this, so that a report always fits a block.
    uint256 public constant MAX_VALIDATORS = 31;

    /// @notice The reporter of a fault gets one part in this many of what is taken; the rest is burned.
    uint96 public constant REWARD_PART = 10;

    /// @notice An epoch proved wrong costs each of its signers one part in this many of its stake.
    uint96 public constant FAULT_PART = 5;

    /// @notice No vote can set the least stake below this.
    uint96 public constant LOWEST_MIN_STAKE = 1_000e18;

    /// @notice No vote can set the least stake above this.
    uint96 public constant HIGHEST_MIN_STAKE = 10_000_000e18;

    /// @notice The token at stake.
    TunerToken public immutable tuner;

    /// @notice The only contract that can slash.
    address public immutable poce;

    /// @notice Seconds from asking for stake back to getting it.
    uint64 public immutable unstakeDelay;

    /// @notice Seconds that votes under a superseded version still count; shorter than the unstake delay.
    uint64 public immutable setGrace;

    /// @notice The least stake of a validator, base units.
    uint96 public minStake;

    /// @notice The present version of the set.
    uint32 public setId;

    /// @notice Versions before this one never count again.
    uint32 public floorSetId;

    address[] private _stakers;
    mapping(address staker => Seat) private _seats;
    mapping(address staker => Exit) private _exits;
    mapping(uint32 setId => Snapshot) private _snapshots;

    /// @notice Fees that wait for a validator, base units.
    mapping(address staker => uint256) public feesOf;

    /// @notice Who answers for a signing key, for good: also for keys that were replaced.
    mapping(address signer => address staker) public stakerOf;

    /// @notice Whether a signing key was slashed for equivocation; it can never be used again.
    mapping(address signer => bool) public slashed;

    modifier onlyPoCE() {
        if (msg.sender != poce) revert ValidatorSetNotPoCE(msg.sender);
        _;
    }

    constructor(
        address owner_,
        address tuner_,
        address poce_,
        uint96 minStake_,
        uint64 unstakeDelay_,
        uint64 setGrace_
    ) EIP712("CloudTuner", "1") Ownable(owner_) {
        if (tuner_ == address(0) || poce_ == address(0)) revert ValidatorSetZero();
        if (setGrace_ >= unstakeDelay_) revert ValidatorSetBadDelays();
        tuner = TunerToken(tuner_);
        poce = poce_;
        unstakeDelay = unstakeDelay_;
        setGrace = setGrace_;
        _setMinStake(minStake_);
    }

    // --- staking ---

    /// @notice Puts `amount` of the caller's TUNER at stake for `staker`, which signs with `signer`. A first stake takes
    /// a seat, the smallest one when all are taken; whoever adds to it has to name the signer it has. Others can open a
    /// seat only for an account that signs itself and has nothing on its way out.
    function stake(address staker, uint96 amount, address signer) external {
        if (staker == address(0) || amount == 0) revert ValidatorSetZero();
        Seat storage seat = _seats[staker];
        uint96 sum = seat.stake + amount;
        if (sum < minStake) revert ValidatorSetBelowMinimum(sum, minStake);
        if (seat.stake == 0) {
            // Who holds the key decides what is slashed: nobody else may put a key of its own before another's stake.
            if (msg.sender != staker && (signer != staker || _exits[staker].amount != 0)) {
                revert ValidatorSetNotTheStaker(msg.sender, staker);
            }
            if (_stakers.length == MAX_VALIDATORS) _makeRoom(amount);
            _takeSigner(staker, signer);
            _stakers.push(staker);
            seat.signer = signer;
        } else if (seat.signer != signer) {
            revert ValidatorSetSignerMismatch(seat.signer);
        }
        seat.stake = sum;
        _transferVotingUnits(address(0), staker, amount);
        emit Staked(staker, signer, amount, sum);
        _snapshot();
        tuner.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Takes `amount` of the caller's stake out of the set; it can be withdrawn after the delay. Asking again
    /// starts the delay anew for all of it.
    function requestUnstake(uint96 amount) external {
        Seat storage seat = _seats[msg.sender];
        if (seat.stake == 0) revert ValidatorSetNotStaker(msg.sender);
        if (amount == 0) revert ValidatorSetZero();
        if (amount > seat.stake) revert ValidatorSetBelowMinimum(0, seat.stake);
        uint96 rest = seat.stake - amount;
        if (rest != 0 && rest < minStake) revert ValidatorSetBelowMinimum(rest, minStake);
        seat.stake = rest;
        if (rest == 0) _leave(msg.sender);
        _exit(msg.sender, amount);
        _snapshot();
    }

    /// @notice Pays back what the caller asked for, after the delay.
    function withdraw() external {
        Exit memory exit = _exits[msg.sender];
        if (exit.amount == 0 || block.timestamp < exit.availableAt) revert ValidatorSetCooling(exit.availableAt);
        delete _exits[msg.sender];
        _transferVotingUnits(msg.sender, address(0), exit.amount);
        emit StakeWithdrawn(msg.sender, exit.amount);
        tuner.safeTransfer(msg.sender, exit.amount);
    }

    /// @notice Signs with another key from the next version of the set on. The caller still answers for the old one.
    function setSigner(address signer) external {
        Seat storage seat = _seats[msg.sender];
        if (seat.stake == 0) revert ValidatorSetNotStaker(msg.sender);
        _takeSigner(msg.sender, signer);
        seat.signer = signer;
        emit SignerChanged(msg.sender, signer);
        _snapshot();
    }

    /// @notice Pays a validator its fees. Anyone may send it.
    function claimFees(address staker) external {
        uint256 amount = feesOf[staker];
        if (amount == 0) revert ValidatorSetNoFees(staker);
        feesOf[staker] = 0;
        emit FeesClaimed(staker, amount);
        tuner.safeTransfer(staker, amount);
    }

    /// @notice Sets the least stake, within fixed bounds. By the owner.
    function setMinStake(uint96 minStake_) external onlyOwner {
        _setMinStake(minStake_);
    }

    // --- by PoCE ---

    /// @inheritdoc IValidatorSet
    function slash(address signer, address reporter) external onlyPoCE returns (uint96 amount) {
        address staker = stakerOf[signer];
        amount = _seats[staker].stake + _exits[staker].amount;
        if (amount == 0 || slashed[signer]) revert ValidatorSetNothingAtStake(signer);
        slashed[signer] = true;
        if (_seats[staker].stake != 0) _leave(staker);
        // A staker that signed with another key since loses that key's seat too: the stake is one.
        slashed[_seats[staker].signer] = true;
        delete _seats[staker];
        delete _exits[staker];
        _takeAway(staker, signer, reporter, amount);
        _renew();
        _payOut(reporter, amount, amount / REWARD_PART);
    }

    /// @inheritdoc IValidatorSet
    function slashMembers(uint32 id, uint32 mask, address reporter) external onlyPoCE returns (uint96 amount) {
        uint256[] memory words = WordList.read(_snapshots[id].list);
        uint96 reward;
        for (uint256 i = 1; i < words.length; ++i) {
            if (mask & (1 << (i - 1)) == 0) continue;
            address signer = address(uint160(words[i] >> 96));
            address staker = stakerOf[signer];
            uint96 part = _reduce(staker);
            if (part == 0) continue;
            _takeAway(staker, signer, reporter, part);
            amount += part;
            reward += part / REWARD_PART;
        }
        _renew();
        _payOut(reporter, amount, reward);
    }

    /// @inheritdoc IValidatorSet
    function creditFees(uint32 id, uint32 mask, uint96 amount) external onlyPoCE {
        uint256[] memory words = WordList.read(_snapshots[id].list);
        uint256 agreed;
        for (uint256 i = 1; i < words.length; ++i) {
            if (mask & (1 << (i - 1)) != 0) agreed += uint96(words[i]);
        }
        for (uint256 i = 1; i < words.length; ++i) {
            if (mask & (1 << (i - 1)) == 0) continue;
            address staker = stakerOf[address(uint160(words[i] >> 96))];
            uint96 share = uint96((uint256(amount) * uint96(words[i])) / agreed);
            feesOf[staker] += share;
            emit FeesCredited(staker, share);
        }
    }

    /// @inheritdoc IValidatorSet
    function renew() external onlyPoCE {
        _renew();
    }

    // --- reads ---

    /// @inheritdoc IValidatorSet
    /// @dev Walks signers and members together, both ascending; a signer given twice is not found the second time.
    function weigh(uint32 id, address[] calldata signers)
        external
        view
        returns (uint96 agreed, uint96 totalStake, uint16 count, uint32 mask)
    {
        Snapshot memory snapshot = _snapshots[id];
        bool lapsed = snapshot.supersededAt != 0 && block.timestamp > uint256(snapshot.supersededAt) + setGrace;
        if (id == 0 || id > setId || id < floorSetId || lapsed) revert ValidatorSetStale(id);
        uint256[] memory words = WordList.read(snapshot.list);
        totalStake = uint96(words[0]);
        count = uint16(words.length - 1);
        uint256 place = 1;
        for (uint256 i; i < signers.length; ++i) {
            address signer = signers[i];
            uint256 member;
            do {
                if (place == words.length) revert ValidatorSetNotMember(signer);
                member = words[place++];
            } while (member >> 96 < uint160(signer));
            if (member >> 96 != uint160(signer)) revert ValidatorSetNotMember(signer);
            agreed += uint96(member);
            mask |= uint32(1 << (place - 2));
        }
    }

    /// @notice Signers and stakes of a version, signers ascending.
    function membersOf(uint32 id)
        external
        view
        returns (address[] memory signers, uint96[] memory stakes, uint96 totalStake)
    {
        address list = _snapshots[id].list;
        if (list == address(0)) return (signers, stakes, totalStake);
        uint256[] memory words = WordList.read(list);
        uint256 length = words.length - 1;
        signers = new address[](length);
        stakes = new uint96[](length);
        for (uint256 i; i < length; ++i) {
            signers[i] = address(uint160(words[i + 1] >> 96));
            stakes[i] = uint96(words[i + 1]);
        }
        totalStake = uint96(words[0]);
    }

    /// @notice Whether a key signs for an active validator now.
    function isActive(address signer) external view returns (bool) {
        Seat storage seat = _seats[stakerOf[signer]];
        return seat.signer == signer && seat.stake != 0;
    }

    /// @notice A validator's signing key and stake; zeros when it has no seat.
    function seatOf(address staker) external view returns (address signer, uint96 stake_) {
        Seat storage seat = _seats[staker];
        return seat.stake == 0 ? (address(0), 0) : (seat.signer, seat.stake);
    }

    /// @notice A validator's stake on its way out.
    function exitOf(address staker) external view returns (uint96 amount, uint64 availableAt) {
        Exit storage exit = _exits[staker];
        return (exit.amount, exit.availableAt);
    }

    /// @notice What equivocation by this key would cost now.
    function slashableStake(address signer) external view returns (uint96) {
        if (slashed[signer]) return 0;
        address staker = stakerOf[signer];
        return _seats[staker].stake + _exits[staker].amount;
    }

    // --- within ---

    /// @dev Stake votes for its staker as long as it can be slashed.
    function _getVotingUnits(address account) internal view override returns (uint256) {
        return uint256(_seats[account].stake) + _exits[account].amount;
    }

    function _setMinStake(uint96 minStake_) private {
        if (minStake_ < LOWEST_MIN_STAKE || minStake_ > HIGHEST_MIN_STAKE) {
            revert ValidatorSetBadMinStake(minStake_, LOWEST_MIN_STAKE, HIGHEST_MIN_STAKE);
        }
        minStake = minStake_;
        emit MinStakeChanged(minStake_);
    }

    function _takeSigner(address staker, address signer) private {
        if (signer == address(0)) revert ValidatorSetZero();
        address holder = stakerOf[signer];
        if (slashed[signer] || (holder != address(0) && holder != staker)) revert ValidatorSetSignerTaken(signer);
        stakerOf[signer] = staker;
    }

    /// @dev Sends the smallest seat away if `amount` is more.
    function _makeRoom(uint96 amount) private {
        address staker = _stakers[0];
        for (uint256 i = 1; i < MAX_VALIDATORS; ++i) {
            if (_seats[_stakers[i]].stake < _seats[staker].stake) staker = _stakers[i];
        }
        uint96 smallest = _seats[staker].stake;
        if (amount <= smallest) revert ValidatorSetFull(smallest);
        _seats[staker].stake = 0;
        _leave(staker);
        _exit(staker, smallest);
    }

    function _exit(address staker, uint96 amount) private {
        Exit storage exit = _exits[staker];
        exit.amount += amount;
        exit.availableAt = uint64(block.timestamp) + unstakeDelay;
        emit UnstakeRequested(staker, amount, exit.availableAt);
    }

    function _leave(address staker) private {
        uint256 last = _stakers.length - 1;
        for (uint256 i; i < last; ++i) {
            if (_stakers[i] == staker) {
                _stakers[i] = _stakers[last];
                break;
            }
        }
        // Whoever leaves has a seat, so it was found above or is the last one.
        _stakers.pop();
    }

    /// @dev Takes a fifth of seat and exit; a seat that falls below the minimum is lost, its rest on the way out.
    function _reduce(address staker) private returns (uint96 part) {
        Seat storage seat = _seats[staker];
        Exit storage exit = _exits[staker];
        uint96 ofExit = exit.amount / FAULT_PART;
        exit.amount -= ofExit;
        uint96 ofSeat = seat.stake / FAULT_PART;
        part = ofExit + ofSeat;
        if (ofSeat == 0) return part;
        uint96 rest = seat.stake - ofSeat;
        if (rest < minStake) {
            seat.stake = 0;
            _leave(staker);
            _exit(staker, rest);
        } else {
            seat.stake = rest;
        }
    }

    function _takeAway(address staker, address signer, address reporter, uint96 amount) private {
        _transferVotingUnits(staker, address(0), amount);
        emit Slashed(staker, signer, reporter, amount, amount / REWARD_PART);
    }

    function _payOut(address reporter, uint96 amount, uint96 reward) private {
        if (amount == 0) return;
        tuner.burn(amount - reward);
        tuner.safeTransfer(reporter, reward);
    }

    function _renew() private {
        _snapshot();
        floorSetId = setId;
    }

    /// @dev Freezes the set as it is now under a new number. At most 31 members, so insertion sort is cheap enough.
    function _snapshot() private {
        _snapshots[setId].supersededAt = uint64(block.timestamp);
        uint32 id = ++setId;
        uint256 length = _stakers.length;
        uint256[] memory words = new uint256[](length + 1);
        uint96 totalStake;
        for (uint256 i = 1; i <= length; ++i) {
            Seat memory seat = _seats[_stakers[i - 1]];
            uint256 member = (uint256(uint160(seat.signer)) << 96) | seat.stake;
            uint256 place = i;
            while (place != 1 && words[place - 1] > member) {
                words[place] = words[place - 1];
                --place;
            }
            words[place] = member;
            totalStake += seat.stake;
        }
        words[0] = totalStake;
        _snapshots[id].list = WordList.write(words);
        emit ValidatorSetChanged(id, totalStake, uint16(length));
    }
}
