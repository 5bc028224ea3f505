"""The archive file as rows: CSV or JSON, every cell of the type that its column has, every problem with file and line."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.config.text_file import Entry, parse_json, read_text
from edge_agent.errors import ConfigError
from edge_agent.model import Site
from edge_agent.strict_table import fill

COLUMN_LEVELS = ("feeder", "branch", "box")
_METER_TEXTS = ("id", "bus", "profile", "address", "role", "phases", "grid_phases")
_PLACE_TEXTS = ("node", "parent", *COLUMN_LEVELS)
_SITE_TEXTS = ("address_text", "pole", "hv_line", "grid")
_INTEGERS = ("unit",)
_METER_NUMBERS = ("nominal_voltage_v", "rated_current_a", "full_s", "presence_s")
_SITE_NUMBERS = ("latitude", "longitude")
_ALIASES = {"grid_phase": "grid_phases"}
METER_KEYS = frozenset((*_METER_TEXTS, "tags", *_INTEGERS, *_METER_NUMBERS))
SITE_KEYS = frozenset((*_SITE_TEXTS, *_SITE_NUMBERS))
COLUMNS = (*_METER_TEXTS, *_PLACE_TEXTS, "tags", "relay", *_INTEGERS, *_METER_NUMBERS, *_SITE_TEXTS, *_SITE_NUMBERS)
_TEXTS = frozenset((*_METER_TEXTS, *_PLACE_TEXTS, *_SITE_TEXTS, "relay"))
_SEPARATORS = (",", ";", "\t")
_TAG_SEPARATOR = re.compile(r"[;|\s]+")
_VERSION = re.compile(r"#\s*version\s*[:=]\s*(\S+)\s*$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_MOST_ROWS = 20_000        # an area has 1000 meters: what has so many more is not an archive of one
_LONGEST = 200             # characters of a text: an address in words
_RELAY = ("", "closed", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteColumns:
    """Where a place is, checked on its own."""

    latitude: float | None = None
    longitude: float | None = None
    address_text: str = ""
    pole: str = ""
    hv_line: str = ""
    grid: str = ""

    def __post_init__(self) -> None:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together; leave both empty where one is not known")
        if self.latitude is not None and not -90 <= self.latitude <= 90:
            raise ValueError(f"latitude = {self.latitude}: degrees, -90 to 90")
        if self.longitude is not None and not -180 <= self.longitude <= 180:
            raise ValueError(f"longitude = {self.longitude}: degrees, -180 to 180")
        if self.latitude == 0 and self.longitude == 0:
            raise ValueError("latitude and longitude are 0: leave both empty where they are not known")

    def site(self) -> Site:
        return Site(
            latitude=self.latitude, longitude=self.longitude, address=self.address_text, pole=self.pole, hv_line=self.hv_line,
            grid=self.grid,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. ``meter``: keys of ``[[meter]]`` without ``node``; no ``id`` in it: the row is of a node, or of the area."""

    where: str
    meter: Mapping[str, Any]
    place: Mapping[str, str]
    site: Site
    is_relay_open: bool

    @property
    def id(self) -> str:
        return str(self.meter.get("id", ""))


@dataclass(slots=True)
class Rows:
    """``has_parents``: nodes are named, and each names the one above it."""

    version: int = 1
    rows: list[Row] = field(default_factory=list)
    has_parents: bool = False


def read_rows(path: Path, problems: list[str]) -> Rows:
    """Every row, without what is wrong in it: that is told in ``problems``.

    Raises:
        ConfigError: the file cannot be read at all.
    """
    text = read_text(path)
    found = _from_json(path, text, problems) if path.suffix.lower() == ".json" else _from_csv(path, text, problems)
    if len(found.rows) > _MOST_ROWS:
        raise ConfigError([f"{path}: has {len(found.rows)} rows; an archive of one area has at most {_MOST_ROWS}"])
    return found


def _from_json(path: Path, text: str, problems: list[str]) -> Rows:
    content, found = parse_json(path, text, ("meters", "nodes"), problems), Rows()
    for key in content:
        if key not in ("version", "area", "nodes", "meters"):
            problems.append(f"{path}: unknown key {key!r}; known: version, area, nodes, meters")
    found.version = _version(content.get("version", 1), f"{path}: version", problems)
    entries: list[tuple[str, Mapping[str, Any]]] = [(f"{path}: area", content["area"])] if "area" in content else []
    for key in ("nodes", "meters"):
        listed = content.get(key, ())
        if not isinstance(listed, tuple) or not all(isinstance(entry, Entry) for entry in listed):
            problems.append(f"{path}: {key}: a list of objects is expected")
            continue
        for entry in listed:
            where = f"{path}:{entry.line}"
            if (key == "meters") != bool(entry.values.get("id")):
                problems.append(f"{where}: " + ("a meter needs an id" if key == "meters" else "a node has no id; meters stand in 'meters'"))
            elif key == "nodes" and not entry.values.get("node"):
                problems.append(f"{where}: a node needs the key 'node'; what is known of the area stands in 'area'")
            else:
                entries.append((where, entry.values))
                found.has_parents |= key == "nodes" and "parent" in entry.values
    for where, values in entries:
        if not isinstance(values, Mapping):
            problems.append(f"{where}: an object {{...}} is expected")
        else:
            found.rows.append(_row(where, {key: value for key, value in values.items() if value is not None}, problems))
    return found


def _from_csv(path: Path, text: str, problems: list[str]) -> Rows:
    found, names = Rows(), list[str]()
    for line, cells in _csv_lines(path, text, problems):
        where = f"{path}:{line}"
        if cells[0].lstrip().startswith("#"):
            if match := _VERSION.match(",".join(cells).strip()):
                found.version = _version(match[1], f"{where}: version", problems)
        elif not names:
            names = [_ALIASES.get(cell.strip().lower(), cell.strip().lower()) for cell in cells]
            if wrong := _wrong_head(names):
                problems.append(f"{where}: {wrong}")
                return found
            found.has_parents = "parent" in names
        elif len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            problems.append(f"{where}: {len(cells)} cells below {len(names)} columns; a comma inside a text needs quotes around it")
        else:
            given = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
            found.rows.append(_row(where, {name: _typed(name, cell) for name, cell in given.items()}, problems))
    if not names:
        problems.append(f"{path}: has no head line; its first line names the columns: {', '.join(COLUMNS)}")
    return found


def _csv_lines(path: Path, text: str, problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not blank, with the number of the line on which they begin."""
    head = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=head.count), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as exc:
        problems.append(f"{path}:{line}: is not CSV: {exc}")


def _wrong_head(names: list[str]) -> str:
    if unknown := [name for name in names if name not in COLUMNS]:
        return f"unknown column {unknown[0]!r}; known: {', '.join(COLUMNS)}"
    twice = [name for name in names if names.count(name) > 1]
    return f"column {twice[0]!r} comes twice" if twice else ""


def _typed(name: str, cell: str) -> Any:
    """What is no number stays text: the check of the row tells it."""
    if name == "tags":
        return [tag for tag in _TAG_SEPARATOR.split(cell) if tag]
    try:
        if name in _INTEGERS:
            return int(cell)
        if name in (*_METER_NUMBERS, *_SITE_NUMBERS):
            value = float(cell)
            return value if math.isfinite(value) else cell
    except ValueError:
        pass
    return cell


def _row(where: str, values: Mapping[str, Any], problems: list[str]) -> Row:
    """Told is everything that a row can be checked for by itself; but for the keys of ``[[meter]]``, which are those of every meter.
    What is wrong is left out, so that the rest can be checked too."""
    name = values.get("id")
    where = f"{where} ({name})" if isinstance(name, str) and name and not _wrong_text(name) else where
    good = dict[str, Any]()
    for key, value in values.items():
        if key not in COLUMNS:
            problems.append(f"{where}: unknown key {str(key)[:40]!r}; known: {', '.join(COLUMNS)}")
        elif key in _TEXTS and (wrong := _wrong_text(value)):
            problems.append(f"{where}: {key} = {str(value)[:40]!r}: {wrong}")
        else:
            good[key] = value
    site = fill(SiteColumns, {key: good[key] for key in good if key in SITE_KEYS}, where=where, problems=problems) or SiteColumns()
    relay = good.get("relay", "")
    if relay not in _RELAY:
        problems.append(f"{where}: relay = {relay!r}: open or closed, or nothing where it is not known")
    meter = {key: good[key] for key in good if key in METER_KEYS}
    if not meter.get("id") and (meter or relay):
        problems.append(f"{where}: {', '.join(meter) or 'relay'} without id: only a meter has it")
        meter = {}
    return Row(
        where=where, meter=meter, place={key: good[key] for key in _PLACE_TEXTS if good.get(key)}, site=site.site(),
        is_relay_open=relay == "open",
    )


def _wrong_text(value: object) -> str:
    if not isinstance(value, str):
        return "a text is expected"
    if len(value) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    return "holds characters that do not print" if _CONTROL.search(value) else ""


def _version(value: object, where: str, problems: list[str]) -> int:
    text = str(value)
    if isinstance(value, bool | float) or not text.isascii() or not text.isdigit() or len(text) > 12:
        problems.append(f"{where} = {text[:40]!r}: a whole number is expected, one more for each change")
        return 1
    return int(text)
