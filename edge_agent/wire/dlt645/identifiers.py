"""The data identifiers of DL/T 645-2007: what each holds, as tables.

An identifier is DI3 DI2 DI1 DI0 in eight hexadecimal digits. Most form families: DI2 says what, DI1 which (total, tariff, phase), DI0 when
(now, months back); FF stands for all of an axis, the *block*.
Source: DL/T 645-2007 annex A, tables A.1 to A.6 with their notes; what no text at hand confirms is in recalled.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from edge_agent.wire.dlt645.fields import Coding, Field
from edge_agent.wire.dlt645.identifiers_1997 import IDENTIFIERS_1997
from edge_agent.wire.dlt645.recalled import PHASE_ENERGY_BASES, PHASE_ENERGY_KINDS
from edge_agent.wire.dlt645.single_identifiers import RAW_PREFIXES, RECORDS, SINGLES

_CACHED = 4096                # a hostile line may name any of 2**32
_BLOCK = 0xFF
_TARIFFS = 63
_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """``fields`` in the order of the bytes. A block may also end early, behind a whole member: a meter sends the tariffs it has."""

    di: str
    name: str
    fields: tuple[Field, ...]
    is_block: bool = False
    fields_per_member: int = 1

    @property
    def unit(self) -> str | None:
        """The unit of every field; None where they differ."""
        units = {field.unit for field in self.fields}
        return units.pop() if len(units) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """``words`` for each value of a DI byte; ``block`` are the values that FF stands for."""

    words: Mapping[int, str]
    block: range = range(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """``subjects``: DI2 -> the fields of one member; a field's name follows the member's after ", "."""

    subjects: Mapping[int, tuple[Field, ...]]
    which: _Axis
    when: _Axis


_NOW = _Axis(words={0: ""})
_MONTHLY = _Axis(words={0: "(current)", **{month: f"(month -{month})" for month in range(1, _MONTHS + 1)}}, block=range(_MONTHS + 1))
_TARIFF = _Axis(words={0: "total", **{tariff: f"tariff {tariff}" for tariff in range(1, _TARIFFS + 1)}}, block=range(_TARIFFS + 1))
_PHASE = _Axis(words={1: "A", 2: "B", 3: "C"}, block=range(1, 4))
_TOTAL_AND_PHASE = _Axis(words={0: "total", 1: "A", 2: "B", 3: "C"}, block=range(4))


def _energy(name: str, unit: str, is_signed: bool = False) -> tuple[Field, ...]:
    # six digits and two decimals; combined energies have a sign (note of table A.1)
    return (Field(name=name, unit=unit, coding=Coding.SIGNED if is_signed else Coding.NUMBER, size=4, decimals=2),)


def _demand(name: str, unit: str, is_signed: bool = False) -> tuple[Field, ...]:
    coding = Coding.SIGNED if is_signed else Coding.NUMBER
    return (
        Field(name=name, unit=unit, coding=coding, size=3, decimals=4),
        Field(name="time", coding=Coding.MINUTE, size=5),
    )


def _variable(name: str, unit: str, size: int, decimals: int, coding: Coding = Coding.NUMBER) -> tuple[Field, ...]:
    return (Field(name=name, unit=unit, coding=coding, size=size, decimals=decimals),)


_PHASE_ENERGIES = {
    base + kind: _energy(f"{name} phase {phase}", unit, is_signed)
    for phase, base in PHASE_ENERGY_BASES.items()
    for kind, (name, unit, is_signed) in PHASE_ENERGY_KINDS.items()
}
_OTHER_ENERGIES = {kind: _energy(f"energy of kind {kind:02X}H", "") for kind in range(0x09, 0x100) if kind not in _PHASE_ENERGIES}
_FAMILIES: Mapping[int, tuple[_Family, ...]] = {
    0x00: (
        _Family(
            which=_TARIFF, when=_MONTHLY,
            subjects={
                0x00: _energy("combined active energy", "kWh", True),
                0x01: _energy("forward active energy", "kWh"),
                0x02: _energy("reverse active energy", "kWh"),
                0x03: _energy("combined reactive energy 1", "kvarh", True),
                0x04: _energy("combined reactive energy 2", "kvarh", True),
                **{4 + quadrant: _energy(f"reactive energy quadrant {quadrant}", "kvarh") for quadrant in range(1, 5)},
                **_PHASE_ENERGIES,
                **_OTHER_ENERGIES,
            },
        ),
    ),
    0x01: (
        _Family(
            which=_TARIFF, when=_MONTHLY,
            subjects={
                0x01: _demand("forward active maximum demand", "kW"),
                0x02: _demand("reverse active maximum demand", "kW"),
                0x03: _demand("combined reactive 1 maximum demand", "kvar", True),
                0x04: _demand("combined reactive 2 maximum demand", "kvar", True),
            },
        ),
    ),
    0x02: (
        _Family(
            which=_PHASE, when=_NOW,
            subjects={
                0x01: _variable("voltage", "V", 2, 1),
                0x02: _variable("current", "A", 3, 3, Coding.SIGNED),       # note 6 of table A.3
                0x07: _variable("phase angle", "deg", 2, 1),
                0x08: _variable("voltage distortion", "%", 2, 2),
                0x09: _variable("current distortion", "%", 2, 2),
            },
        ),
        _Family(
            which=_TOTAL_AND_PHASE, when=_NOW,
            subjects={
                0x03: _variable("active power", "kW", 3, 4, Coding.SIGNED),      # note 2 of table A.3, all powers
                0x04: _variable("reactive power", "kvar", 3, 4, Coding.SIGNED),
                0x05: _variable("apparent power", "kVA", 3, 4, Coding.SIGNED),
                0x06: _variable("power factor", "", 2, 3, Coding.SIGNED),
            },
        ),
    ),
}


@lru_cache(maxsize=_CACHED)
def identifier(di: str) -> Identifier | None:
    """What ``di`` holds (eight digits; four of DL/T 645-1997), or None where no table has it."""
    if len(di) == 4:
        held = IDENTIFIERS_1997.get(di)
        return None if held is None else Identifier(di=di, name=held.name, fields=held.fields, is_block=held.is_block)
    if di in SINGLES:
        name, fields = SINGLES[di]
        return Identifier(di=di, name=name, fields=fields, is_block=di.endswith("FF"))
    if di[:6] in RECORDS:
        name, numbers, fields = RECORDS[di[:6]]
        number = int(di[6:], 16)
        return Identifier(di=di, name=f"{name} {number}", fields=fields) if number in numbers else None
    prefix = next((prefix for prefix in RAW_PREFIXES if di.startswith(prefix)), None)
    if prefix is not None:
        name = RAW_PREFIXES[prefix]
        return Identifier(di=di, name=name, fields=(Field(name=name, coding=Coding.RAW),))
    return _of_family(di)


def _of_family(di: str) -> Identifier | None:
    di3, di2, di1, di0 = bytes.fromhex(di)
    family = next((family for family in _FAMILIES.get(di3, ()) if di2 in family.subjects), None)
    if family is None or (di1 == _BLOCK and di0 == _BLOCK):
        return None               # the order within a block of blocks is not told
    places = family.which.block if di1 == _BLOCK else (di1,)
    times = family.when.block if di0 == _BLOCK else (di0,)
    if not times or any(place not in family.which.words for place in places) or any(time not in family.when.words for time in times):
        return None
    is_block = _BLOCK in (di1, di0)
    subject = family.subjects[di2]
    members = [_words(subject[0].name, family.which.words[place], family.when.words[time]) for place in places for time in times]
    fields = tuple(_renamed(field, member, is_first=field is subject[0]) for member in members for field in subject)
    which = "block" if di1 == _BLOCK else family.which.words[di1]
    when = "block" if di0 == _BLOCK else family.when.words[di0]
    return Identifier(di=di, name=_words(subject[0].name, which, when), fields=fields, is_block=is_block, fields_per_member=len(subject))


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _renamed(field: Field, member: str, *, is_first: bool) -> Field:
    name = member if is_first else f"{member}, {field.name}"
    return Field(name=name, unit=field.unit, coding=field.coding, size=field.size, decimals=field.decimals)
