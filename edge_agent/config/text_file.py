"""Files that people write: text of bounded size in the encodings that offices use, and JSON that knows on which line each entry stands."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.errors import ConfigError

MOST_BYTES = 8 << 20       # 5000 meters with all columns are 1 MB: a larger file is another one, and must not fill a concentrator
_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of a file and the line on which it begins."""

    line: int
    values: Mapping[str, Any]


def read_text(path: Path) -> str:
    """UTF-8 with or without a byte order mark, else GB 18030 (of which GBK is a part).

    Raises:
        ConfigError: not readable, too large, or neither.
    """
    try:
        with path.open("rb") as file:
            return decode_text(path, file.read(MOST_BYTES + 1))
    except OSError as exc:
        raise ConfigError([f"{path}: cannot be read: {exc.strerror}"]) from exc


def decode_text(path: Path, content: bytes) -> str:
    """As ``read_text``; ``path`` is for the message."""
    if len(content) > MOST_BYTES:
        raise ConfigError([f"{path}: is larger than {MOST_BYTES >> 20} MiB; is it the right file?"])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError([f"{path}: is neither UTF-8 nor GBK text"])


def parse_json(path: Path, text: str, lists: Sequence[str], problems: list[str]) -> dict[str, Any]:
    """The keys of the object that ``text`` holds; those in ``lists`` as tuples of ``Entry``. Problems are told with file and line.

    Numbers that are none (NaN, Infinity, 1e999) and keys that come twice are problems: JSON would let them pass.
    """
    reader = _Reader(path, text, problems)
    try:
        return reader.read(lists)
    except ValueError as exc:
        position = exc.pos if isinstance(exc, json.JSONDecodeError) else reader.at
        said = exc.msg if isinstance(exc, json.JSONDecodeError) else str(exc)
        problems.append(f"{path}:{reader.line(position)}: is not valid JSON: {said}")
    except RecursionError:
        problems.append(f"{path}:{reader.line(reader.at)}: is nested too deep")
    return {}


class _Reader:
    """Goes through the top of the text by itself and leaves what is below to the library."""

    def __init__(self, path: Path, text: str, problems: list[str]) -> None:
        self._path, self._text, self._problems, self.at = path, text, problems, 0
        self._decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_no_key_twice)
        self._line, self._line_at = 1, 0

    def line(self, position: int) -> int:
        """Asked in rising order it costs one pass over the text."""
        if position < self._line_at:
            self._line, self._line_at = 1, 0
        self._line += self._text.count("\n", self._line_at, position)
        self._line_at = position
        return self._line

    def read(self, lists: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._expect("{")
        while not self._take("}"):
            if found:
                self._expect(",")
            key = self._value()
            if not isinstance(key, str) or key in found:
                raise json.JSONDecodeError(f"a key that comes once is expected, found {key!r}", self._text, self.at)
            self._expect(":")
            found[key] = self._entries() if key in lists and self._next() == "[" else self._value()
        if self._next():
            raise json.JSONDecodeError("something follows the end", self._text, self.at)
        return found

    def _entries(self) -> tuple[Entry, ...]:
        found: list[Entry] = []
        number = 0
        self._expect("[")
        while not self._take("]"):
            if number:
                self._expect(",")
            self._next()
            number, line, value = number + 1, self.line(self.at), self._value()
            if isinstance(value, dict):
                found.append(Entry(line=line, values=value))
            else:
                self._problems.append(f"{self._path}:{line}: an object {{...}} is expected, found {str(value)[:40]!r}")
        return tuple(found)

    def _value(self) -> Any:
        self._next()
        value, self.at = self._decoder.raw_decode(self._text, self.at)
        return value

    def _next(self) -> str:
        while self.at < len(self._text) and self._text[self.at] in _SPACE:
            self.at += 1
        return self._text[self.at : self.at + 1]

    def _take(self, mark: str) -> bool:
        is_there = self._next() == mark
        self.at += is_there
        return is_there

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise json.JSONDecodeError(f"{mark!r} is expected", self._text, self.at)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is no number")
    return value


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} comes twice in one object")
    return found
