"""Makes signatures.json with a second implementation: eth_account's EIP-712, its signer, and the protocol's struct texts.

Run: python tests/golden/protocol/make_signatures.py   (a test compares its output with the committed file).
It does not import the code it makes vectors for.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_utils import keccak

HERE = Path(__file__).parent
# The first key of anvil's public development mnemonic: it holds nothing anywhere.
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
WALLETS = ["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]


def word(text: str) -> str:
    return "0x" + sha256(text.encode()).hexdigest()


STRUCTS = {
    "NodeReport": (
        "bytes32 node,uint64 seq,uint64 hourFrom,uint64 hourThrough,uint8 state,uint8 level,bytes32 usageRoot,uint64 lineCount,"
        "int128 energyUwh,int128 operationalUg,int128 embodiedUg,int128 workUwh,int128 scoredUg,uint16 coverageBp,"
        "bytes32 hoursRoot,bytes32 factorSet,bytes32 engine,bytes32 billDigest,bytes32 prev",
        [
            word("node 0"), 1, 484296, 485015, 2, 0, word("usage"), 3, 7000000, 1500000, -12, 6500000, 1400000,
            9731, word("hours"), word("factors"), word("engine"), word("bill"), "0x" + "00" * 32,
        ],
    ),
    "RegisterNode": (
        "bytes32 node,bytes32 provider,address key,address wallet,uint64 firstHour",
        [word("node 0"), "0x" + keccak(b"aws").hex(), WALLETS[0], WALLETS[1], 484296],
    ),
    "EpochHeader": (
        "uint64 epoch,bytes32 root,uint64 throughHour,uint128 totalUg,uint128 ceilingUg,uint256 totalTuner,uint32 leafCount,"
        "bytes32 dataHash,bytes32 factorSet,uint32 setId",
        [1, word("root"), 485015, 2**127, 2**128 - 1, 2**200, 3, word("data"), word("factors"), 4],
    ),
    "Retire": (
        "address account,uint128 amountUg,address beneficiary,uint64 periodFrom,uint64 periodThrough,bytes32 claimHash,"
        "uint256 nonce,uint256 deadline",
        [WALLETS[0], 1499988, WALLETS[1], 484296, 485015, word("claim"), 0, 1800000000],
    ),
}  # fmt: skip

DOMAIN_FIELDS = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


def typed(name: str, members: str, values: list[object]) -> dict[str, object]:
    fields = [dict(zip(("type", "name"), member.split(" "), strict=True)) for member in members.split(",")]
    message = {field["name"]: value for field, value in zip(fields, values, strict=True)}
    signable = encode_typed_data(
        full_message={
            "types": {"EIP712Domain": DOMAIN_FIELDS, name: fields},
            "primaryType": name,
            "domain": {"name": "CloudTuner", "version": "1", "chainId": 31337, "verifyingContract": CONTRACT},
            "message": message,
        }
    )
    digest = keccak(b"\x19" + signable.version + signable.header + signable.body)
    return {
        "struct": f"{name}({members})",
        "values": [str(value) if isinstance(value, int) else value for value in values],
        "domain_separator": "0x" + signable.header.hex(),
        "struct_hash": "0x" + signable.body.hex(),
        "digest": "0x" + digest.hex(),
        "signature": "0x" + Account.sign_message(signable, KEY).signature.hex().removeprefix("0x"),
    }


def request() -> dict[str, object]:
    body = b'{"signer":"x"}'
    text = f"cloudtuner request\nPOST\n/poce/v1/epochs/7/votes\n1800000000\n{sha256(body).hexdigest()}"
    return {
        "method": "POST",
        "path": "/poce/v1/epochs/7/votes",
        "time": 1800000000,
        "body": body.decode(),
        "text": text,
        "signature": "0x" + Account.sign_message(encode_defunct(text=text), KEY).signature.hex().removeprefix("0x"),
    }


def main(folder: Path) -> None:
    vectors = {
        "made_by": "eth_account",
        "key": KEY,
        "address": Account.from_key(KEY).address,
        "chain_id": 31337,
        "verifying_contract": CONTRACT,
        "structs": {name: typed(name, members, values) for name, (members, values) in STRUCTS.items()},
        "request": request(),
    }
    (folder / "signatures.json").write_text(json.dumps(vectors, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
