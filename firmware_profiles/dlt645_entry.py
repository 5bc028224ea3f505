"""Reads the ``[[point]]`` and ``[[block]]`` entries of a DL/T 645 profile."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from firmware_profiles.dlt645 import (
    BCD,
    BCD_WITH_TIME,
    BITS,
    CODINGS_645,
    IDENTIFIER_DIGITS,
    TEXT_LE,
    DataBlock,
    DataPoint,
)
from firmware_profiles.point_entry import read_places, read_quantity, read_scale, read_unit
from firmware_profiles.quantities import QUANTITIES, Kind
from firmware_profiles.schema import POLLS, SerialDefaults
from firmware_profiles.strict_toml import REQUIRED, Table

# DL/T 645-2007 section 4 (recalled for the speed of shipped meters; many of 2013 and later leave the factory at 9600)
DLT645_SERIAL = SerialDefaults(baud=2400, format="8E1")
_POINT_KEYS = frozenset({
    "id", "quantity", "place", "phase", "coding", "bytes", "scale", "signed", "unit", "poll", "title",
})
_BLOCK_KEYS = frozenset({"id", "members"})
_MAX_BYTES = {BCD: 8, BCD_WITH_TIME: 8, BITS: 8, TEXT_LE: 32}
_KINDS = {BITS: (Kind.WORD,), TEXT_LE: (Kind.TEXT,), BCD: (Kind.GAUGE, Kind.COUNTER, Kind.WORD), BCD_WITH_TIME: (Kind.GAUGE, Kind.COUNTER)}
# the standard gives these as they are; powers and energies it gives in kilo, so their unit must be written
_UNDERSTOOD_UNITS = ("", "1", "V", "A", "Hz", "deg", "Cel")
_HEX = re.compile(r"[0-9A-Fa-f]+")


def read_data_points(profile: Table, protocol: str) -> tuple[DataPoint, ...]:
    entries = profile.take("point", list, [])
    if not entries:
        profile.wrong("no [[point]]; a profile needs at least one")
    found: list[DataPoint] = []
    for number, entry in enumerate(entries, start=1):
        found += _points(Table.of(entry, f"{profile.where}: point {number}", profile.problems), IDENTIFIER_DIGITS[protocol])
    for identifier, times in Counter(point.identifier for point in found).items():
        if times > 1:
            profile.wrong(f"id {identifier} stands {times} times; one identifier has one meaning, correct one")
    for key, times in Counter(point.key for point in found if point.poll != "never").items():
        if times > 1:
            profile.wrong(f'{key} is given by {times} points; set poll = "never" in all but one')
    return tuple(found)


def read_data_blocks(profile: Table, protocol: str, points: Sequence[DataPoint]) -> tuple[DataBlock, ...]:
    by_identifier = {point.identifier: point for point in points}
    found: list[DataBlock] = []
    for number, entry in enumerate(profile.take("block", list, []), start=1):
        table = Table.of(entry, f"{profile.where}: block {number}", profile.problems)
        table.refuse_unknown(_BLOCK_KEYS)
        identifier = _identifier(table, table.take("id", str) or "", IDENTIFIER_DIGITS[protocol])
        members = [member.upper() for member in table.listed("members", str)]
        if unknown := [member for member in members if member not in by_identifier]:
            table.wrong(f"members {', '.join(unknown)} are no points of this file; add a [[point]] for each")
        elif not members or any(by_identifier[member].coding != BCD for member in members):
            table.wrong('members: name the points that the block gives, in its order; only those with coding = "bcd_le"')
        elif identifier in by_identifier or any(identifier == block.identifier for block in found):
            table.wrong(f"id {identifier} has a meaning already; correct one")
        else:
            found.append(DataBlock(identifier=identifier, members=tuple(by_identifier[member] for member in members)))
    return tuple(found)


def _points(table: Table, digits: int) -> list[DataPoint]:
    """The points of one entry: lists of places and of identifiers go together."""
    before = len(table.problems)
    places = read_places(table)
    quantity = read_quantity(table, places, _POINT_KEYS)
    given = table.listed("id", str) if isinstance(table.table.get("id"), list) else [table.take("id", str) or ""]
    identifiers = [_identifier(table, identifier, digits) for identifier in given]
    if len(identifiers) != len(places):
        table.wrong(f"{len(identifiers)} identifiers for {len(places)} places; give one for each")
    coding = table.choice("coding", CODINGS_645, BCD)
    if quantity and coding and QUANTITIES[quantity].kind not in _KINDS[coding]:
        table.wrong(f"coding = {coding!r} does not give a {QUANTITIES[quantity].kind.value}; correct coding or quantity")
    byte_count = table.integer("bytes", REQUIRED, 1, _MAX_BYTES.get(coding, 8))
    fields = {
        "coding": coding, "byte_count": byte_count, "scale": read_scale(table), "is_signed": bool(table.take("signed", bool, False)),
        "unit": read_unit(table, quantity, understood=_UNDERSTOOD_UNITS), "own_title": table.take("title", str, ""),
        "poll": table.choice("poll", POLLS, "full"),
    }
    if quantity and not QUANTITIES[quantity].carried and fields["poll"] != "never":
        if "poll" in table.table:
            table.wrong(f'poll = {fields["poll"]!r}: {quantity} is only decoded and shown; write "never" or leave it out')
        fields["poll"] = "never"
    if len(table.problems) > before:
        return []
    return [
        DataPoint(quantity=quantity, place=place, identifier=identifier, **fields)
        for place, identifier in zip(places, identifiers, strict=True)
    ]


def _identifier(table: Table, text: str, digits: int) -> str:
    if len(text) != digits or not _HEX.fullmatch(text):
        table.wrong(f"id = {text!r}: write {digits} hexadecimal digits as the standard prints them")
    return text.upper()
