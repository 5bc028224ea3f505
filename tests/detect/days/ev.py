"""Vehicles charge at 3.3 to 7 kW for an hour or two and fade; kettles beside them; some readings missing."""

from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {}
STEPS, STEP_S, SAVE_EVERY = 260, 60.0, 29


def archive(n):
    return plain_archive(n)


def answer(index, step, *, is_troubled):
    if (step + 3 * index) % 61 == 0:
        return {}
    rate_w, begin, fades, ends = 3300.0 + 300.0 * index, 20 + 5 * index, 140 + 4 * index, 160 + 4 * index
    charge_w = 0.0
    if is_troubled and begin <= step < ends:
        charge_w = rate_w * (1.0 if step < fades else 1.0 - 0.9 * (step - fades) / (ends - fades))
    kettle_w = 1800.0 if is_troubled and step % 50 in (3, 4, 5) else 0.0
    return {"voltage_v__a": 220.0, "active_power_w__a": 200.0 + charge_w + kettle_w, "reactive_power_var__a": 50.0}
