"""Voltages leave the band, currents overload and meters fall silent, alone and together; some readings are missing.

A day of another detector has the same names: ``SETTINGS`` (of the detector; shorten what takes weeks), ``STEPS`` of ``STEP_S`` seconds,
``SAVE_EVERY`` (state is saved and loaded each so many steps), ``archive(n)``, and ``answer(index, step)``: the columns that a meter gives,
None where it does not answer, nothing where it is not asked. A meter that is not ``is_troubled`` is healthy all day.
"""

import math
import random

from edge_agent.model import Archive
from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {}
STEPS, STEP_S, SAVE_EVERY = 240, 60.0, 7
_chance = random.Random(1)
_SEVERITY = [_chance.random() for _ in range(1000)]


def archive(n: int) -> Archive:
    return plain_archive(n)


def answer(index: int, step: int, *, is_troubled: bool) -> dict[str, float] | None:
    severity = _SEVERITY[index] if is_troubled else 0.0
    if is_troubled and ((60 <= step < 90 and index % 3 == 1) or (index == 0 and 30 <= step < 50)):
        return None
    if (step + index) % 17 == 0:
        return {}
    return {
        "voltage_v__a": 220.0 + 30.0 * severity * math.sin(step / 20 + index),
        "current_a__a": 40.0 + 50.0 * severity * (1 + math.sin(step / 30)),
    }
