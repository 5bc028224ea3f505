"""What each module of this folder that scores a part of the set exposes as ``PART``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulator.cli.rows import Row
from simulator.scoring.score_set import Say


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``score`` reads what it needs of the folder; parts are run in the order of their names."""

    name: str
    score: Callable[[Path, Say], list[Row]]
