"""Every second: heaters of 2 kW go on and off, a motor beside them, some samples missing; all steps are told."""

from tests.detect.areas import archive as plain_archive

SETTINGS = {"told_from_w": 0.0}
STEPS, STEP_S, SAVE_EVERY = 240, 1.0, 11


def archive(n):
    return plain_archive(n)


def answer(index, step, *, is_troubled):
    if (step + index) % 37 == 0:
        return {}
    heats = is_troubled and 20 + 3 * index <= step % 120 < 60 + 2 * index
    turns = is_troubled and index % 2 == 0 and 40 <= step % 120 < 100
    return {
        "voltage_v__a": 220.0,
        "active_power_w__a": 150.0 + 2000.0 * heats + 600.0 * turns,
        "reactive_power_var__a": 40.0 + 450.0 * turns,
    }
