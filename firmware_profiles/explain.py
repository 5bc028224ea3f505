"""What the registers of one reply mean, row by row, mapped or not: for people and for checks, never for the hot path."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_profiles.coding import decode_point
from firmware_profiles.quantities import QUANTITIES
from firmware_profiles.schema import Point, Profile

_WORD_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value. The first seven fields are worded as in ``tests/data/vectors``, the rest is ours."""

    quantity: str                       # words of a data sheet: "voltage L1"
    value: float | int | str | None     # in ``unit``; None = not available, or no finite number
    unit: str
    address: int | None                 # None: of no register
    type: str
    word_order: str | None
    scale: str
    column: str | None = None
    si_value: float | None = None
    si_unit: str = ""
    flags: tuple[str, ...] = ()         # "not_available", "implausible"


def explain(profile: Profile, function: int, address: int, data: bytes) -> list[Row]:
    """Rows in address order. Registers that no point covers are shown raw: two in a row as one uint32, others word by word."""
    words = len(data) // _WORD_BYTES
    points = profile.points_at(function, address, words)
    rows = [_point_row(point, data[_WORD_BYTES * (point.address - address) :][: _WORD_BYTES * point.words]) for point in points]
    covered = {word for point in points for word in range(point.address, point.address + point.words)}
    for run in _runs([word for word in range(address, address + words) if word not in covered]):
        rows += _raw_rows(run, data[_WORD_BYTES * (run[0] - address) : _WORD_BYTES * (run[-1] + 1 - address)])
    return sorted(rows, key=lambda row: row.address or 0)


def exception_row(code: int) -> Row:
    """The one row of a reply that refuses the request."""
    return Row(quantity="exception code", value=code, unit="", address=None, type="exception", word_order=None, scale="1")


def _point_row(point: Point, data: bytes) -> Row:
    decoded = decode_point(point, data)
    flags = (("not_available",) if decoded.is_not_available else ()) + (() if decoded.is_plausible else ("implausible",))
    return Row(
        quantity=point.title, value=decoded.value, unit=_shown(point.unit), address=point.address, type=point.type_title,
        word_order=_word_order(point), scale=str(point.scale), column=point.column, si_value=decoded.si_value,
        si_unit=_shown(QUANTITIES[point.quantity].unit), flags=flags,
    )


def _raw_rows(run: list[int], data: bytes) -> list[Row]:
    if len(run) == 2:
        return [_raw_row(f"words 0x{run[0]:04X} and 0x{run[1]:04X}", run[0], data, "uint32")]
    return [
        _raw_row(f"word 0x{word:04X}", word, data[_WORD_BYTES * number :][:_WORD_BYTES], "uint16") for number, word in enumerate(run)
    ]


def _raw_row(title: str, address: int, data: bytes, kind: str) -> Row:
    value = int.from_bytes(data, "big")
    return Row(quantity=title, value=value, unit="", address=address, type=kind, word_order="high word first", scale="1")


def _runs(words: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for word in words:
        if runs and runs[-1][-1] == word - 1:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _word_order(point: Point) -> str:
    # a single word has no order; tables then say nothing, and the vectors "high"
    return "low word first" if point.word_order == "low" and point.words > 1 else "high word first"


def _shown(unit: str) -> str:
    return "" if unit == "1" else unit
