"""The chain, as the rest of the code sees it: typed reads, calldata, signed transactions, events and proofs.

The only package that talks JSON-RPC. web3 loads late, in `client`; `light` needs the standard library only.
"""
