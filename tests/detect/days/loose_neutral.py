"""Loads step from phase to phase; the neutrals of some meters grow a joint, those of others open and close; some readings are missing."""

import functools
import random

from edge_agent.model import Archive
from tests.detect.areas import archive as plain_archive
from tests.detect.days.open_neutral import AXES, columns

SETTINGS: dict = {"first_s": 1800.0, "learn_s": 3600.0, "kept_s": 7200.0, "window_s": 7200.0, "quiet_s": 1800.0, "steps_kept": 15.0}
STEPS, STEP_S, SAVE_EVERY = 300, 60.0, 17
_HEALTHY_OHM, _LOOSE_OHM = 0.2, 0.7


def archive(n: int) -> Archive:
    return plain_archive(n, phases="abc", grid_phases="abc")


@functools.cache
def currents(index: int) -> list[tuple[float, float, float]]:
    """Of each step: one phase changes at a time."""
    chance, found, now = random.Random(index), [], [5.0, 5.0, 5.0]
    for _ in range(STEPS):
        now[chance.randrange(3)] = round(chance.uniform(1.0, 25.0), 2)
        found.append((now[0], now[1], now[2]))
    return found


def answer(index: int, step: int, *, is_troubled: bool) -> dict[str, float] | None:
    if (step + index) % 17 == 0:
        return {}
    current_a = currents(index)[step]
    is_late = is_troubled and 100 <= step < 220
    ohm = _LOOSE_OHM if is_late and index % 4 == 0 else _HEALTHY_OHM
    shift_v = sum(ohm * amperes * axis for amperes, axis in zip(current_a, AXES, strict=True))
    if is_late and index % 4 == 1 and step % 5 == 0:
        shift_v += 20.0
    return columns(complex(shift_v), current_a)
