"""The data identifiers of DL/T 645-1997 that are read: four digits.

Source: two captures for 9010 and 901F; the rows B6xx and C0xx are recalled (see recalled.py) and were not seen on a meter.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.wire.dlt645.fields import Coding, Field

_TARIFFS = 14                 # 9011..901E
BLOCK_END = 0xAA              # closes a block in DL/T 645-1997


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier1997:
    """``fields`` in the order of the bytes."""

    name: str
    fields: tuple[Field, ...]
    is_block: bool = False


def _energy(name: str) -> Field:
    return Field(name=name, unit="kWh", size=4, decimals=2)


def _one(name: str, unit: str, size: int, decimals: int = 0, coding: Coding = Coding.NUMBER) -> Identifier1997:
    return Identifier1997(name=name, fields=(Field(name=name, unit=unit, coding=coding, size=size, decimals=decimals),))


_ENERGIES = (
    _energy("forward active energy total"), *(_energy(f"forward active energy tariff {tariff}") for tariff in range(1, _TARIFFS + 1)),
)
IDENTIFIERS_1997: dict[str, Identifier1997] = {
    **{f"{0x9010 + place:04X}": Identifier1997(name=field.name, fields=(field,)) for place, field in enumerate(_ENERGIES)},
    "901F": Identifier1997(name="forward active energy block", fields=_ENERGIES, is_block=True),
    **{f"B61{place}": _one(f"voltage {phase}", "V", 2) for place, phase in enumerate("ABC", start=1)},
    **{f"B62{place}": _one(f"current {phase}", "A", 2, 2) for place, phase in enumerate("ABC", start=1)},
    **{f"B63{place}": _one(f"active power {which}", "kW", 3, 4) for place, which in enumerate(("total", "A", "B", "C"))},
    "C010": _one("date", "", 4, coding=Coding.DATE),
    "C011": _one("time", "", 3, coding=Coding.TIME),
}
