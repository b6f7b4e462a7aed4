"""The Solidity contracts, their forge tests and what was compiled from them."""
