"""The table that every measuring command prints: name, figure, unit, goal, ok."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a result table."""

    name: str
    figure: float
    unit: str
    goal: str
    ok: bool


def print_rows(rows: list[Row], *, as_json: bool) -> int:
    """1 when a row misses its goal, else 0."""
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
    else:
        width = max(len(row.name) for row in rows)
        for row in rows:
            print(f"{row.name:<{width}}  {row.figure:>12.6g} {row.unit:<14} goal {row.goal:<26} {'ok' if row.ok else 'MISSED'}")
    return 0 if all(row.ok for row in rows) else 1
