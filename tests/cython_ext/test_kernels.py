"""Every kernel gives the bits of its plain twin; the fronts refuse what does not fit."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.band import BEGAN_HIGH, BEGAN_LOW, DEEPENED, ENDED, NOTHING, update_band
from cython_ext.silence import mark_silent
from cython_ext.thermal import ALARMED, COOLED, WARNED, update_thermal

THRESHOLDS = (0.85, 0.9, 1.0)
numbers = st.one_of(st.floats(0, 300), st.sampled_from([198.0, 235.4, 200.0, 233.4, 110.0, 190.0, float("nan"), float("inf"), 0.0]))
some_ms = st.one_of(st.integers(0, 1_000_000), st.sampled_from([0, 60_000, -300_000]))  # clocks are also set back
steps = st.lists(st.tuples(st.lists(numbers, min_size=4, max_size=4), some_ms), min_size=1, max_size=12)


def twins(name: str) -> list:
    """The plain twin, and the compiled loop where this build has it."""
    found = [importlib.import_module(f"cython_ext._{name}_reference")]
    if cython_ext.COMPILED:
        found.append(importlib.import_module(f"cython_ext._{name}"))
    return found


def band_state(n):
    return [np.full(n, -1, dtype=np.int64) for _ in range(3)] + [np.zeros(n, dtype=np.int8) for _ in range(3)]


@settings(max_examples=200, deadline=None)
@given(steps)
def test_band_kernel_and_twin_agree(given_steps):
    limits = np.array([np.full(4, limit) for limit in (198.0, 235.4, 200.0, 233.4, 110.0)])
    limits[:, 3] = np.nan
    states = {module: band_state(4) for module in twins("band")}
    now_ms = 0
    for values, step_ms in given_steps:
        now_ms += step_ms
        results = [
            (
                module.update_band(np.array(values), np.full(4, now_ms), limits, *state, 60_000, 90_000, 500_000),
                [array.tobytes() for array in state],
            )
            for module, state in states.items()
        ]
        assert results.count(results[0]) == len(results)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_thermal_kernel_and_twin_agree_to_the_bit(given_steps):
    reference = np.array([60.0, 100.0, np.nan, 250.0])
    states = {
        module: [np.zeros(4), np.full(4, -1, dtype=np.int64), np.zeros(4, dtype=np.int8), np.zeros(4, dtype=np.int8)]
        for module in twins("thermal")
    }
    now_ms = 0
    for values, step_ms in given_steps:
        now_ms += step_ms
        results = [
            (
                module.update_thermal(np.array(values), np.full(4, now_ms), reference, *state, 600.0, 900.0, *THRESHOLDS),
                [array.tobytes() for array in state],
            )
            for module, state in states.items()
        ]
        assert results.count(results[0]) == len(results)


@given(
    failed=st.lists(st.integers(0, 9), min_size=5, max_size=5),
    first=st.lists(st.integers(-1, 100_000), min_size=5, max_size=5),
    reachable=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_silence_kernel_and_twin_agree(failed, first, reachable):
    results = []
    for module in twins("silence"):
        silent = np.zeros(5, dtype=np.int8)
        count = module.mark_silent(
            np.array(failed, dtype=np.int32), np.array(first, dtype=np.int64), np.array(reachable).view(np.int8), silent, 60_000, 3, 30_000
        )
        results.append((count, silent.tolist()))
    assert results.count(results[0]) == len(results)


def run_band(values, step_ms=60_000, begin_ms=180_000, end_ms=180_000):
    state, codes = band_state(1), []
    limits = np.array([[198.0], [235.4], [200.0], [233.4], [110.0]])
    for number, value in enumerate(values):
        update_band(np.array([value]), np.array([number * step_ms]), limits, *state, begin_ms, end_ms, 900_000)
        codes.append(int(state[-1][0]))
    return codes


def test_a_value_on_the_limit_is_inside():
    assert run_band([198.0, 235.4] * 5) == [NOTHING] * 10
    assert run_band([197.9] * 4)[-1] == BEGAN_LOW
    assert run_band([235.5] * 4)[-1] == BEGAN_HIGH


def test_a_low_value_that_turns_dead_is_told_once():
    codes = run_band([190.0] * 4 + [100.0, 190.0, 100.0])
    assert codes == [NOTHING] * 3 + [BEGAN_LOW, DEEPENED, NOTHING, NOTHING]
    assert run_band([110.0] * 6).count(DEEPENED) == 0  # on the limit


def test_a_value_that_is_not_new_is_not_taken_twice():
    state, limits = band_state(1), np.array([[198.0], [235.4], [200.0], [233.4], [110.0]])
    taken = np.array([0])
    for _ in range(5):
        assert update_band(np.array([190.0]), taken, limits, *state, 0, 0, 900_000) == int(state[-1][0] == BEGAN_LOW)
    heat, seen, level, code = np.zeros(1), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int8), np.zeros(1, dtype=np.int8)
    for _ in range(5):
        update_thermal(np.array([60.0]), np.array([60_000]), np.array([60.0]), heat, seen, level, code, 600.0, 900.0, THRESHOLDS)
    assert heat[0] == pytest.approx(1 - np.exp(-0.1))


def test_a_first_failure_after_now_leaves_it_to_the_number_of_polls():
    silent = np.zeros(3, dtype=np.int8)
    failed, first = np.array([3, 2, 3], dtype=np.int32), np.array([99_000, 99_000, -1])
    assert mark_silent(failed, first, np.ones(3, dtype=np.bool_), silent, 50_000, 3, 30_000) == 1
    assert silent.tolist() == [1, 0, 0]


def test_a_condition_must_last_and_its_end_as_well():
    codes = run_band([190.0] * 4 + [199.0] * 3 + [201.0] * 4)
    assert [index for index, code in enumerate(codes) if code] == [3, 10]  # 199 is not yet back inside
    assert codes[10] == ENDED


def test_a_short_dip_is_nothing():
    assert run_band([190.0] * 3 + [220.0] + [190.0] * 3) == [NOTHING] * 7


def test_the_thermal_image_reaches_1_minus_1_over_e_after_tau():
    heat, seen = np.zeros(1), np.full(1, -1, dtype=np.int64)
    level, code = np.zeros(1, dtype=np.int8), np.zeros(1, dtype=np.int8)
    for second in range(601):
        update_thermal(np.array([60.0]), np.array([second * 1000]), np.array([60.0]), heat, seen, level, code, 600.0, 900.0, THRESHOLDS)
    assert heat[0] == pytest.approx(1 - np.exp(-1), rel=1e-12)


def test_the_thermal_image_of_steps_follows_the_algebra():
    expected, heat, seen = 0.0, np.zeros(1), np.full(1, -1, dtype=np.int64)
    level, code = np.zeros(1, dtype=np.int8), np.zeros(1, dtype=np.int8)
    at_ms, codes = 0, []
    update_thermal(np.array([0.0]), np.array([0]), np.array([50.0]), heat, seen, level, code, 600.0, 900.0, THRESHOLDS)
    for current_a, seconds in ((60.0, 300), (75.0, 120), (75.0, 400), (20.0, 600), (0.0, 600)):
        at_ms += seconds * 1000
        expected += ((current_a / 50.0) ** 2 - expected) * (1 - np.exp(-seconds / 600.0))
        update_thermal(np.array([current_a]), np.array([at_ms]), np.array([50.0]), heat, seen, level, code, 600.0, 900.0, THRESHOLDS)
        codes.append(int(code[0]))
        assert heat[0] == pytest.approx(expected, rel=1e-12)
    assert codes[2] in (WARNED, ALARMED) or codes[1] in (WARNED, ALARMED)
    assert COOLED in codes


@pytest.mark.parametrize(
    "front",
    [
        lambda: update_band(np.zeros(2), np.zeros(3, dtype=np.int64), np.zeros((5, 2)), *band_state(2), 1, 1, 1),
        lambda: update_thermal(
            np.zeros(2),
            np.zeros(2, dtype=np.int64),
            np.zeros(1),
            np.zeros(2),
            *band_state(2)[:1],
            *band_state(2)[3:5],
            1.0,
            1.0,
            THRESHOLDS,
        ),
        lambda: mark_silent(
            np.zeros(3, dtype=np.int32), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.bool_), np.zeros(2, dtype=np.int8), 1, 1, 1
        ),
    ],
)
def test_arrays_of_other_lengths_are_refused(front):
    with pytest.raises(ValueError, match="elements"):
        front()


@pytest.mark.parametrize(
    "front",
    [
        lambda: update_band(np.zeros(2, dtype=np.float32), np.zeros(2, dtype=np.int64), np.zeros((5, 2)), *band_state(2), 1, 1, 1),
        lambda: update_band(np.zeros(2), np.zeros(2, dtype=np.int32), np.zeros((5, 2)), *band_state(2), 1, 1, 1),
        lambda: update_thermal(
            np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2), *band_state(2)[:1], *band_state(2)[3:5], 1.0, 1.0, THRESHOLDS
        ),
        lambda: update_thermal(
            np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), np.zeros(2), np.zeros(2), *band_state(2)[:1], *band_state(2)[3:5],
            1.0, 1.0, THRESHOLDS,
        ),
        lambda: mark_silent(
            np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.bool_), np.zeros(2, dtype=np.int8), 1, 1, 1
        ),
    ],
)  # fmt: skip
def test_arrays_of_other_types_are_refused(front):
    with pytest.raises(ValueError, match=r"must be .* elements"):
        front()


def test_a_kernel_that_is_not_built_is_never_replaced_silently(monkeypatch):
    monkeypatch.setattr(cython_ext, "PURE", False)
    with pytest.raises(ImportError, match="make install"):
        cython_ext.load("absent")
