"""E-bikes charge at 120 to 250 W for three hours, creep up and decay; lamps and kettles beside them; some readings missing."""

import math

from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {}
STEPS, STEP_S, SAVE_EVERY = 360, 60.0, 41


def archive(n):
    return plain_archive(n)


def answer(index, step, *, is_troubled):
    if (step + 3 * index) % 61 == 0:
        return {}
    size_w, begin, full = 120.0 + 12.0 * index, 20 + 4 * index, 200 + 4 * index
    charge_w = 0.0
    if is_troubled and begin <= step < full:
        charge_w = size_w * (1.0 + 0.0003 * (step - begin))
    elif is_troubled and full <= step < full + 70:
        charge_w = size_w * 1.054 * math.exp((full - step) / 28.0)
    kettle_w = 1800.0 if is_troubled and step % 50 in (3, 4, 5) else 0.0
    return {
        "voltage_v__a": 220.0, "active_power_w__a": float(round(80.0 + charge_w + kettle_w)),
        "reactive_power_var__a": float(round(20.0 + charge_w * math.tan(math.acos(0.55)))),
    }  # fmt: skip
