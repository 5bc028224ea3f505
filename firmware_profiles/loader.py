"""Reads meter profiles (TOML) and tells every problem of a file at once: file, point, reason, what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from firmware_profiles.checks import point_problems
from firmware_profiles.dlt645_entry import DLT645_SERIAL, read_data_blocks, read_data_points
from firmware_profiles.dlt645_golden import dlt645_golden_problems
from firmware_profiles.golden import golden_problems
from firmware_profiles.point_entry import read_points
from firmware_profiles.schema import MODBUS, PROTOCOLS, TYPES, Golden, Identity, Profile, ReadLimits, SerialDefaults
from firmware_profiles.selection import is_firmware_range
from firmware_profiles.strict_toml import REQUIRED, Table

METERS = Path(__file__).parent / "meters"
_COMMON_KEYS = frozenset({
    "profile", "maker", "meter", "models", "protocol", "firmware", "source", "notes", "phases", "nominal_voltage_v", "max_current_a",
    "limits", "serial", "point", "golden",
})
_MODBUS_KEYS = frozenset({"function", "also_functions", "word_order", "no_value", "identity"})
_LIMIT_KEYS = frozenset({"max_words", "max_gap_words", "even_only", "silence_s", "turnaround_s"})
_DLT645_LIMIT_KEYS = frozenset({"silence_s", "turnaround_s"})
_SERIAL_KEYS = frozenset({"baud", "format", "unit"})
_DLT645_SERIAL_KEYS = frozenset({"baud", "format"})
_DLT645_GOLDEN_KEYS = frozenset({"origin", "frame", "values"})
_IDENTITY_KEYS = frozenset({"function", "address", "words", "codes", "texts"})
_GOLDEN_KEYS = frozenset({"origin", "request", "response", "words", "function", "address", "values"})
_FORMATS = ("8N1", "8N2", "8E1", "8O1", "8E2", "8O2", "7E1", "7O1")
_MAX_WORDS = 125            # Modbus Application Protocol V1.1b3, 6.3
_LAST_ADDRESS = 0xFFFF
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHORTEST_SOURCE = 10       # "see manual" names nothing


class ProfileError(Exception):
    """A profile file is wrong; ``problems`` holds one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_profile(path: Path) -> Profile:
    """Read one file and verify its golden bytes.

    Raises:
        ProfileError: every problem, each line beginning with the file and the point.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ProfileError([f"{path}: cannot be read: {exc.strerror}; give the path of a profile file"]) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ProfileError([f"{path}: is not valid TOML: {exc}; mend this line first"]) from exc
    problems: list[str] = []
    profile = _profile(Table(table, str(path), problems))
    if problems:
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
        if not directory.is_dir():
            problems.append(f"{directory}: is no directory; give one with profile files")
        for path in sorted(directory.glob("*.toml")):
            try:
                profile = load_profile(path)
            except ProfileError as exc:
                problems += exc.problems
                continue
            if profile.name in profiles:
                problems.append(f"{path}: profile {profile.name!r} is also {places[profile.name]}; choose another name")
            profiles[profile.name], places[profile.name] = profile, path
    if problems:
        raise ProfileError(problems)
    return profiles


def _profile(table: Table) -> Profile:
    """The profile; complete only where no problem was noted."""
    protocol = table.choice("protocol", PROTOCOLS, MODBUS) or MODBUS
    return _modbus_profile(table) if protocol == MODBUS else _dlt645_profile(table, protocol)


def _modbus_profile(table: Table) -> Profile:
    table.refuse_unknown(_COMMON_KEYS | _MODBUS_KEYS)
    about = _about(table, default_meter=REQUIRED)
    function = table.integer("function", REQUIRED, 3, 4)
    high_word_first = table.choice("word_order", ("high", "low"), "high") != "low"
    limits = _limits(table, _LIMIT_KEYS)
    before = len(table.problems)
    points = read_points(table, function=function, high_word_first=high_word_first, no_value=_no_value(table))
    all_points_read = len(table.problems) == before
    problems = table.problems
    problems += [f"{table.where}: {problem}" for problem in point_problems(points, limits)]
    profile = Profile(
        **about, function=function, also_functions=_also_functions(table), limits=limits,
        serial=_serial(table, SerialDefaults(), _SERIAL_KEYS), identity=_identity(table, function),
        points=tuple(point for _, point in points), golden=_all_golden(table, function),
    )
    problems += [f"{table.where}: {problem}" for problem in golden_problems(profile, all_points_read=all_points_read)]
    return profile


def _dlt645_profile(table: Table, protocol: str) -> Profile:
    table.refuse_unknown(_COMMON_KEYS | {"block"})
    about = _about(table, default_meter=table.table.get("profile", ""))
    limits = _limits(table, _DLT645_LIMIT_KEYS)
    before = len(table.problems)
    points = read_data_points(table, protocol)
    blocks = read_data_blocks(table, protocol, points)
    all_points_read = len(table.problems) == before
    profile = Profile(
        **about, protocol=protocol, limits=limits, serial=_serial(table, DLT645_SERIAL, _DLT645_SERIAL_KEYS), data_points=points,
        data_blocks=blocks, golden=_all_golden(table, function=3, keys=_DLT645_GOLDEN_KEYS),
    )
    table.problems += [f"{table.where}: {problem}" for problem in dlt645_golden_problems(profile, all_points_read=all_points_read)]
    return profile


def _about(table: Table, *, default_meter: Any) -> dict[str, Any]:
    """What every profile says, whatever its protocol."""
    name, meter = table.take("profile", str), table.take("meter", str, default_meter)
    if name is not None and not _NAME.fullmatch(name):
        table.wrong(f'profile = {name!r} is no name; use small letters, digits and "-", as in the file name')
    if meter is not None and not meter.strip():
        table.wrong("meter is empty; give maker and model")
    source = table.take("source", str)
    if source is not None and len(source) < _SHORTEST_SOURCE:
        table.wrong(f"source = {source!r} names nothing; give the document or capture that the map comes from")
    return {
        "name": name or "", "maker": table.take("maker", str, (meter or "").split(" ")[0]), "meter": meter or "",
        "models": tuple(table.listed("models", str)), "firmware": _firmware(table), "source": source or "",
        "notes": table.take("notes", str, ""), "phases": table.choice("phases", ("a", "ab", "abc"), "a"),
        "nominal_voltage_v": table.number("nominal_voltage_v", 230.0, 50.0, 1000.0) or 230.0,
        "max_current_a": table.number("max_current_a", None, 0.1, 10_000.0),
    }


def _firmware(table: Table) -> str:
    text: str = table.take("firmware", str, "")
    if not is_firmware_range(text):
        table.wrong(f'firmware = {text!r} is no range; write for example ">=2.1, <3.0"')
    return text


def _also_functions(table: Table) -> tuple[int, ...]:
    functions = table.listed("also_functions", int)
    if any(function not in (3, 4) for function in functions):
        table.wrong(f"also_functions = {functions}: only 3 and 4 read registers; leave others out")
    return tuple(functions)


def _no_value(table: Table) -> Mapping[str, list[int]]:
    """Markers for all points of a type."""
    entry = Table.of(table.table.get("no_value", {}), f"{table.where}: no_value", table.problems)
    entry.refuse_unknown(TYPES)
    return {kind: entry.listed(kind, int) for kind in entry.table if kind in TYPES}


def _limits(table: Table, known: Collection[str]) -> ReadLimits:
    entry = Table.of(table.table.get("limits", {}), f"{table.where}: [limits]", table.problems)
    entry.refuse_unknown(known)
    return ReadLimits(
        max_words=entry.integer("max_words", _MAX_WORDS, 1, _MAX_WORDS), max_gap_words=entry.integer("max_gap_words", 0, 0, _MAX_WORDS),
        even_only=bool(entry.take("even_only", bool, False)), silence_s=entry.number("silence_s", 0.0, 0.0, 5.0) or 0.0,
        turnaround_s=entry.number("turnaround_s", 0.0, 0.0, 10.0) or 0.0,
    )


def _serial(table: Table, factory: SerialDefaults, known: Collection[str]) -> SerialDefaults:
    entry = Table.of(table.table.get("serial", {}), f"{table.where}: [serial]", table.problems)
    entry.refuse_unknown(known)
    return SerialDefaults(
        baud=entry.integer("baud", factory.baud, 300, 1_000_000),
        format=entry.choice("format", _FORMATS, factory.format) or factory.format, unit=entry.integer("unit", factory.unit, 1, 255),
    )


def _identity(table: Table, function: int) -> Identity | None:
    if "identity" not in table.table:
        return None
    entry = Table.of(table.table["identity"], f"{table.where}: [identity]", table.problems)
    entry.refuse_unknown(_IDENTITY_KEYS)
    words = entry.integer("words", 1, 1, _MAX_WORDS)
    codes, texts = entry.listed("codes", int), entry.listed("texts", str)
    if not codes and not texts:
        entry.wrong("says not what to expect; add codes = [numbers] or texts = [\"beginnings\"]")
    if any(not 0 <= code < 1 << (16 * words) for code in codes):
        entry.wrong(f"codes = {codes}: do not fit {words} words; raise words or correct them")
        codes = []
    return Identity(
        function=entry.integer("function", function, 3, 4), address=entry.integer("address", REQUIRED, 0, _LAST_ADDRESS), words=words,
        codes=(*(code.to_bytes(2 * words, "big") for code in codes), *(text.encode() for text in texts)),
    )


def _all_golden(table: Table, function: int, keys: Collection[str] = _GOLDEN_KEYS) -> tuple[Golden, ...]:
    entries = table.take("golden", list, [])
    if not entries:
        table.wrong("no [[golden]]; give bytes of a document or a capture and the values in them, worked out by hand")
    return tuple(
        _golden(Table.of(entry, f"{table.where}: golden {number}", table.problems), function, keys)
        for number, entry in enumerate(entries, start=1)
    )


def _golden(table: Table, function: int, keys: Collection[str]) -> Golden:
    table.refuse_unknown(keys)
    words = _hex(table, "words")
    values = Table.of(table.table.get("values", {}), f"{table.where}: values", table.problems)
    found: dict[str, Any] = {key: values.take(key, (int, float, str)) for key in values.table}
    if not found:
        table.wrong("no values; say what the bytes mean, with \"none\" for a marker")
    return Golden(
        origin=table.take("origin", str) or "", values=tuple((key, None if value == "none" else value) for key, value in found.items()),
        request=_hex(table, "request"), response=_hex(table, "response"), words=words, frame=_hex(table, "frame"),
        function=table.integer("function", function, 3, 4), address=table.integer("address", REQUIRED if words else 0, 0, _LAST_ADDRESS),
    )


def _hex(table: Table, key: str) -> bytes:
    text: str = table.take(key, str, "")
    try:
        return bytes.fromhex(text)
    except ValueError:
        table.wrong(f"{key} = {text[:40]!r} is not hexadecimal; write pairs of 0-9 a-f")
        return b""
