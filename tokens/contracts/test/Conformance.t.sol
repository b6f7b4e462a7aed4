// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Base} from "./Base.sol";

/// @dev What ERC-20, ERC-2612 and ERC-3009 promise, asked of both tokens.
abstract contract TokenConformance is Base {
    uint256 internal constant ALICE_KEY = 0xA11CE5;
    address internal constant BOB = address(0xB0B);
    address internal constant CAROL = address(0xCA401);
    uint256 internal constant AMOUNT = 100e18;
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    address internal alice;
    IERC20 internal token;

    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    string private constant FIELDS =
        "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)";

    /// @dev The token, and a hundred of it in alice's wallet.
    function _token() internal virtual returns (IERC20);

    function setUp() public override {
        super.setUp();
        alice = vm.addr(ALICE_KEY);
        token = _token();
    }

    // --- ERC-20 ---

    function testFuzz_transfer__anyAmount__movesExactlyIt(uint256 amount) public {
        uint256 supply = token.totalSupply();
        vm.prank(alice);
        if (amount > AMOUNT) vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        bool moved = token.transfer(BOB, amount);
        if (amount > AMOUNT) return;
        assertTrue(moved, "transfer");
        assertEq(token.balanceOf(BOB), amount);
        assertEq(token.balanceOf(alice), AMOUNT - amount);
        assertEq(token.totalSupply(), supply);
    }

    function test_transfer__toSelfOrNothing__changesNothing() public {
        vm.prank(alice);
        token.transfer(alice, AMOUNT);
        vm.prank(alice);
        token.transfer(BOB, 0);
        assertEq(token.balanceOf(alice), AMOUNT);
        assertEq(token.balanceOf(BOB), 0);
    }

    function test_transfer__toZero__reverts() public {
        vm.prank(alice);
        vm.expectPartialRevert(IERC20Errors.ERC20InvalidReceiver.selector);
        token.transfer(address(0), 1);
    }

    function testFuzz_transferFrom__allowance__isUsedUp(uint256 allowed, uint256 amount) public {
        vm.prank(alice);
        token.approve(BOB, allowed);
        assertEq(token.allowance(alice, BOB), allowed);
        vm.prank(BOB);
        bool refused = amount > allowed || amount > AMOUNT;
        (bool moved,) = address(token).call(abi.encodeCall(token.transferFrom, (alice, CAROL, amount)));
        assertTrue(moved != refused, "allowance");
        if (refused) return;
        assertEq(token.allowance(alice, BOB), allowed == type(uint256).max ? allowed : allowed - amount);
        assertEq(token.balanceOf(CAROL), amount);
    }

    function test_metadata__eighteenDecimals() public view {
        (bool asked, bytes memory answer) = address(token).staticcall(abi.encodeWithSignature("decimals()"));
        assertTrue(asked, "decimals");
        assertEq(abi.decode(answer, (uint256)), 18);
    }

    // --- ERC-2612 ---

    function _permit(uint256 key, uint256 nonce, uint256 deadline, bytes32 separator)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 structHash = keccak256(abi.encode(PERMIT, alice, BOB, AMOUNT, nonce, deadline));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", separator, structHash)));
    }

    function test_permit__signed__onceAndInTimeAndByTheOwner() public {
        IERC20Permit permit = IERC20Permit(address(token));
        uint256 deadline = block.timestamp + 60;
        bytes32 separator = permit.DOMAIN_SEPARATOR();
        (uint8 v, bytes32 r, bytes32 s) = _permit(0xBAD, 0, deadline, separator);
        vm.expectPartialRevert(bytes4(keccak256("ERC2612InvalidSigner(address,address)")));
        permit.permit(alice, BOB, AMOUNT, deadline, v, r, s);
        (v, r, s) = _permit(ALICE_KEY, 0, deadline, separator);
        vm.expectPartialRevert(bytes4(keccak256("ECDSAInvalidSignatureS(bytes32)")));
        permit.permit(alice, BOB, AMOUNT, deadline, v == 27 ? 28 : 27, r, bytes32(ORDER - uint256(s)));
        uint256 state = vm.snapshotState();
        vm.warp(deadline + 1);
        vm.expectPartialRevert(bytes4(keccak256("ERC2612ExpiredSignature(uint256)")));
        permit.permit(alice, BOB, AMOUNT, deadline, v, r, s);
        vm.revertToState(state);
        permit.permit(alice, BOB, AMOUNT, deadline, v, r, s);
        assertEq(token.allowance(alice, BOB), AMOUNT);
        assertEq(permit.nonces(alice), 1);
        vm.expectPartialRevert(bytes4(keccak256("ERC2612InvalidSigner(address,address)")));
        permit.permit(alice, BOB, AMOUNT, deadline, v, r, s);
    }

    function test_permit__afterTheChainSplit__otherChainsSignatureIsWorthless() public {
        IERC20Permit permit = IERC20Permit(address(token));
        bytes32 separator = permit.DOMAIN_SEPARATOR();
        (uint8 v, bytes32 r, bytes32 s) = _permit(ALICE_KEY, 0, block.timestamp, separator);
        vm.chainId(31338);
        assertTrue(permit.DOMAIN_SEPARATOR() != separator, "the separator ignores the chain");
        vm.expectPartialRevert(bytes4(keccak256("ERC2612InvalidSigner(address,address)")));
        permit.permit(alice, BOB, AMOUNT, block.timestamp, v, r, s);
    }

    // --- ERC-3009 ---

    function _authorize(string memory kind, uint256 key, bytes32 nonce)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 typeHash = keccak256(bytes.concat(bytes(kind), bytes(FIELDS)));
        bytes32 structHash = keccak256(abi.encode(typeHash, alice, BOB, AMOUNT, 0, block.timestamp + 60, nonce));
        bytes32 separator = IERC20Permit(address(token)).DOMAIN_SEPARATOR();
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", separator, structHash)));
    }

    function test_authorization__signed__anybodySendsItOnce() public {
        IERC3009 signedToken = IERC3009(address(token));
        uint256 before = block.timestamp + 60;
        bytes32 nonce = keccak256("any number");
        (uint8 v, bytes32 r, bytes32 s) = _authorize("TransferWithAuthorization", 0xBAD, nonce);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
        signedToken.transferWithAuthorization(alice, BOB, AMOUNT, 0, before, nonce, v, r, s);
        (v, r, s) = _authorize("TransferWithAuthorization", ALICE_KEY, nonce);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
        signedToken.transferWithAuthorization(alice, CAROL, AMOUNT, 0, before, nonce, v, r, s);
        uint256 state = vm.snapshotState();
        vm.warp(before);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidAuthorizationTime.selector);
        signedToken.transferWithAuthorization(alice, BOB, AMOUNT, 0, before, nonce, v, r, s);
        vm.revertToState(state);
        vm.prank(CAROL);
        signedToken.transferWithAuthorization(alice, BOB, AMOUNT, 0, before, nonce, v, r, s);
        assertEq(token.balanceOf(BOB), AMOUNT);
        assertTrue(signedToken.authorizationState(alice, nonce), "the nonce is used");
        vm.expectPartialRevert(ERC3009.ERC3009UsedAuthorization.selector);
        signedToken.transferWithAuthorization(alice, BOB, AMOUNT, 0, before, nonce, v, r, s);
    }

    function test_authorization__toReceive__onlyByTheReceiver() public {
        IERC3009 signedToken = IERC3009(address(token));
        uint256 before = block.timestamp + 60;
        (uint8 v, bytes32 r, bytes32 s) = _authorize("ReceiveWithAuthorization", ALICE_KEY, "n");
        vm.prank(CAROL);
        vm.expectPartialRevert(IERC20Errors.ERC20InvalidReceiver.selector);
        signedToken.receiveWithAuthorization(alice, BOB, AMOUNT, 0, before, "n", v, r, s);
        vm.prank(BOB);
        signedToken.receiveWithAuthorization(alice, BOB, AMOUNT, 0, before, "n", v, r, s);
        assertEq(token.balanceOf(BOB), AMOUNT);
    }

    function test_authorization__cancelled__isWorthless() public {
        bytes32 typeHash = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
        bytes32 separator = IERC20Permit(address(token)).DOMAIN_SEPARATOR();
        bytes32 structHash = keccak256(abi.encode(typeHash, alice, bytes32("n")));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, keccak256(abi.encodePacked(hex"1901", separator, structHash)));
        IERC3009Cancel(address(token)).cancelAuthorization(alice, "n", v, r, s);
        (v, r, s) = _authorize("TransferWithAuthorization", ALICE_KEY, "n");
        vm.expectPartialRevert(ERC3009.ERC3009UsedAuthorization.selector);
        IERC3009(address(token)).transferWithAuthorization(alice, BOB, AMOUNT, 0, block.timestamp + 60, "n", v, r, s);
    }
}

contract CT02ConformanceTest is TokenConformance {
    function _token() internal override returns (IERC20) {
        _fund("node", alice, uint128(AMOUNT / 1e9));
        return IERC20(address(ct02));
    }
}

contract TunerConformanceTest is TokenConformance {
    function _token() internal override returns (IERC20) {
        tuner.transfer(alice, AMOUNT);
        return IERC20(address(tuner));
    }
}

/// @dev Interface ids and clocks by their standards.
contract StandardsTest is Base {
    function test_retirement__interfaces__ercs165And721And5192() public view {
        bytes4[4] memory ids = [bytes4(0x01ffc9a7), bytes4(0x80ac58cd), bytes4(0x5b5e139f), bytes4(0xb45a3c0e)];
        for (uint256 i; i < ids.length; ++i) {
            assertTrue(retirement.supportsInterface(ids[i]), "an interface is missing");
        }
        assertTrue(!retirement.supportsInterface(0xffffffff), "ERC-165's impossible id");
    }

    function test_clocks__ofTokenAndStake__agree() public {
        for (uint256 i; i < 3; ++i) {
            vm.warp(block.timestamp + 12 * i);
            assertEq(tuner.clock(), block.timestamp);
            assertEq(validatorSet.clock(), block.timestamp);
        }
        assertTrue(
            keccak256(bytes(tuner.CLOCK_MODE())) == keccak256(bytes(validatorSet.CLOCK_MODE())), "two kinds of clock"
        );
        // ERC-6372's interface id, the exclusive-or of its two selectors.
        assertTrue(tuner.clock.selector ^ tuner.CLOCK_MODE.selector == bytes4(0xda287a1d), "ERC-6372");
    }
}
