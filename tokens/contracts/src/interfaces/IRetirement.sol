// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What other contracts need of Retirement.
interface IRetirement {
    /// @notice Retires `amountUg` micrograms of the caller without a certificate token. No allowance is needed.
    /// @param beneficiary Whom it is for; not zero.
    /// @param periodFrom First hour (UTC, unix seconds / 3600), included.
    /// @param periodThrough Last hour, included.
    /// @param claimHash Hash of a registered claim, or zero.
    function retireWithoutCertificate(
        uint128 amountUg,
        address beneficiary,
        uint64 periodFrom,
        uint64 periodThrough,
        bytes32 claimHash
    ) external;
}
