"""Reads recordings of a house (minutes) or an appliance (seconds) into rows of SI values."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

_MAX_BYTES = 64 * 2**20
# column of the file -> (field of Row, factor to SI)
_HOUSE = {
    "Voltage": ("voltage_v", Decimal(1)),
    "Global_intensity": ("current_a", Decimal(1)),
    "Global_active_power": ("active_power_w", Decimal(1000)),
    "Global_reactive_power": ("reactive_power_var", Decimal(1000)),
}
_APPLIANCE = {
    "RMS Current": ("current_a", Decimal(1)),
    "Active (W)": ("active_power_w", Decimal(1)),
    "Reactive (W)": ("reactive_power_var", Decimal(1)),
}
_HOUSE_STEP_S, _APPLIANCE_STEP_S = 60.0, 1.0


class RecordingError(Exception):
    """A recording cannot be used; one line with file and row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step of a recording; None where it is blank or not recorded."""

    voltage_v: float | None = None
    current_a: float | None = None
    active_power_w: float | None = None
    reactive_power_var: float | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Rows ``step_s`` apart."""

    name: str
    step_s: float
    rows: tuple[Row, ...]


def load_recording(path: Path, *, max_rows: int | None = None) -> Recording:
    """Read a recording in either layout, told apart by its columns.

    Raises:
        RecordingError: the file cannot be read, its columns are not known or a number is wrong.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise RecordingError(f"{path}: larger than {_MAX_BYTES // 2**20} MiB; cut it to what is replayed")
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            columns, step_s = _layout(path, reader.fieldnames or [])
            rows: list[Row] = []
            for number, line in enumerate(reader, start=2):
                if max_rows is not None and len(rows) >= max_rows:
                    break
                rows.append(_row(path, number, line, columns))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise RecordingError(f"{path}: cannot be read: {exc}") from exc
    if not rows:
        raise RecordingError(f"{path}: no rows")
    return Recording(path.stem, step_s, tuple(rows))


def _layout(path: Path, names: object) -> tuple[dict[str, tuple[str, Decimal]], float]:
    present = set(names) if isinstance(names, (list, tuple)) else set()
    for columns, step_s in ((_HOUSE, _HOUSE_STEP_S), (_APPLIANCE, _APPLIANCE_STEP_S)):
        if set(columns) <= present:
            return columns, step_s
    raise RecordingError(
        f"{path}: row 1: neither the columns of a house ({', '.join(_HOUSE)}) nor of an appliance ({', '.join(_APPLIANCE)})"
    )


def _row(path: Path, number: int, line: dict[str, str | None], columns: dict[str, tuple[str, Decimal]]) -> Row:
    values: dict[str, float | None] = {}
    for column, (field, factor) in columns.items():
        text = (line.get(column) or "").strip()
        try:
            values[field] = float(Decimal(text) * factor) if text else None
        except InvalidOperation as exc:
            raise RecordingError(f"{path}: row {number}: {column} = {text!r} is no number") from exc
        if values[field] is not None and not math.isfinite(values[field] or 0.0):
            raise RecordingError(f"{path}: row {number}: {column} = {text!r} is no measurement")
    return Row(**values)
