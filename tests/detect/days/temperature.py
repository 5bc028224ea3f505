"""Terminals that follow their load; at some meters one is too hot, heats too fast, or is warmer than the one beside it."""

import math
import random

from edge_agent.model import Archive
from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {"is_latched": False}
STEPS, STEP_S, SAVE_EVERY = 480, 60.0, 37
_chance = random.Random(4)
_PHASE = [_chance.random() for _ in range(1000)]


def archive(n: int) -> Archive:
    return plain_archive(n)


def answer(index: int, step: int, *, is_troubled: bool) -> dict[str, float] | None:
    if (step + index) % 29 == 0:
        return {}
    current_a = 15.0 + 10.0 * math.sin(step / 60 + _PHASE[index])
    columns = {"voltage_v__a": 220.0, "current_a__a": current_a}
    if index % 2 == 0:
        rise_k = 20.0 * (current_a / 60.0) ** 2
        columns["ambient_temperature_cel"] = 22.0
        columns["terminal_temperature_cel__a"] = columns["terminal_temperature_cel__n"] = 22.0 + rise_k
        if is_troubled and 120 <= step < 200:
            more_k = min(8.0 * (step - 120), 70.0) if index % 4 == 0 else 18.0
            columns["terminal_temperature_cel__a"] += more_k
    return columns
