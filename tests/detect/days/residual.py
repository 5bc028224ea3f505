"""Sensors at every third meter: leakage above the setpoint that comes and goes, a customer who switches on what leaks, days that rise."""

import math
import random

from edge_agent.model import Archive
from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {"is_latched": False, "begin_s": 30.0}
STEPS, STEP_S, SAVE_EVERY = 900, 900.0, 41
_chance = random.Random(4)
_PHASE = [_chance.random() for _ in range(1000)]


def archive(n: int) -> Archive:
    return plain_archive(n)


def answer(index: int, step: int, *, is_troubled: bool) -> dict[str, float] | None:
    hours = step / 4.0
    columns = {"voltage_v__a": 220.0, "current_a__a": 5.0}
    if (step + index) % 53 == 0:
        return {}
    if index % 3 == 0:
        leak_a = 0.02 + 0.004 * math.sin(hours / 24 * 2 * math.pi + _PHASE[index])
        if is_troubled and index % 2 == 0:
            leak_a += 0.4 if 60 <= hours < 66 else 0.05 if 30 <= hours < 33 else 0.0
            columns["current_a__a"] = 12.0 if 30 <= hours < 33 else 5.0
        elif is_troubled:
            leak_a += 0.012 * hours / 24
        columns["current_residual_a"] = leak_a
    return columns
