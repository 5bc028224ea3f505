"""Each minute: processes that run for an hour and lose their load, with and without return; chargers that stop; holes."""

from tests.detect.areas import archive as plain_archive

SETTINGS = {"learn_s": 1800.0, "learn_again_s": 3600.0, "tau_s": 600.0, "give_up_s": 5400.0}
STEPS, STEP_S, SAVE_EVERY = 240, 60.0, 7


def archive(n):
    return plain_archive(n, tags=("tobacco",))


def answer(index, step, *, is_troubled):
    if (step + index) % 17 == 0:
        return {}
    load_w = 5000.0 + 100.0 * ((step * 7 + index) % 5)
    if is_troubled and index % 3 == 0 and 80 + index <= step < 120 + 10 * index:
        load_w = 15.0
    elif is_troubled and index % 3 == 1 and step // 20 % 2:
        load_w = 0.0
    return {"voltage_v__a": 230.0, "active_power_w__a": load_w}
