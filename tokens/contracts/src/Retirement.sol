// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {ICT02} from "./interfaces/ICT02.sol";
import {IERC5192} from "./interfaces/IERC5192.sol";
import {IRetirement} from "./interfaces/IRetirement.sol";

/// @title Retirement: takes CT02 out of circulation for good and gives the beneficiary a certificate token.
/// @notice The only way to burn CT02, so the register of retirements is complete. A certificate token never moves
/// (ERC-5192) and keeps amount, period and the hash of the claim that was registered before the burn.
/// @dev Nothing here can be paused and nobody owns it. A relayer cannot change a field of what the holder signed.
contract Retirement is ERC721, EIP712, IERC5192, IRetirement {
    using BitMaps for BitMaps.BitMap;

    /// @notice What a holder signs; fields as in docs/protocol.md §8.
    struct Retire {
        address account;
        uint128 amountUg;
        address beneficiary;
        uint64 periodFrom;
        uint64 periodThrough;
        bytes32 claimHash;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice One certificate of a batch.
    struct Order {
        uint128 amountUg;
        address beneficiary;
        uint64 periodFrom;
        uint64 periodThrough;
        bytes32 claimHash;
    }

    /// @dev Two slots. Forty bits hold hours for 125 million years and seconds for 34 thousand.
    struct Record {
        uint128 amountUg;
        uint40 periodFrom;
        uint40 periodThrough;
        uint40 retiredAt;
        bytes32 claimHash;
    }

    bytes32 private constant RETIRE_TYPEHASH = keccak256(
        "Retire(address account,uint128 amountUg,address beneficiary,uint64 periodFrom,uint64 periodThrough,bytes32 claimHash,uint256 nonce,uint256 deadline)"
    );

    /// @notice Base units of CT02 in one microgram.
    uint256 public constant UNITS_PER_UG = 1e9;

    /// @notice The token that is retired here.
    ICT02 public immutable ct02;

    uint64 private _count;
    uint192 private _retiredUg;
    mapping(uint256 id => Record) private _records;
    mapping(address account => BitMaps.BitMap) private _usedNonces;

    /// @notice `amountUg` micrograms of `account` were retired for `beneficiary`; `id` is the certificate token.
    event Retired(
        uint256 indexed id,
        address indexed account,
        address indexed beneficiary,
        uint256 amountUg,
        uint64 periodFrom,
        uint64 periodThrough,
        bytes32 claimHash
    );

    /// @notice A signature's nonce was given up by its account.
    event NonceCancelled(address indexed account, uint256 nonce);

    /// @notice `amountUg` micrograms of `account` were retired for `beneficiary` without a certificate token.
    event RetiredWithoutCertificate(
        address indexed account,
        address indexed beneficiary,
        uint256 amountUg,
        uint64 periodFrom,
        uint64 periodThrough,
        bytes32 claimHash
    );

    /// @notice Nothing is to be retired.
    error RetirementZeroAmount();

    /// @notice The period ends before it begins, or is out of range.
    error RetirementBadPeriod(uint64 periodFrom, uint64 periodThrough);

    /// @notice The hash of the registered claim is missing.
    error RetirementMissingClaim();

    /// @notice The signature was valid until `deadline`.
    error RetirementExpired(uint256 deadline);

    /// @notice The nonce was used or cancelled.
    error RetirementNonceUsed(address account, uint256 nonce);

    /// @notice The account did not sign this.
    error RetirementBadSignature(address account);

    /// @notice Certificate tokens do not move.
    error RetirementSoulbound();

    constructor(address ct02_) ERC721("CloudTuner retirement record", "CT02R") EIP712("CloudTuner", "1") {
        ct02 = ICT02(ct02_);
    }

    /// @notice Retires `amountUg` micrograms of the caller. Hours are UTC and both included.
    /// @return id The certificate token, given to `beneficiary`.
    function retire(uint128 amountUg, address beneficiary, uint64 periodFrom, uint64 periodThrough, bytes32 claimHash)
        external
        returns (uint256 id)
    {
        id = _certify(msg.sender, Order(amountUg, beneficiary, periodFrom, periodThrough, claimHash));
        ct02.burnForRetirement(msg.sender, uint256(amountUg) * UNITS_PER_UG);
    }

    /// @notice Retires for many certificates at once, all of the caller's; one burn for the sum.
    /// @return firstId The first certificate token; the others follow it.
    function retireBatch(Order[] calldata orders) external returns (uint256 firstId) {
        firstId = uint256(_count) + 1;
        uint256 sumUg;
        for (uint256 i; i < orders.length; ++i) {
            _certify(msg.sender, orders[i]);
            sumUg += orders[i].amountUg;
        }
        if (sumUg == 0) revert RetirementZeroAmount();
        ct02.burnForRetirement(msg.sender, sumUg * UNITS_PER_UG);
    }

    /// @inheritdoc IRetirement
    function retireWithoutCertificate(
        uint128 amountUg,
        address beneficiary,
        uint64 periodFrom,
        uint64 periodThrough,
        bytes32 claimHash
    ) external {
        _requireOrder(amountUg, periodFrom, periodThrough);
        if (beneficiary == address(0)) revert ERC721InvalidReceiver(beneficiary);
        unchecked {
            // A sum of 2^192 micrograms is out of reach: it is bounded by CT02's supply.
            _retiredUg += amountUg;
        }
        emit RetiredWithoutCertificate(msg.sender, beneficiary, amountUg, periodFrom, periodThrough, claimHash);
        ct02.burnForRetirement(msg.sender, uint256(amountUg) * UNITS_PER_UG);
    }

    /// @notice Retires by the holder's signature over every field (a key's, or a contract's by ERC-1271). Anyone may
    /// send it. Nonces have no order: any number that was not used will do.
    function retireBySig(Retire calldata request, bytes calldata signature) external returns (uint256 id) {
        if (block.timestamp > request.deadline) revert RetirementExpired(request.deadline);
        _useNonce(request.account, request.nonce);
        bytes32 structHash = keccak256(
            abi.encode(
                RETIRE_TYPEHASH,
                request.account,
                request.amountUg,
                request.beneficiary,
                request.periodFrom,
                request.periodThrough,
                request.claimHash,
                request.nonce,
                request.deadline
            )
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(request.account, _hashTypedDataV4(structHash), signature)) {
            revert RetirementBadSignature(request.account);
        }
        id = _certify(
            request.account,
            Order(
                request.amountUg, request.beneficiary, request.periodFrom, request.periodThrough, request.claimHash
            )
        );
        ct02.burnForRetirement(request.account, uint256(request.amountUg) * UNITS_PER_UG);
    }

    /// @notice Gives up a nonce, so that a signature with it is worthless.
    function cancelNonce(uint256 nonce) external {
        _useNonce(msg.sender, nonce);
        emit NonceCancelled(msg.sender, nonce);
    }

    /// @notice Whether a nonce of an account was used or cancelled.
    function nonceUsed(address account, uint256 nonce) external view returns (bool) {
        return _usedNonces[account].get(nonce);
    }

    /// @notice How many retirements there are; ids run from 1 to this.
    function retirementCount() external view returns (uint256) {
        return _count;
    }

    /// @notice Micrograms retired by everybody.
    function retiredUg() external view returns (uint256) {
        return _retiredUg;
    }

    /// @notice What a certificate token stands for. `retiredAt` in unix seconds.
    function recordOf(uint256 id)
        external
        view
        returns (
            uint128 amountUg,
            uint64 periodFrom,
            uint64 periodThrough,
            uint64 retiredAt,
            bytes32 claimHash,
            address beneficiary
        )
    {
        beneficiary = _requireOwned(id);
        Record storage record = _records[id];
        return
            (record.amountUg, record.periodFrom, record.periodThrough, record.retiredAt, record.claimHash, beneficiary);
    }

    /// @notice The EIP-712 domain separator that signatures are made for.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IERC5192
    function locked(uint256 id) external view returns (bool) {
        _requireOwned(id);
        return true;
    }

    /// @notice The record as a self-contained JSON document: it depends on no server.
    function tokenURI(uint256 id) public view override returns (string memory) {
        _requireOwned(id);
        Record storage record = _records[id];
        bytes memory json = abi.encodePacked(
            '{"name":"CloudTuner retirement record ',
            Strings.toString(id),
            '","description":"Estimated CO2e emissions of cloud use, recorded as CT02 and retired. Not a carbon credit.",',
            '"amount_ug":"',
            Strings.toString(record.amountUg),
            '","period_from_hour":',
            Strings.toString(record.periodFrom),
            ',"period_through_hour":',
            Strings.toString(record.periodThrough),
            ',"claim_hash":"',
            Strings.toHexString(uint256(record.claimHash), 32),
            '"}'
        );
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    /// @inheritdoc ERC721
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IERC5192).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @notice Refused: what never moves needs no approval.
    function approve(address, uint256) public pure override {
        revert RetirementSoulbound();
    }

    /// @notice Refused: what never moves needs no approval.
    function setApprovalForAll(address, bool) public pure override {
        revert RetirementSoulbound();
    }

    /// @dev Tokens come into being and stay.
    function _update(address to, uint256 id, address auth) internal override returns (address) {
        address from = super._update(to, id, auth);
        if (from != address(0)) revert RetirementSoulbound();
        return from;
    }

    function _useNonce(address account, uint256 nonce) private {
        BitMaps.BitMap storage used = _usedNonces[account];
        if (used.get(nonce)) revert RetirementNonceUsed(account, nonce);
        used.set(nonce);
    }

    function _requireOrder(uint128 amountUg, uint64 periodFrom, uint64 periodThrough) private pure {
        if (amountUg == 0) revert RetirementZeroAmount();
        if (periodFrom > periodThrough || periodThrough > type(uint40).max) {
            revert RetirementBadPeriod(periodFrom, periodThrough);
        }
    }

    /// @dev Everything but the burn, which the caller does right after: it reverts all when the account has too little.
    function _certify(address account, Order memory order) private returns (uint256 id) {
        _requireOrder(order.amountUg, order.periodFrom, order.periodThrough);
        if (order.claimHash == 0) revert RetirementMissingClaim();
        unchecked {
            // A count of 2^64 and a sum of 2^192 micrograms are out of reach: the sum is bounded by CT02's supply.
            id = ++_count;
            _retiredUg += order.amountUg;
        }
        _records[id] = Record(
            order.amountUg,
            uint40(order.periodFrom),
            uint40(order.periodThrough),
            uint40(block.timestamp),
            order.claimHash
        );
        // _mint, not _safeMint: the beneficiary's code is never called, and a contract without a hook can be named.
        _mint(order.beneficiary, id);
        emit Locked(id);
        emit Retired(
            id, account, order.beneficiary, order.amountUg, order.periodFrom, order.periodThrough, order.claimHash
        );
    }
}
