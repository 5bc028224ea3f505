"""The concentrator's own mains, read from a small file that whoever measures it keeps rewriting.

One line, three volts for the phases a, b, c; ``-`` where a phase is not measured: ``230.1 229.8 -``. A kernel driver, a script or the
simulator may be behind it. An old, absent or damaged file means "not measured", which is never taken for an outage.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_MAX_BYTES = 256      # a longer file is not ours
_MAX_V = 1000.0


class Supply(Protocol):
    """The concentrator's own mains."""

    def read(self) -> tuple[float, float, float]:
        """Volts of phases a, b, c; NaN = not measured."""
        ...


@dataclass(slots=True)
class SupplyFile:
    """``read()`` gives volts of phases a, b, c, NaN = not measured; ``reason`` says why nothing is measured, "" while it is."""

    path: Path
    stale_s: float
    reason: str = "not read yet"

    def read(self) -> tuple[float, float, float]:
        nothing = (math.nan, math.nan, math.nan)
        try:
            age_s = time.time() - self.path.stat().st_mtime
            with self.path.open("rb") as file:
                line = file.read(_MAX_BYTES).decode("ascii")
        except (OSError, UnicodeDecodeError) as exc:
            self.reason = f"{self.path}: {exc}"
            return nothing
        if age_s > self.stale_s:
            self.reason = f"{self.path}: not rewritten for {age_s:.0f} s"
            return nothing
        words = line.split()
        volts = [_volts(word) for word in words]
        if len(words) != 3 or any(value is None for value in volts):
            self.reason = f"{self.path}: expected three volts such as '230.1 229.8 -', found {line.strip()[:60]!r}"
            return nothing
        self.reason = ""
        a, b, c = (math.nan if value is None else value for value in volts)
        return a, b, c


def _volts(word: str) -> float | None:
    if word == "-":
        return math.nan
    try:
        value = float(word)
    except ValueError:
        return None
    return value if 0.0 <= value <= _MAX_V else None
