// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @title CT02: one token records one kilogram of CO2e that was emitted, measured and verified.
/// @notice 18 decimals, so one microgram is 10^9 base units. Transfers are free of fees, lists and switches. Supply
/// rises only through the minters and falls only through Retirement; there is no other way to burn. Transfers can also
/// be signed (ERC-2612 permits, ERC-3009 authorizations).
/// @dev Not upgradeable. A minter is replaced by the owner in two steps with seven days between them, which is how the
/// proof contract can ever be replaced; the Retirement contract is fixed for good.
contract CT02 is ERC20, ERC20Permit, ERC3009, Ownable2Step {
    /// @notice Seconds between the announcement of another minter and the hand-over.
    uint64 public constant MINTER_NOTICE = 7 days;

    /// @notice The only contract that can burn.
    address public immutable retirement;

    /// @notice Whether a contract can mint.
    mapping(address account => bool) public isMinter;

    /// @notice The minter that took over from this one, or zero.
    mapping(address minter => address) public successorOf;

    /// @notice The announced next minter, or zero.
    address public proposedMinter;

    /// @notice When the announced minter may take over (unix seconds), or zero.
    uint64 public minterAcceptableAt;

    /// @notice The minter that the announced one takes over from; zero when it joins the others.
    address public replacedMinter;

    /// @notice Another minter was announced in place of `replaced` (zero: beside the others); it can take over at
    /// `acceptableAt`.
    event MinterProposed(address indexed minter, address indexed replaced, uint64 acceptableAt);

    /// @notice The announcement was withdrawn.
    event MinterProposalCancelled(address indexed minter);

    /// @notice Another contract mints from now on, in place of `previous` (zero: beside the others).
    event MinterChanged(address indexed previous, address indexed minter);

    /// @notice The caller is not a minter.
    error CT02NotMinter(address caller);

    /// @notice The account mints already.
    error CT02AlreadyMinter(address account);

    /// @notice The caller is not the Retirement contract.
    error CT02NotRetirement(address caller);

    /// @notice There is no announced minter.
    error CT02NoProposal();

    /// @notice The notice period ends at `acceptableAt`.
    error CT02TooEarly(uint64 acceptableAt);

    /// @notice An address that must not be zero is zero, or there is no minter.
    error CT02ZeroAddress();

    constructor(address owner_, address[] memory minters, address retirement_)
        ERC20("CloudTuner CO2e record", "CT02")
        ERC20Permit("CloudTuner CO2e record")
        Ownable(owner_)
    {
        if (minters.length == 0 || retirement_ == address(0)) revert CT02ZeroAddress();
        retirement = retirement_;
        for (uint256 i; i < minters.length; ++i) {
            _enter(address(0), minters[i]);
        }
    }

    /// @notice Creates `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        if (!isMinter[msg.sender]) revert CT02NotMinter(msg.sender);
        _mint(to, amount);
    }

    /// @notice Destroys `amount` base units of `from` without an allowance: Retirement has the holder's word.
    function burnForRetirement(address from, uint256 amount) external {
        if (msg.sender != retirement) revert CT02NotRetirement(msg.sender);
        _burn(from, amount);
    }

    /// @notice Announces another minter in place of `replaced`, or beside the others when that is zero. A second
    /// announcement replaces the first and starts the notice anew.
    function proposeMinter(address next, address replaced) external onlyOwner {
        if (next == address(0)) revert CT02ZeroAddress();
        if (isMinter[next]) revert CT02AlreadyMinter(next);
        if (replaced != address(0) && !isMinter[replaced]) revert CT02NotMinter(replaced);
        proposedMinter = next;
        replacedMinter = replaced;
        minterAcceptableAt = uint64(block.timestamp) + MINTER_NOTICE;
        emit MinterProposed(next, replaced, minterAcceptableAt);
    }

    /// @notice Withdraws the announcement.
    function cancelMinter() external onlyOwner {
        address next = proposedMinter;
        if (next == address(0)) revert CT02NoProposal();
        _forgetProposal();
        emit MinterProposalCancelled(next);
    }

    /// @notice Hands minting over after the notice. By the owner, since a contract has no way to ask for it.
    function acceptMinter() external onlyOwner {
        address next = proposedMinter;
        address replaced = replacedMinter;
        if (next == address(0)) revert CT02NoProposal();
        if (block.timestamp < minterAcceptableAt) revert CT02TooEarly(minterAcceptableAt);
        _forgetProposal();
        if (replaced != address(0)) {
            isMinter[replaced] = false;
            successorOf[replaced] = next;
        }
        _enter(replaced, next);
    }

    function _enter(address previous, address next) private {
        if (next == address(0)) revert CT02ZeroAddress();
        if (isMinter[next]) revert CT02AlreadyMinter(next);
        isMinter[next] = true;
        emit MinterChanged(previous, next);
    }

    function _forgetProposal() private {
        proposedMinter = address(0);
        replacedMinter = address(0);
        minterAcceptableAt = 0;
    }
}
