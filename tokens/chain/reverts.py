"""Why did a contract refuse? Revert data in, a readable ChainError with a stable code out."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from cloudtuner.errors import ChainError

from . import artifacts, refusals, refusals_around
from .abi import argument_types, decode_values, selector

_TEXTS = {**refusals.TEXTS, **refusals_around.TEXTS}
_WORDS = {"PoCE": "Poce", "CT02": "Ct02", "ERC": "Erc"}


class ContractRefused(ChainError):
    """A contract reverted. `name` and `arguments` are those of its custom error; the code is
    `chain.revert.` and the name in lower case with underscores.
    """

    def __init__(self, message: str, *, name: str, arguments: dict[str, Any], data: bytes) -> None:
        super().__init__(message, code="chain.revert." + _snake(name))
        self.name = name
        self.arguments = arguments
        self.data = data


def revert_error(data: bytes) -> ChainError:
    """The error that revert data means: a custom error of ours or of OpenZeppelin, a reason text, or a panic."""
    if data[:4] == selector("Error(string)"):
        return ContractRefused(f"refused: {_decoded(('string',), data)[0]}", name="Error", arguments={}, data=data)
    if data[:4] == selector("Panic(uint256)"):
        number = _decoded(("uint256",), data)[0]
        return ContractRefused(f"the contract stopped with panic 0x{number:02x}.", name="Panic", arguments={}, data=data)
    known = _errors().get(data[:4])
    if known is None:
        return ContractRefused(f"refused with unknown data 0x{data[:36].hex()}.", name="Unknown", arguments={}, data=data)
    name, signature, names = known
    values = [_shown(value) for value in _decoded(argument_types(signature), data)]
    arguments = dict(zip(names, values, strict=True))
    text = _TEXTS.get(name)
    detail = ", ".join(f"{key} = {value}" for key, value in arguments.items())
    message = text.format(**arguments) if text else f"{name}({detail})"
    return ContractRefused(message, name=name, arguments=arguments, data=data)


@cache
def _errors() -> dict[bytes, tuple[str, str, tuple[str, ...]]]:
    found = {}
    for artifact in artifacts.load_all():
        for entry in artifact.abi:
            if entry["type"] == "error":
                signature = artifacts.signature_of(entry)
                names = tuple(item["name"] or str(place) for place, item in enumerate(entry["inputs"]))
                found[selector(signature)] = (entry["name"], signature, names)
    return found


def _decoded(types: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    return decode_values(types, data[4:])


def _shown(value: Any) -> Any:
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _snake(name: str) -> str:
    for written, word in _WORDS.items():
        name = name.replace(written, word)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
