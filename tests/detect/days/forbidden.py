"""Every ten seconds: heating elements above the limit, one at a time, in parts, and as a ramp."""

from tests.detect.areas import archive as plain_archive

SETTINGS = {"limit_w": 800.0}
STEPS, STEP_S, SAVE_EVERY = 240, 10.0, 11


def archive(n):
    return plain_archive(n)


def answer(index, step, *, is_troubled):
    if (step + index) % 37 == 0:
        return {}
    heat_w = 0.0
    if is_troubled and 60 <= step < 150:
        heat_w = (1200.0, 500.0 * min(2, (step - 57) // 3), min(1500.0, 30.0 * (step - 60)))[index % 3]
    return {"voltage_v__a": 220.0, "active_power_w__a": 150.0 + heat_w, "reactive_power_var__a": 40.0}
