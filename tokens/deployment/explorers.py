"""What does a block explorer ask for, to show the source of a contract? The compiler's input, and the arguments."""

from __future__ import annotations

import json
from pathlib import Path

from cloudtuner.errors import ConfigurationError
from tokens.chain.book import AddressBook
from tokens.contracts.build import source_hash, sources_of, standard_json


def write_explorer_files(book: AddressBook, folder: Path) -> list[Path]:
    """Per contract `name.arguments.txt` (hex) and `name.input.json` (solc's standard JSON); the files written.

    Raises ConfigurationError `contracts.source` when the sources are not here or are other ones than were deployed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, creation in book.creations.items():
        sources = sources_of(creation.contract)
        if source_hash(sources) != creation.source_hash:
            raise ConfigurationError(
                f"{creation.contract} was deployed from sources {creation.source_hash}, here are others.",
                code="contracts.source",
                where=name,
                hint="Take the version of this project that deployed it.",
            )
        stem = name.replace(":", "-")
        arguments, request = folder / f"{stem}.arguments.txt", folder / f"{stem}.input.json"
        arguments.write_text(creation.arguments + "\n", encoding="utf-8")
        request.write_text(json.dumps(standard_json(sources, [creation.contract]), indent=1) + "\n", encoding="utf-8")
        written += [arguments, request]
    return written
