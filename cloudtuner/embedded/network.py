"""The network on our own chain: accounts with gas, contracts once per chain, the issuer and the trust file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from certificates.document.issuer import create_issuer
from certificates.document.trust import trust_of, write_trust_file
from cloudtuner.embedded.secrets import Keyring
from cloudtuner.errors import ConfigurationError
from emissions.grid.catalog import load_factor_set
from emissions.poce.keys import address_of
from tokens.chain.book import AddressBook
from tokens.chain.client import RpcClient
from tokens.chain.deploy import DeployParameters, ValidatorGrant, deploy
from tokens.chain.endpoint import shown
from tokens.chain.networks import TUNER_UNIT, network_named

STAKE = 1_000_000 * TUNER_UNIT


def ensure_network(
    *,
    rpc_url: str,
    book_path: Path,
    keyring: Keyring,
    fund: Callable[[str], None] | None,
    issuer_dir: Path,
    trust_path: Path,
    registry_url: str,
) -> AddressBook:
    """The address book of this chain; deploys when there is none yet.

    Raises ConfigurationError `chain.other_genesis` when the book belongs to another chain: records would point nowhere.
    """
    client = RpcClient(rpc_url)
    if book_path.exists():
        book = AddressBook.load(book_path)
        if client.genesis_hash() != book.genesis_hash or not client.code(book.poce):
            raise ConfigurationError(
                "the chain is another one than the ledger knows: its genesis block differs, or our contracts are not on it",
                code="chain.other_genesis",
                where=shown(rpc_url),
                hint="Run `cloudtuner doctor`; it says what can be done.",
            )
    else:
        book = _deploy(client, keyring, fund)
        book.save(book_path)
    issuer = create_issuer(issuer_dir)
    write_trust_file(
        trust_path,
        trust_of(
            issuer,
            chain_id=book.chain_id,
            genesis_hash=book.genesis_hash,
            confirmations=book.confirmations,
            contracts=book.contracts,
            registry_url=registry_url,
        ),
    )
    return book


def _deploy(client: RpcClient, keyring: Keyring, fund: Callable[[str], None] | None) -> AddressBook:
    names = [f"validator-{index}" for index in range(1, keyring.validators + 1)]
    address = {name: address_of(keyring.read(name)) for name in ("deployer", "relayer", "registrar", "guardian", *names)}
    if fund:
        for name in ("deployer", "relayer", *names):
            fund(address[name])
    parameters = DeployParameters(
        network=network_named("local"),
        owner=address["deployer"],
        registrar=address["registrar"],
        guardian=address["guardian"],
        treasury=address["deployer"],
        factor_set=load_factor_set().id,
        validators=tuple(ValidatorGrant(staker=address[name], signer=address[name], stake=STAKE) for name in names),
    )
    return deploy(client, keyring.read("deployer"), parameters)
