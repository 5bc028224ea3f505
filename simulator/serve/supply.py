"""The concentrator's own mains, simulated: a small file with three volts that the agent's supply input reads."""

from __future__ import annotations

import os
from pathlib import Path


class SupplyFile:
    """Rewritten as a whole, so that a reader never sees half a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, a_v: float | None, b_v: float | None = None, c_v: float | None = None) -> None:
        words = ("-" if volts is None else f"{volts:.1f}" for volts in (a_v, b_v, c_v))
        partial = self._path.with_suffix(".new")
        partial.write_text(" ".join(words) + "\n", encoding="ascii")
        os.replace(partial, self._path)
