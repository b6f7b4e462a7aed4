"""Reading the fields of protocol objects out of JSON, with errors that name the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cloudtuner.errors import ProofError

from .hexes import bytes32, normal_address, to_hex

_DECIMAL = re.compile(r"0|-?[1-9][0-9]*")


class Fields:
    """A JSON object being read: every name once, none missing, none left over."""

    def __init__(self, value: object, names: tuple[str, ...], *, what: str) -> None:
        if not isinstance(value, Mapping):
            raise ProofError(f"{what} is not a JSON object.", code="json.shape")
        missing, extra = sorted(set(names) - set(value)), sorted(set(map(str, value)) - set(names))
        if missing or extra:
            told = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"not known: {', '.join(extra[:10])}"] * bool(extra)
            raise ProofError(f"{what}: {'; '.join(told)}.", code="json.shape")
        self._value: Mapping[str, Any] = value
        self._what = what

    def _where(self, name: str) -> str:
        return f"{self._what}.{name}"

    def raw(self, name: str) -> Any:
        return self._value[name]

    def number(self, name: str, *, bits: int = 53) -> int:
        """A JSON whole number, not negative."""
        value = self._value[name]
        if type(value) is not int or not 0 <= value < 2**bits:
            raise ProofError(f"{self._where(name)} is not a whole number below 2^{bits}.", code="json.shape")
        return value

    def quantity(self, name: str, *, bits: int, signed: bool = False) -> int:
        """A decimal string without leading zeros, within the width it has on chain."""
        value = self._value[name]
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value) or len(value) > 80:
            raise ProofError(f"{self._where(name)} is not a decimal string.", code="json.shape")
        number = int(value)
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
        if not low <= number < high:
            raise ProofError(f"{self._where(name)} does not fit {'int' if signed else 'uint'}{bits}.", code="json.shape")
        return number

    def bytes32(self, name: str) -> str:
        return to_hex(bytes32(self._value[name], field=self._where(name)))

    def text(self, name: str) -> str:
        value = self._value[name]
        if not isinstance(value, str) or len(value) > 2000:
            raise ProofError(f"{self._where(name)} is not a text of at most 2,000 letters.", code="json.shape")
        return value

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in allowed:
            raise ProofError(f"{self._where(name)} is {value[:80]!r}, not one of {', '.join(allowed)}.", code="json.shape")
        return value

    def part(self, name: str, names: tuple[str, ...]) -> Fields:
        """The object under a name, itself with exactly these names."""
        return Fields(self._value[name], names, what=self._where(name))

    def has(self, name: str) -> bool:
        """Whether this name is among those it was read with."""
        return name in self._value

    def parts(self, name: str, names: tuple[str, ...], *others: tuple[str, ...]) -> list[Fields]:
        """The list of objects under a name, each with these names or with one of the other sets."""
        value = self._value[name]
        if not isinstance(value, list):
            raise ProofError(f"{self._where(name)} is not a list.", code="json.shape")
        told = [next((each for each in others if isinstance(item, Mapping) and set(each) == set(item)), names) for item in value]
        return [Fields(*pair, what=f"{self._where(name)}[{index}]") for index, pair in enumerate(zip(value, told, strict=True))]

    def hashes(self, name: str) -> tuple[str, ...]:
        """A list of 32-byte hashes."""
        value = self._value[name]
        if not isinstance(value, list):
            raise ProofError(f"{self._where(name)} is not a list.", code="json.shape")
        return tuple(to_hex(bytes32(item, field=f"{self._where(name)}[{index}]")) for index, item in enumerate(value))

    def numbers(self, name: str, *, bits: int) -> tuple[int, ...]:
        """A list of whole numbers, none negative."""
        value = self._value[name]
        if not isinstance(value, list) or not all(type(item) is int and 0 <= item < 2**bits for item in value):
            raise ProofError(f"{self._where(name)} is not a list of whole numbers below 2^{bits}.", code="json.shape")
        return tuple(value)

    def address(self, name: str) -> str:
        """An address, in the EIP-55 spelling; another spelling is refused, since it would be another byte string."""
        value = self._value[name]
        if normal_address(value, field=self._where(name)) != value:
            raise ProofError(f"{self._where(name)} is not in EIP-55 spelling.", code="address.invalid")
        return str(value)
