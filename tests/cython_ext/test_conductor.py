"""The conductor loop: kernel and twin to the bit, closed forms, an independent solver of the same equation, what is refused."""

import importlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import cython_ext
from cython_ext.conductor import ALARMED, COOLED, WARNED, update_conductor

TAU_S, ALPHA20 = 600.0, 0.00393
SETTINGS = {"tau_s": TAU_S, "max_gap_s": 1e9, "rated_cel": 70.0, "rated_ambient_cel": 30.0, "thresholds_cel": (62.0, 66.0, 70.0)}
numbers = st.one_of(st.floats(-300, 300), st.sampled_from([math.nan, math.inf, 0.0, 1e300, 60.0]))
ambients = st.one_of(st.floats(-40, 60), st.sampled_from([math.nan, -math.inf]))
some_ms = st.one_of(st.integers(0, 1_000_000), st.sampled_from([0, 60_000, -300_000]))
steps = st.lists(st.tuples(st.lists(st.tuples(numbers, ambients), min_size=5, max_size=5), some_ms), min_size=1, max_size=12)


def state_of(n, cel=math.nan):
    return [np.full(n, cel), np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int8)]


def run(currents_a, *, step_s, ambient_cel=30.0, cel=math.nan, alpha20=ALPHA20, **other):
    """Temperatures and codes of one conductor rated 60 A."""
    state, found = state_of(1, cel), []
    for number, current_a in enumerate(currents_a):
        taken = np.array([round(1000 * number * step_s)])
        arrays = (np.array([float(current_a)]), np.array([ambient_cel]), taken, np.array([60.0]))
        update_conductor(*arrays, *state, **(SETTINGS | {"alpha20": alpha20} | other))
        found.append((float(state[0][0]), int(state[3][0])))
    return found


@settings(max_examples=200, deadline=None)
@given(steps)
def test_kernel_and_twin_agree_to_the_bit(given_steps):
    rated = np.array([60.0, 100.0, math.nan, 16.0, 0.0])
    modules = [importlib.import_module("cython_ext._conductor_reference")]
    if cython_ext.COMPILED:
        modules.append(importlib.import_module("cython_ext._conductor"))
    states, now_ms = {module: state_of(5) for module in modules}, 0
    for values, step_ms in given_steps:
        now_ms += step_ms
        current_a, ambient_cel = (np.array(column) for column in zip(*values, strict=True))
        constants = (TAU_S, 900.0, 70.0, 30.0, ALPHA20, 62.0, 66.0, 70.0)
        results = [
            (
                module.update_conductor(current_a, ambient_cel, np.full(5, now_ms), rated, *state, *constants),
                [array.tobytes() for array in state],
            )
            for module, state in states.items()
        ]
        assert results.count(results[0]) == len(results)
        assert not np.isinf(states[modules[0]][0]).any()


@pytest.mark.parametrize("step_s", [1.0, 60.0, 600.0])
def test_at_the_rating_it_has_risen_by_1_minus_1_over_e_after_tau(step_s):
    cel = run([60.0] * (round(TAU_S / step_s) + 1), step_s=step_s, alpha20=0.0)[-1][0]
    assert cel == pytest.approx(30.0 + (1.0 - math.exp(-1.0)) * 40.0, rel=1e-9)


@pytest.mark.parametrize("step_s", [10.0, 300.0])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.45, 2.2])
def test_it_follows_the_equation_with_the_resistance_that_rises(ratio, step_s):
    def slope(_, cel):
        rise_k = 40.0 * ratio**2 * (1.0 + ALPHA20 * (cel - 20.0)) / (1.0 + ALPHA20 * 50.0)
        return (18.0 + rise_k - cel) / TAU_S

    solved = solve_ivp(slope, (0.0, 1800.0), [18.0], rtol=1e-11, atol=1e-11).y[0, -1]
    found = run([60.0 * ratio] * (round(1800.0 / step_s) + 1), step_s=step_s, ambient_cel=18.0)[-1][0]
    assert found == pytest.approx(solved, rel=1e-6)


def test_at_the_rating_and_the_rated_ambient_it_ends_at_the_rated_temperature():
    assert run([60.0] * 200, step_s=300.0)[-1][0] == pytest.approx(70.0, abs=1e-6)


def test_the_time_to_the_limit_is_the_one_of_the_closed_form():
    steady_cel = 30.0 + 40.0 * 1.3**2
    expected_s = TAU_S * math.log((steady_cel - 30.0) / (steady_cel - 70.0))
    codes = [code for _, code in run([78.0] * 1000, step_s=1.0, alpha20=0.0)]
    assert 0 < codes.index(ALARMED) - expected_s <= 1.0


def test_it_warns_alarms_falls_back_and_cools():
    codes = [code for _, code in run([90.0] * 100 + [0.0] * 300, step_s=10.0) if code]
    assert codes == [WARNED, ALARMED, WARNED, COOLED]


def test_a_hot_cabinet_leaves_less_for_the_current():
    cool, hot = (run([57.0] * 500, step_s=60.0, ambient_cel=ambient)[-1][0] for ambient in (20.0, 45.0))
    assert cool < 62.0
    assert hot > 70.0


def test_a_current_beyond_all_sense_stays_finite():
    assert math.isfinite(run([0.0, 1e300, 1e300], step_s=900.0)[-1][0])


@pytest.mark.parametrize(("wrong", "shape", "dtype"), [
    (0, 2, float), (1, 1, np.float32), (2, 1, np.int32), (3, 2, float), (4, 1, int), (6, 1, int),
])  # fmt: skip
def test_what_does_not_fit_is_refused(wrong, shape, dtype):
    fitting = [np.zeros(1), np.zeros(1), np.zeros(1, dtype=np.int64), np.ones(1), *state_of(1)]
    fitting[wrong] = np.zeros(shape, dtype=dtype)
    with pytest.raises(ValueError, match="must"):
        update_conductor(*fitting, alpha20=ALPHA20, **SETTINGS)
