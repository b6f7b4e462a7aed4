// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";

/// @dev A world whose functions forge calls at random. None of them reverts: what is refused is refused silently, so it
/// counts what came about, and notes what must not happen and can only be seen while it does.
abstract contract Walked {
    /// @dev The first thing that must not happen and did.
    string public broken;

    /// @dev How often each function came to something.
    mapping(bytes4 deed => uint256) public done;

    function _break(string memory what) internal {
        if (bytes(broken).length == 0) broken = what;
    }

    function _did() internal {
        ++done[msg.sig];
    }
}

/// @dev A suite of invariants over one world.
abstract contract Walk is Base {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Walked private _world;
    bytes4[] private _deeds;

    /// @dev `deeds` are the selectors of the world's functions, one after another; one that stands twice is called twice
    /// as often.
    function _walk(Walked world, bytes memory deeds) internal {
        _world = world;
        for (uint256 i; i < deeds.length; i += 4) {
            _deeds.push(bytes4(bytes.concat(deeds[i], deeds[i + 1], deeds[i + 2], deeds[i + 3])));
        }
    }

    /// @dev What forge calls at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_world);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_world), _deeds);
    }

    function _requireUnbroken() internal view {
        assertTrue(bytes(_world.broken()).length == 0, _world.broken());
    }

    /// @dev A walk in which hardly anything came about would prove nothing.
    function afterInvariant() external view {
        uint256 sum;
        for (uint256 i; i < _deeds.length; ++i) {
            sum += _world.done(_deeds[i]);
        }
        assertTrue(sum >= 10, "hardly anything came about");
    }
}
