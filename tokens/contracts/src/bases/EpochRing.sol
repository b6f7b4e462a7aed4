// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoCE} from "../interfaces/IPoCE.sol";

/// @title EpochRing: the last 32 epochs, and where each stands.
/// @notice Storage does not grow: epoch e takes the place of epoch e - 32. That is safe since only the newest final epoch
/// pays: epochs are at least `epochGap` apart and 30 gaps outlast a window, so what is overwritten was final and is not
/// the newest one. What was posted stays in the events. Whoever reads a record checks its number first.
abstract contract EpochRing is IPoCE {
    /// @dev Three slots.
    struct Epoch {
        bytes32 root;
        uint88 ceilingUg;
        uint32 throughHour;
        uint40 reportedAt;
        uint32 number;
        uint32 signers;
        uint32 setId;
        address submitter;
    }

    /// @notice How many epochs are kept.
    uint64 public constant KEPT = 32;

    /// @dev The number of a place that has no epoch yet, or whose epoch was rejected; no epoch has it.
    uint32 private constant VACANT = type(uint32).max;

    /// @notice Seconds from a report to its being final.
    uint64 public immutable window;

    /// @notice Seconds between two reports, at least.
    uint64 public immutable epochGap;

    Epoch[KEPT] private _ring;

    constructor(uint64 window_, uint64 epochGap_) {
        if (epochGap_ == 0 || uint256(epochGap_) * (KEPT - 2) < window_) revert PoCEBadWindow(window_, epochGap_);
        window = window_;
        epochGap = epochGap_;
        // Every place is written once now, so that no report pays for a fresh slot. Place 0 begins as epoch 0.
        for (uint256 i; i < KEPT; ++i) {
            Epoch storage record = _ring[i];
            record.root = bytes32(uint256(1));
            record.setId = 1;
            record.submitter = address(1);
            if (i != 0) record.number = VACANT;
        }
    }

    /// @notice The highest epoch that was reported and not rejected, final or not.
    function headEpoch() public view returns (uint64 head) {
        for (uint256 i; i < KEPT; ++i) {
            uint32 number = _ring[i].number;
            if (number != VACANT && number > head) head = number;
        }
    }

    /// @notice What is kept of an epoch; zeros for one that was not reported, was rejected, or is older than the last 32.
    /// `reportedAt` in unix seconds.
    function epochOf(uint64 epoch)
        external
        view
        returns (bytes32 root, uint64 throughHour, uint128 ceilingUg, uint64 reportedAt, Status status)
    {
        Epoch storage record = _at(epoch);
        if (epoch == 0 || record.number != epoch) return (0, 0, 0, 0, Status.None);
        status = _isFinal(record) ? Status.Final : Status.Reported;
        return (record.root, record.throughHour, record.ceilingUg, record.reportedAt, status);
    }

    /// @notice Who attested a kept epoch: the version of the validator set, a bit for each signer's place in it (none once
    /// fees were settled), and who posted it.
    function attestationOf(uint64 epoch) public view returns (uint32 setId, uint32 signers, address submitter) {
        Epoch storage record = _at(epoch);
        if (epoch == 0 || record.number != epoch) return (0, 0, address(0));
        return (record.setId, record.signers, record.submitter);
    }

    /// @dev The place of an epoch, whatever stands there.
    function _at(uint64 epoch) internal view returns (Epoch storage) {
        return _ring[epoch % KEPT];
    }

    /// @dev The epoch before the one to be reported; reverts unless that is the next one and it is time.
    function _before(uint64 epoch) internal view returns (Epoch storage previous) {
        // Epochs follow each other without gaps: this one is not there yet, the one before is. Place 0 begins as epoch 0.
        if (epoch == 0 || epoch >= VACANT || _at(epoch).number == epoch || _at(epoch - 1).number != epoch - 1) {
            revert PoCEWrongEpoch(headEpoch() + 1, epoch);
        }
        previous = _at(epoch - 1);
        uint256 earliest = uint256(previous.reportedAt) + epochGap;
        if (block.timestamp < earliest) revert PoCETooSoon(earliest);
    }

    function _keep(Epoch memory record) internal {
        _ring[record.number % KEPT] = record;
    }

    /// @dev An epoch that stands.
    function _standing(uint64 epoch) internal view returns (Epoch storage record) {
        record = _at(epoch);
        if (epoch == 0 || record.number != epoch) revert PoCENotPending(epoch);
    }

    /// @dev An epoch that stands and is not final.
    function _pending(uint64 epoch) internal view returns (Epoch storage record) {
        record = _standing(epoch);
        if (_isFinal(record)) revert PoCENotPending(epoch);
    }

    /// @dev The epoch, if it is final and the next one is not.
    function _newestFinal(uint64 epoch) internal view returns (Epoch storage record) {
        record = _at(epoch);
        if (epoch == 0 || record.number != epoch || !_isFinal(record)) revert PoCENotFinal(epoch);
        Epoch storage next = _at(epoch + 1);
        if (next.number == epoch + 1 && _isFinal(next)) revert PoCENotNewest(epoch);
    }

    /// @dev Takes an epoch and every later one away.
    function _reject(uint64 epoch, Reason reason) internal {
        for (uint64 each = epoch; _at(each).number == each; ++each) {
            Epoch storage record = _at(each);
            emit EpochRejected(each, record.root, reason);
            record.number = VACANT;
        }
    }

    function _isFinal(Epoch storage record) internal view returns (bool) {
        return block.timestamp >= uint256(record.reportedAt) + window;
    }
}
