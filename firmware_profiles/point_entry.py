"""Reads the ``[[point]]`` entries of a profile file."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from fractions import Fraction

from firmware_profiles.quantities import QUANTITIES, UNITS, column_name
from firmware_profiles.schema import CODINGS, FOUR_QUADRANT_POWER_FACTOR, POLLS, TEXT, TYPES, Point
from firmware_profiles.strict_toml import REQUIRED, Table

_POINT_KEYS = frozenset({
    "quantity", "place", "phase", "step", "function", "address", "type", "word_order", "scale", "unit", "coding", "no_value", "poll",
    "words", "title",
})
_LAST_ADDRESS = 0xFFFF
_MAX_WORDS = 125
_NO_WORDS = 0


def read_points(
    profile: Table, *, function: int, high_word_first: bool, no_value: Mapping[str, list[int]]
) -> list[tuple[int, Point]]:
    """(number of the entry, point); ``function``, ``high_word_first`` and ``no_value`` (by type) are the defaults of the file."""
    entries = profile.take("point", list, [])
    if not entries:
        profile.wrong("no [[point]]; a profile needs at least one, with poll = \"presence\"")
    found = []
    for number, entry in enumerate(entries, start=1):
        table = Table.of(entry, f"{profile.where}: point {number}", profile.problems)
        found += [(number, point) for point in _points(table, function, high_word_first, no_value)]
    return found


def _points(table: Table, function: int, high_word_first: bool, shared_no_value: Mapping[str, list[int]]) -> list[Point]:
    """The points of one entry: a list of places means values one after the other."""
    before = len(table.problems)
    places = read_places(table)
    quantity = read_quantity(table, places, _POINT_KEYS)
    kind = table.choice("type", (*TYPES, TEXT))
    unit = read_unit(table, quantity)
    words = table.integer("words", _NO_WORDS, 1, _MAX_WORDS) if "words" in table.table else _NO_WORDS
    if kind and (kind == TEXT) != bool(words):
        table.wrong("words is for text points, and only for them; give it there, leave it out elsewhere")
    size = words or (TYPES[kind][0] if kind in TYPES else 1)
    address = table.integer("address", REQUIRED, 0, _LAST_ADDRESS)
    step = table.integer("step", size, size, _LAST_ADDRESS)
    if address + (len(places) - 1) * step + size > _LAST_ADDRESS + 1:
        table.wrong(f"address = {address}: its last word is beyond {_LAST_ADDRESS}; check address and step")
    coding = table.choice("coding", CODINGS, CODINGS[0])
    if coding == FOUR_QUADRANT_POWER_FACTOR and quantity != "power_factor":
        table.wrong(f"coding = {coding!r} is for power_factor only; leave it out")
    point = {
        "function": table.integer("function", function, 3, 4), "type": kind, "scale": read_scale(table), "unit": unit, "coding": coding,
        "high_word_first": table.choice("word_order", ("high", "low"), "high" if high_word_first else "low") != "low",
        "no_value": _no_value(table, size, shared_no_value.get(kind, [])), "text_words": words, "own_title": table.take("title", str, ""),
        "poll": table.choice("poll", POLLS, "never" if kind == TEXT else "full"),
    }
    if len(table.problems) > before:
        return []
    return [Point(quantity=quantity, place=place, address=address + number * step, **point) for number, place in enumerate(places)]


def read_quantity(table: Table, places: list[str], known: Collection[str]) -> str:
    """The quantity of the entry, "" where it is none; from here on problems of the entry name it."""
    named = str(table.table.get("quantity", ""))
    if named:
        table.where += f" ({column_name(named, '/'.join(places))})"
    table.refuse_unknown(known)
    quantity = table.choice("quantity", QUANTITIES)
    if quantity:
        for place in places:
            if place not in QUANTITIES[quantity].places:
                allowed = ", ".join(repr(name) for name in QUANTITIES[quantity].places)
                table.wrong(f"place = {place!r} is none of this quantity; use one of {allowed}")
    return quantity


def read_places(table: Table) -> list[str]:
    """One place, or those of a list; [""] is the whole meter."""
    if "place" in table.table and "phase" in table.table:
        table.wrong("place and phase mean the same; give one of them")
    key = "phase" if "phase" in table.table else "place"
    given = table.table.get(key, "")
    if isinstance(given, list):
        if not given:
            table.wrong(f"{key} = []: name at least one, or leave it out")
        return table.listed(key, str) or [""]
    return [table.take(key, str, "")]


def read_unit(table: Table, quantity: str, *, understood: Container[str] = ("", "1")) -> str:
    """The unit of the entry. ``understood``: units that need not be written; a number without unit never needs one."""
    expected = QUANTITIES[quantity].unit if quantity else ""
    unit = table.choice("unit", UNITS, expected if not quantity or expected in understood else REQUIRED)
    if quantity and unit and UNITS[unit][0] != expected:
        fitting = ", ".join(repr(name) for name, (inside, _) in UNITS.items() if inside == expected)
        table.wrong(f"unit = {unit!r} does not measure {quantity}; use one of {fitting}")
    return unit


def read_scale(table: Table) -> Fraction:
    """The exact fraction of the entry; 1 where it has none."""
    given = table.table.get("scale", "1")
    advice = 'write an exact fraction above 0 in quotes, such as "1/10"'
    if not isinstance(given, str):
        table.wrong(f"scale = {given!r} is not exact; {advice}")
        return Fraction(1)
    try:
        scale = Fraction(given)
    except (ValueError, ZeroDivisionError):
        table.wrong(f"scale = {given!r} is no fraction; {advice}")
        return Fraction(1)
    if scale <= 0:
        table.wrong(f"scale = {given!r} is not above 0; {advice}")
    return scale


def _no_value(table: Table, words: int, shared: list[int]) -> tuple[int, ...]:
    markers = table.listed("no_value", int) if "no_value" in table.table else shared
    if any(not 0 <= marker < 1 << (16 * words) for marker in markers):
        table.wrong(f"no_value = {[hex(marker) for marker in markers]}: not the bits of {words} words; write them unsigned, as on the wire")
    return tuple(markers)
