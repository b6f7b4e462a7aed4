"""Which contract on which chain a report is signed for."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings

from cloudtuner.errors import ConfigurationError, ProofError
from emissions.poce.eip712 import Domain


def report_domain() -> Domain:
    """The EIP-712 domain of NodeReport: NodeRegistry on the chain of the address book.

    Raises ConfigurationError: `chain.not_deployed` while there is no address book, and reports wait until there is one;
    `chain.address_book` for one that cannot be read or holds no address.
    """
    path = Path(settings.ADDRESS_BOOK)
    try:
        book = json.loads(path.read_text(encoding="utf-8"))
        return Domain(int(book["chain_id"]), book["contracts"]["node_registry"])
    except FileNotFoundError as error:
        raise ConfigurationError(
            "there is no address book yet.",
            code="chain.not_deployed",
            where=str(path),
            hint="Deploy the contracts: cloudtuner chain deploy.",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, ProofError) as error:
        raise ConfigurationError(
            f"the address book cannot be read: {error}.",
            code="chain.address_book",
            where=str(path),
            hint="Deploy again or restore it.",
        ) from error
