"""Data identifiers that belong to no family. Source: DL/T 645-2007 annex A, tables A.3 to A.6; doubtful ones: recalled.py."""

from __future__ import annotations

from edge_agent.wire.dlt645.fields import Coding, Field
from edge_agent.wire.dlt645.recalled import DATE_AND_TIME_DI, RESIDUAL_CURRENT_NAME, RESIDUAL_CURRENT_PREFIX

_Row = tuple[str, tuple[Field, ...]]
_STATUS_WORDS = range(1, 8)


def _one(name: str, unit: str, size: int, decimals: int = 0, *, coding: Coding = Coding.NUMBER) -> _Row:
    return name, (Field(name=name, unit=unit, coding=coding, size=size, decimals=decimals),)


def _count(name: str) -> _Row:
    return _one(name, "", 3)


def _status_word(number: int) -> Field:
    return Field(name=f"status word {number}", coding=Coding.WORD, size=2)


def _moment(name: str) -> Field:
    return Field(name=name, coding=Coding.SECOND, size=6)


def _energies(moment: str) -> tuple[Field, ...]:
    names = [("forward active energy", "kWh"), ("reverse active energy", "kWh")]
    names += [(f"reactive energy quadrant {quadrant}", "kvarh") for quadrant in range(1, 5)]
    return tuple(Field(name=f"{name} {moment}", unit=unit, size=4, decimals=2) for name, unit in names)


_OPERATOR = Field(name="operator", coding=Coding.DIGITS, size=4)

SINGLES: dict[str, _Row] = {
    "02800001": _one("neutral current", "A", 3, 3, coding=Coding.SIGNED),
    "02800002": _one("grid frequency", "Hz", 2, 2),
    "02800003": _one("mean active power of one minute", "kW", 3, 4, coding=Coding.SIGNED),
    "02800004": _one("active power demand", "kW", 3, 4, coding=Coding.SIGNED),
    "02800005": _one("reactive power demand", "kvar", 3, 4, coding=Coding.SIGNED),
    "02800006": _one("apparent power demand", "kVA", 3, 4, coding=Coding.SIGNED),
    "02800007": _one("temperature in meter", "degC", 2, 1, coding=Coding.SIGNED),
    "02800008": _one("clock battery voltage", "V", 2, 2),
    "02800009": _one("outage battery voltage", "V", 2, 2),
    "0280000A": _one("battery working time", "min", 4),
    "03110000": _count("outage count"),
    "03300400": _count("clock setting count"),
    "03300D00": _count("meter cover opening count"),
    "04000101": _one("date", "", 4, coding=Coding.DATE),
    "04000102": _one("time", "", 3, coding=Coding.TIME),
    DATE_AND_TIME_DI: _one("date and time", "", 7, coding=Coding.SECOND_WEEK),
    "04000401": _one("communication address", "", 6, coding=Coding.DIGITS),
    "04000402": _one("meter number", "", 6, coding=Coding.DIGITS),
    "04000404": _one("rated voltage", "", 6, coding=Coding.TEXT),
    "04000405": _one("rated current", "", 6, coding=Coding.TEXT),
    "04000406": _one("maximum current", "", 6, coding=Coding.TEXT),
    "04000409": _one("active constant", "imp/kWh", 3),
    "0400040A": _one("reactive constant", "imp/kvarh", 3),
    "0400040B": _one("meter model", "", 10, coding=Coding.TEXT),
    "0400040C": _one("date of manufacture", "", 10, coding=Coding.TEXT),
    "0400040D": _one("protocol version", "", 16, coding=Coding.TEXT),
    **{f"040005{number:02X}": (f"status word {number}", (_status_word(number),)) for number in _STATUS_WORDS},
    "040005FF": ("status words block", tuple(_status_word(number) for number in _STATUS_WORDS)),
}
# first six digits -> name, the numbers DI0 may have (1 = the last), fields of one record
RECORDS: dict[str, tuple[str, range, tuple[Field, ...]]] = {
    "031100": ("outage record", range(1, 11), (_moment("start of outage"), _moment("end of outage"))),
    "033004": ("clock setting record", range(1, 11), (_OPERATOR, _moment("time before setting"), _moment("time after setting"))),
    "03300D": (
        "meter cover opening record", range(1, 11),
        (_moment("cover opened"), _moment("cover closed"), *_energies("before opening"), *_energies("after opening")),
    ),
}
# carried as they are: what a meter freezes is chosen by its mode word, load records have one form per class
RAW_PREFIXES: dict[str, str] = {
    RESIDUAL_CURRENT_PREFIX: RESIDUAL_CURRENT_NAME,
    "05": "frozen values",
    "06": "load records",
}
