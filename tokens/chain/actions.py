"""A call of one of our contracts in one line of text: `node_registry.setProvider:oci,true`.

What owners propose, sign in a Safe, or read before they do. The function's types are those of the compiled contract.
"""

from __future__ import annotations

from typing import Any

from cloudtuner.errors import ConfigurationError, ProofError
from emissions.poce.hexes import bytes32, normal_address

from . import artifacts
from .abi import encode_call
from .book import AddressBook
from .client import Call
from .creations import contract_of


def parse_action(book: AddressBook, text: str) -> Call:
    """The call that `contract.function:argument,argument` means, contracts by their names in the address book.

    Raises ConfigurationError `chain.action` naming the contract, the function or the argument that is not understood.
    """
    head, _, rest = text.partition(":")
    name, _, function = head.partition(".")
    address = book.contracts.get(name) or (book.creations[name].address if name in book.creations else None)
    if address is None:
        known = ", ".join(dict.fromkeys([*book.contracts, *book.creations]))
        raise _fault(text, f"the address book has no {name!r}", f"It has {known}.")
    given = rest.split(",") if rest else []
    entries = [entry for entry in artifacts.load(contract_of(name)).abi if _is_action(entry) and entry["name"] == function]
    fitting = [entry for entry in entries if len(entry["inputs"]) == len(given)]
    if not fitting:
        hint = " or ".join(artifacts.signature_of(entry) for entry in entries) or f"{name} has no function of this name."
        raise _fault(text, f"{function!r} does not take {len(given)} arguments", hint)
    values = tuple(_value(text, item, argument) for item, argument in zip(fitting[0]["inputs"], given, strict=True))
    return Call(address, encode_call(artifacts.signature_of(fitting[0]), values))


def _is_action(entry: dict[str, Any]) -> bool:
    """Whether an ABI entry is a function that changes something and takes no coins."""
    return (entry["type"], entry.get("stateMutability")) == ("function", "nonpayable")


def _value(text: str, item: dict[str, Any], argument: str) -> Any:
    kind, argument = item["type"], argument.strip()
    try:
        if kind == "address":
            return normal_address(argument)
        if kind == "bytes32":
            return bytes32(argument)
        if kind == "bool":
            return {"true": True, "false": False}[argument]
        if kind == "string":
            return argument
        if kind.startswith("uint") and "[" not in kind:
            number = int(argument)
            if 0 <= number < 1 << int(kind.removeprefix("uint")):
                return number
    except (KeyError, ValueError, ProofError) as error:
        raise _fault(text, f"{argument!r} is no {kind} for {item['name']!r}", str(error)) from error
    raise _fault(text, f"{argument!r} cannot be taken as {kind} for {item['name']!r}", "Make this call by other means.")


def _fault(text: str, what: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"{what} in the action {text!r}.", code="chain.action", hint=hint)
