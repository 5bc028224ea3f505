"""Labelled sets that the shipped detectors are scored on: one module each, found by scanning for ``SCORE``."""

from __future__ import annotations

import importlib
import pkgutil

from simulator.scoring.score_set import ScoreSet


def find_sets() -> dict[str, ScoreSet]:
    """Every set by name. A module without ``SCORE`` or a name used twice stops the program."""
    found: dict[str, ScoreSet] = {}
    for info in pkgutil.iter_modules(__path__, __name__ + "."):
        score = getattr(importlib.import_module(info.name), "SCORE", None)
        if not isinstance(score, ScoreSet) or score.name in found:
            raise RuntimeError(f"{info.name} exposes no SCORE of its own")
        found[score.name] = score
    return found
