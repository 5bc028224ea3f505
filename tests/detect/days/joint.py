"""Joints that begin and are mended, one that flickers, and one that comes of a bypass nobody can tell apart; hours stand for days.

Readings each minute, blocks of ten minutes, two and a half hours to learn. Loads are drawn, every meter drops 0.15 ohm on its service.
"""

from __future__ import annotations

import random

from edge_agent.model import Archive
from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {"block_s": 600.0, "learn_days": 0.1, "learn_days_most": 0.2, "intermittent_s": 900.0}
STEPS, STEP_S, SAVE_EVERY = 560, 60.0, 41
BEGINS, MENDED = 300, 380
_OHM, _JOINT_OHM = 0.15, 0.5
_AMPERES = [[random.Random(1000 * index + step // 3).choice((0.5, 2.0, 4.0, 9.0, 14.0)) for step in range(STEPS)] for index in range(40)]
_FEEDER_V = [220.0 + random.Random(step).uniform(-1.5, 1.5) for step in range(STEPS)]


def archive(n: int) -> Archive:
    return plain_archive(n, nodes=("f1/b1", "f1/b2"), grid_phases="a")


def extra_ohm(index: int, step: int) -> float:
    if index % 6 == 1 and BEGINS <= step < MENDED:
        return _JOINT_OHM
    if index == 2 and step >= BEGINS and step % 2:
        return 2.0
    return 0.0


def answer(index: int, step: int, *, is_troubled: bool) -> dict[str, float] | None:
    if index == 3 and 100 <= step < 140:
        return None
    if (step + index) % 31 == 0:
        return {}
    amperes = _AMPERES[index][step]
    ohm = _OHM + (extra_ohm(index, step) if is_troubled else 0.0)
    volts = round(_FEEDER_V[step] - ohm * amperes + random.Random(500 * index + step).gauss(0.0, 0.05), 1)
    return {"voltage_v__a": volts, "current_a__a": amperes, "active_power_w__a": round(volts * amperes, 1)}
