"""Reads meter profiles (TOML) and tells every problem of a file at once: file, point, reason."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from firmware_profiles.golden import golden_problems
from firmware_profiles.quantities import QUANTITIES, UNITS
from firmware_profiles.schema import CODINGS, POLLS, TEXT, TYPES, Golden, Point, Profile, ReadLimits, SerialDefaults

METERS = Path(__file__).parent / "meters"
_PROFILE_KEYS = {
    "profile", "meter", "models", "protocol", "firmware", "source", "notes", "function", "also_functions", "word_order", "phases", "max_current_a", "no_value",
    "limits", "serial", "point", "golden",
}
_POINT_KEYS = {
    "quantity", "place", "step", "function", "address", "type", "word_order", "scale", "unit", "coding", "no_value", "poll", "words", "title",
}
_GOLDEN_KEYS = {"origin", "request", "response", "words", "function", "address", "values"}
_LIMIT_KEYS = {"max_words", "max_gap_words", "even_only", "silence_s"}
_SERIAL_KEYS = {"baud", "format", "unit"}


class ProfileError(Exception):
    """A profile file is wrong; ``problems`` holds one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(slots=True)
class _Table:
    """One TOML table while it is read: takes keys with a type and notes what is wrong."""

    table: Mapping[str, Any]
    where: str
    problems: list[str]

    def known(self, keys: set[str]) -> None:
        for key in self.table:
            if key not in keys:
                close = difflib.get_close_matches(key, keys, n=1)
                self.wrong(f"unknown key {key!r}; " + (f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(keys))}"))

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        value = self.table.get(key, default)
        if value is ...:
            self.wrong(f"missing key {key!r}")
        elif key in self.table and (not isinstance(value, kind) or isinstance(value, bool) != (kind is bool)):
            self.wrong(f"{key} = {value!r} has the wrong type")
            return None if default is ... else default
        return None if value is ... else value

    def choice(self, key: str, choices: Iterable[str], default: Any = ...) -> str:
        value = self.take(key, str, default)
        if value is not None and value not in (options := list(choices)):
            close = difflib.get_close_matches(str(value), options, n=1)
            self.wrong(f"{key} = {value!r}: " + (f"did you mean {close[0]!r}?" if close else f"one of {', '.join(options)}"))
            return ""
        return value or ""

    def wrong(self, reason: str) -> None:
        self.problems.append(f"{self.where}: {reason}")


def load_profile(path: Path) -> Profile:
    """Read one file and verify its golden bytes.

    Raises:
        ProfileError: every problem, each line beginning with the file and the point.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ProfileError([f"{path}: cannot be read: {exc.strerror}"]) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ProfileError([f"{path}: is not valid TOML: {exc}"]) from exc
    problems: list[str] = []
    profile = _profile(_Table(table, str(path), problems))
    if profile is not None and not problems:
        problems += [f"{path}: {problem}" for problem in golden_problems(profile)]
    if problems or profile is None:
        raise ProfileError(problems)
    return profile


def load_all(directories: Iterable[Path] = ()) -> dict[str, Profile]:
    """All shipped profiles and those of ``directories``, by name.

    Raises:
        ProfileError: problems of all files, and names that two files claim.
    """
    profiles: dict[str, Profile] = {}
    places: dict[str, Path] = {}
    problems: list[str] = []
    for directory in (METERS, *directories):
        for path in sorted(directory.glob("*.toml")):
            try:
                profile = load_profile(path)
            except ProfileError as exc:
                problems += exc.problems
                continue
            if profile.name in profiles:
                problems.append(f"{path}: profile {profile.name!r} is also {places[profile.name]}; names must differ")
            profiles[profile.name], places[profile.name] = profile, path
    if problems:
        raise ProfileError(problems)
    return profiles


def _profile(table: _Table) -> Profile | None:
    table.known(_PROFILE_KEYS)
    problems = table.problems
    name, meter = table.take("profile", str), table.take("meter", str)
    source = table.take("source", str)
    if source is not None and len(source) < 10:
        table.wrong("source: name the document or capture that the map comes from")
    function = table.take("function", int)
    if function not in (3, 4, None):
        table.wrong(f"function = {function}: 3 (holding) or 4 (input registers)")
    high_word_first = table.choice("word_order", ("high", "low"), "high") != "low"
    phases = table.choice("phases", ("a", "ab", "abc"), "a")
    limits = _limits(table)
    serial = _serial(table)
    entries = table.take("point", list, [])
    points = [
        point
        for number, entry in enumerate(entries or [], start=1)
        for point in _points(_Table(entry, f"{table.where}: point {number}", problems), function or 3, high_word_first, table)
    ]
    if not points:
        table.wrong("no [[point]]")
    _check_points(points, limits, table)
    golden = [
        _golden(_Table(entry, f"{table.where}: golden {number}", problems), function or 3)
        for number, entry in enumerate(table.take("golden", list, []) or [], start=1)
    ]
    if not golden:
        table.wrong("no [[golden]]: give bytes of a document or a capture and the values in them")
    if problems:
        return None
    max_current_a = table.take("max_current_a", (int, float), None)
    return Profile(
        name=name, meter=meter, models=tuple(table.take("models", list, [])), protocol=table.choice("protocol", ("modbus",), "modbus"),
        firmware=table.take("firmware", str, ""), source=source,
        also_functions=tuple(table.take("also_functions", list, [])), notes=table.take("notes", str, ""), phases=phases,
        max_current_a=None if max_current_a is None else float(max_current_a), limits=limits, serial=serial,
        points=tuple(points), golden=tuple(golden),
    )


def _points(table: _Table, function: int, high_word_first: bool, profile: _Table) -> list[Point]:
    """The points of one entry: a list of places means values one after the other."""
    table.known(_POINT_KEYS)
    before = len(table.problems)
    quantity = table.choice("quantity", QUANTITIES)
    places = table.table.get("place", "")
    places = places if isinstance(places, list) else [places]
    if quantity:
        table.where += f" ({quantity})"
        for place in places:
            if place not in QUANTITIES[quantity].places:
                allowed = ", ".join(repr(name) for name in QUANTITIES[quantity].places)
                table.wrong(f"place = {place!r}: {quantity} knows {allowed}")
    kind = table.choice("type", (*TYPES, TEXT))
    unit = table.choice("unit", UNITS, QUANTITIES[quantity].unit if quantity in QUANTITIES and QUANTITIES[quantity].unit in ("", "1") else ...)
    if quantity and unit and UNITS[unit][0] != QUANTITIES[quantity].unit:
        table.wrong(f"unit = {unit!r} is no unit of {quantity} ({QUANTITIES[quantity].unit})")
    address = table.take("address", int)
    if address is not None and not 0 <= address <= 0xFFFF:
        table.wrong(f"address = {address}: a wire address is 0 to 65535")
    scale = _scale(table)
    words = table.take("words", int, 0)
    if (kind == TEXT) != bool(words):
        table.wrong("words: give it for text points, and only for them")
    own_function = table.take("function", int, function)
    if own_function not in (3, 4):
        table.wrong(f"function = {own_function}: 3 or 4")
    order = table.choice("word_order", ("high", "low"), "high" if high_word_first else "low")
    coding, poll = table.choice("coding", CODINGS, "plain"), table.choice("poll", POLLS, "never" if kind == TEXT else "full")
    own_no_value = table.take("no_value", list, None)
    title = table.take("title", str, "")
    if len(table.problems) > before:
        return []
    size = words or TYPES[kind][0]
    step = table.take("step", int, size)
    shared = profile.table.get("no_value", {})
    no_value = own_no_value if own_no_value is not None else shared.get(kind, []) if isinstance(shared, Mapping) else []
    return [
        Point(
            quantity=quantity, place=place, function=own_function, address=address + number * step, type=kind,
            high_word_first=order != "low", scale=scale, unit=unit, coding=coding, no_value=tuple(no_value), poll=poll,
            text_words=words, own_title=title,
        )
        for number, place in enumerate(places)
    ]


def _scale(table: _Table) -> Fraction:
    text = table.take("scale", str, "1")
    try:
        scale = Fraction(text)
    except (ValueError, ZeroDivisionError, TypeError):
        table.wrong(f"scale = {text!r}: write an exact fraction such as \"1/10\"")
        return Fraction(1)
    if scale <= 0:
        table.wrong(f"scale = {text!r}: must be above 0")
    return scale


def _check_points(points: list[Point], limits: ReadLimits, table: _Table) -> None:
    keys: dict[str, Point] = {}
    for point in points:
        where = f"{point.key} at 0x{point.address:04X}"
        if point.poll != "never" and point.key in keys:
            table.wrong(f"{where}: {point.key} is also at 0x{keys[point.key].address:04X}; only one may be polled")
        if point.poll != "never":
            keys[point.key] = point
        if point.words > limits.max_words:
            table.wrong(f"{where}: {point.words} words, but the meter answers at most {limits.max_words}")
        if limits.even_only and (point.address % 2 or point.words % 2) and point.poll != "never":
            table.wrong(f"{where}: odd address or size, but the meter answers even reads only")
    for function in (3, 4):
        ordered = sorted((point for point in points if point.function == function), key=lambda point: point.address)
        for before, after in zip(ordered, ordered[1:], strict=False):
            if before.address + before.words > after.address and not (before.address == after.address and before.words == after.words):
                table.wrong(f"{after.key} at 0x{after.address:04X} overlaps {before.key} at 0x{before.address:04X}")
    if points and not any(point.poll == "presence" for point in points):
        table.wrong('no point with poll = "presence": the short read that shows whether the meter lives')


def _limits(table: _Table) -> ReadLimits:
    entry = _Table(table.take("limits", dict, {}) or {}, f"{table.where}: [limits]", table.problems)
    entry.known(_LIMIT_KEYS)
    limits = ReadLimits(
        max_words=entry.take("max_words", int, 125) or 125, max_gap_words=entry.take("max_gap_words", int, 0) or 0,
        even_only=bool(entry.take("even_only", bool, False)), silence_s=float(entry.take("silence_s", (int, float), 0.0) or 0.0),
    )
    if not 1 <= limits.max_words <= 125:
        entry.wrong(f"max_words = {limits.max_words}: 1 to 125")
    if limits.max_gap_words < 0 or not 0.0 <= limits.silence_s <= 5.0:
        entry.wrong("max_gap_words must not be negative, silence_s is 0 to 5 seconds")
    return limits


def _serial(table: _Table) -> SerialDefaults:
    entry = _Table(table.take("serial", dict, {}) or {}, f"{table.where}: [serial]", table.problems)
    entry.known(_SERIAL_KEYS)
    return SerialDefaults(
        baud=entry.take("baud", int, 9600) or 9600, format=entry.choice("format", ("8N1", "8N2", "8E1", "8O1"), "8N1") or "8N1",
        unit=entry.take("unit", int, 1) or 1,
    )


def _golden(table: _Table, function: int) -> Golden:
    table.known(_GOLDEN_KEYS)
    values = table.take("values", dict)
    return Golden(
        origin=table.take("origin", str) or "", values=tuple((key, None if value == "none" else value) for key, value in (values or {}).items()),
        request=_hex(table, "request"), response=_hex(table, "response"), words=_hex(table, "words"),
        function=table.take("function", int, function), address=table.take("address", int, 0),
    )


def _hex(table: _Table, key: str) -> bytes:
    text = table.take(key, str, "")
    try:
        return bytes.fromhex(text or "")
    except ValueError:
        table.wrong(f"{key} is not hexadecimal: {text[:40]!r}")
        return b""
