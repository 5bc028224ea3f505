"""The neutral of a branch of three-phase meters breaks, later that of one meter; currents flow on, some readings are missing."""

import cmath
import math

from edge_agent.model import Archive
from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {}
STEPS, STEP_S, SAVE_EVERY = 180, 60.0, 7
AXES = [cmath.exp(-2j * math.pi * phase / 3) for phase in range(3)]


def archive(n: int) -> Archive:
    return plain_archive(n, phases="abc", grid_phases="abc")


def is_broken(index: int, step: int) -> bool:
    return (index % 3 == 0 and 50 <= step < 80) or (index == 1 and 110 <= step < 140)


def columns(shift_v: complex, current_a: tuple[float, float, float], line_v: float = 220.0 * math.sqrt(3)) -> dict[str, float]:
    """Of a three-phase meter whose neutral point has moved by ``shift_v``."""
    found = {}
    for phase, axis, amperes in zip("abc", AXES, current_a, strict=True):
        found[f"voltage_v__{phase}"] = abs(line_v / math.sqrt(3) * axis - shift_v)
        found[f"current_a__{phase}"] = amperes
    return found


def answer(index: int, step: int, *, is_troubled: bool) -> dict[str, float] | None:
    if (step + index) % 17 == 0:
        return {}
    broken = is_troubled and is_broken(index, step)
    shift_v = -(70.0 + 10.0 * math.sin(step / 7)) * cmath.exp(0.3j) if broken else 2.0 * cmath.exp(1j * (step / 30 + index))
    return columns(shift_v, (5.0, 6.0 + 0.01 * (step % 5), 7.0))
