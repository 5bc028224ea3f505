"""One TOML table while it is read: takes keys with a type and notes every problem instead of stopping at the first."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

REQUIRED: Any = object()
_KINDS: dict[type, str] = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}


@dataclass(slots=True)
class Table:
    """``where`` begins each line of ``problems``: file, then point."""

    table: Mapping[str, Any]
    where: str
    problems: list[str]

    @classmethod
    def of(cls, value: object, where: str, problems: list[str]) -> Table:
        """A table even where the file has something else in its place, which is a problem."""
        if isinstance(value, Mapping):
            return cls(value, where, problems)
        problems.append(f"{where}: {value!r} is no table; write it with [brackets]")
        return cls({}, where, problems)

    def wrong(self, reason: str) -> None:
        self.problems.append(f"{self.where}: {reason}")

    def refuse_unknown(self, known: Collection[str]) -> None:
        for key in self.table:
            if key not in known:
                self.wrong(f"unknown key {key!r}; {_advice(key, known)}")

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = REQUIRED) -> Any:
        """The value of ``key``; the default (None where required) when it is absent or of the wrong type."""
        fallback = None if default is REQUIRED else default
        if key not in self.table:
            if default is REQUIRED:
                self.wrong(f"missing key {key!r}; add it")
            return fallback
        value = self.table[key]
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            names = " or ".join(_KINDS[one] for one in (kind if isinstance(kind, tuple) else (kind,)))
            self.wrong(f"{key} = {value!r} has the wrong type; write {names}")
            return fallback
        return value

    def choice(self, key: str, choices: Collection[str], default: Any = REQUIRED) -> str:
        """One of ``choices``; "" when it is none of them."""
        value = self.take(key, str, default)
        if value is None:
            return ""
        if value not in choices:
            self.wrong(f"{key} = {value!r} is not known; {_advice(value, choices)}")
            return ""
        return str(value)

    def number(self, key: str, default: float | None, low: float, high: float) -> float | None:
        value = self.take(key, (int, float), default)
        if value is not None and not low <= value <= high:
            self.wrong(f"{key} = {value}: out of range; give {low:g} to {high:g}")
            return default
        return None if value is None else float(value)

    def integer(self, key: str, default: Any, low: int, high: int) -> int:
        """An integer in ``low..high``; the default, or ``low`` where required, when it is not."""
        value = self.take(key, int, default)
        if value is None:
            return low
        if not low <= value <= high:
            self.wrong(f"{key} = {value}: out of range; give {low} to {high}")
            return low if default is REQUIRED else int(default)
        return int(value)

    def listed(self, key: str, kind: type) -> list[Any]:
        """A list of ``kind``; empty when absent."""
        values: list[Any] = self.take(key, list, [])
        good = [value for value in values if isinstance(value, kind) and not isinstance(value, bool)]
        if len(good) < len(values):
            self.wrong(f"{key} = {values!r} has the wrong type; write a list, each of it {_KINDS[kind]}")
        return good


def _advice(word: str, known: Collection[str]) -> str:
    close = [one for one in known if one.casefold() == word.casefold()] or difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(map(repr, known)))}"
