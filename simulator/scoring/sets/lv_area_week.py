"""Joints, thefts, EV and e-bike sessions of an area; neutral faults and their negative controls of a feeder."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from simulator.cli.rows import Row
from simulator.scoring import lv_area
from simulator.scoring.lv_area.part import Part
from simulator.scoring.score_set import Say, ScoreSet


def parts() -> list[Part]:
    """Of every module in ``scoring/lv_area`` that has one."""
    names = sorted(info.name for info in pkgutil.iter_modules(lv_area.__path__))
    found = [getattr(importlib.import_module(f"{lv_area.__name__}.{name}"), "PART", None) for name in names]
    return [part for part in found if part is not None]


def score(directory: Path, say: Say) -> list[Row]:
    rows: list[Row] = []
    every = parts()
    for number, part in enumerate(every):
        rows += part.score(directory, lambda share, number=number: say((number + share) / len(every)))  # type: ignore[misc]
    return rows


SCORE = ScoreSet(name="lv_area_week", summary="joints, thefts, neutral faults, charging (OpenDSS)", score=score)
