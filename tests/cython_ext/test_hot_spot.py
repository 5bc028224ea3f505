"""The transformer loop: kernel and twin to the bit, the reference output of a public package, closed forms, what is refused."""

import importlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.hot_spot import (
    AGED_NORMAL_MIN,
    AGED_UPGRADED_MIN,
    FALL_K,
    HOT_SPOT_CEL,
    N_STATES,
    RISE_K,
    TOP_OIL_CEL,
    update_hot_spot,
)  # fmt: skip
from edge_agent.detect.transformer_model import constants_column
from edge_agent.model.transformer import COOLING, ThermalConstants

ORACLE = Path(__file__).parents[1] / "data" / "transformer_oracle"
loads = st.one_of(st.floats(-3, 3), st.sampled_from([math.nan, math.inf, -math.inf, 1e300, 10.0, 10.1, 0.0]))
ambients = st.one_of(st.floats(-60, 60), st.sampled_from([math.nan, 1e300, 90.0]))
some_ms = st.one_of(st.integers(0, 8_000_000), st.sampled_from([0, 1000, 60_000, -300_000]))  # clocks are also set back
steps = st.lists(st.tuples(st.lists(st.tuples(loads, loads, ambients), min_size=4, max_size=4), some_ms), min_size=1, max_size=12)


def twins():
    found = [importlib.import_module("cython_ext._hot_spot_reference")]
    if cython_ext.COMPILED:
        found.append(importlib.import_module("cython_ext._hot_spot"))
    return found


def cold(n, ambient_cel=20.0):
    state = np.zeros((N_STATES, n))
    state[[TOP_OIL_CEL, HOT_SPOT_CEL]] = ambient_cel
    return state, np.full(n, -1, dtype=np.int64)


def run(load_pu, ambient_cel, *, minutes, constants=None, state=None):
    """The states after each row of one transformer, shape (rows, N_STATES)."""
    table = constants_column(constants or ThermalConstants())
    state, seen = cold(1, ambient_cel[0]) if state is None else state
    rows = []
    for load, ambient, minute in zip(load_pu, ambient_cel, minutes, strict=True):
        loads, taken = np.array([float(load)]), np.array([round(60_000 * minute)])
        update_hot_spot(loads, loads, np.array([float(ambient)]), taken, table, state, seen, 1e9)
        rows.append(state[:, 0].copy())
    return np.array(rows)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_kernel_and_twin_agree_to_the_bit(given_steps):
    constants = np.hstack([constants_column(COOLING[name]) for name in ("distribution", "onan", "of", "od")])
    states = {module: cold(4) for module in twins()}
    now_ms = 0
    for values, step_ms in given_steps:
        now_ms += step_ms
        load_pu, oil_load_pu, ambient_cel = (np.array(column) for column in zip(*values, strict=True))
        results = [
            (
                module.update_hot_spot(load_pu, oil_load_pu, ambient_cel, np.full(4, now_ms), constants, *state, 3600.0),
                [array.tobytes() for array in state],
            )
            for module, state in states.items()
        ]
        assert results.count(results[0]) == len(results)
        assert np.isfinite(states[twins()[0]][0]).all()


@pytest.mark.parametrize("name", ["steps_1min", "steps_5min"])
def test_every_row_of_a_public_package_is_met_within_a_hundredth_of_a_kelvin(name):
    table = np.genfromtxt(ORACLE / f"{name}.csv", delimiter=",", names=True)
    params = json.loads((ORACLE / "params.json").read_text())
    constants = ThermalConstants(top_oil_rise_k=60.0, hot_spot_rise_k=23.0 * 1.2, loss_ratio=float(params[f"{name}.csv"]["loss_ratio_R"]))
    found = run(table["load_pu"], table["ambient_c"], minutes=table["minute"], constants=constants)
    assert np.abs(found[:, TOP_OIL_CEL] - table["top_oil_c"]).max() < 0.01
    assert np.abs(found[:, HOT_SPOT_CEL] - table["hot_spot_c"]).max() < 0.01
    normal_days, upgraded_days = {"steps_1min": (3.669632, 0.594109), "steps_5min": (3.803396, 0.607402)}[name]
    assert found[-1, AGED_NORMAL_MIN] / 1440 == pytest.approx(normal_days, rel=1e-4)
    assert found[-1, AGED_UPGRADED_MIN] / 1440 == pytest.approx(upgraded_days, rel=1e-4)


@pytest.mark.parametrize(("hot_cel", "rate"), [(80.0, 0.125), (98.0, 1.0), (110.0, 4.0), (128.0, 32.0), (140.0, 128.0)])
def test_relative_ageing_of_normal_paper(hot_cel, rate):
    state, seen = cold(1, hot_cel)
    steady = run([0.0] * 2, [80.0] * 2, minutes=[0, 1], state=(state, seen))  # at no load the no-load loss still heats the oil
    assert steady[1, AGED_NORMAL_MIN] == pytest.approx(2 ** ((steady[1, HOT_SPOT_CEL] - 98.0) / 6.0), rel=1e-12)
    state, seen = cold(1, hot_cel)
    within_a_millisecond = run([0.0] * 2, [80.0] * 2, minutes=[0, 1 / 60_000], state=(state, seen))
    assert 60_000 * within_a_millisecond[1, AGED_NORMAL_MIN] == pytest.approx(rate, rel=1e-4)


def test_upgraded_paper_ages_at_the_rate_of_one_at_110_degrees():
    state, seen = cold(1, 110.0)
    within_a_millisecond = run([0.0] * 2, [80.0] * 2, minutes=[0, 1 / 60_000], state=(state, seen))
    assert 60_000 * within_a_millisecond[1, AGED_UPGRADED_MIN] == pytest.approx(1.0, rel=1e-4)


def test_the_ultimate_oil_rise_of_a_public_rating_program():
    constants = ThermalConstants(top_oil_rise_k=41.6, loss_ratio=10.25387597)
    state = run([0.590068739] * 2, [0.0] * 2, minutes=[0, 100_000], constants=constants)[1]
    assert state[TOP_OIL_CEL] == pytest.approx(20.23, abs=0.005)


@pytest.mark.parametrize("cooling", COOLING)
def test_a_step_of_the_load_follows_the_closed_form_whatever_the_step_of_time(cooling):
    c, load = COOLING[cooling], 1.4
    oil_k = c.top_oil_rise_k * ((1 + c.loss_ratio * load**2) / (1 + c.loss_ratio)) ** c.oil_exponent
    gradient_k = c.hot_spot_rise_k * load**c.winding_exponent
    for minutes in ([0, 45], [0, 5, 45], np.linspace(0, 45, 91)):
        state = run([load] * len(minutes), [20.0] * len(minutes), minutes=minutes, constants=c)[-1]
        assert state[TOP_OIL_CEL] == pytest.approx(20.0 + oil_k * (1 - math.exp(-45 / (c.k11 * c.tau_oil_min))), rel=1e-12)
        assert state[RISE_K] == pytest.approx(c.k21 * gradient_k * (1 - math.exp(-45 / (c.k22 * c.tau_winding_min))), rel=1e-12)
        assert state[FALL_K] == pytest.approx((c.k21 - 1) * gradient_k * (1 - math.exp(-45 * c.k22 / c.tau_oil_min)), rel=1e-12, abs=1e-12)
        assert state[HOT_SPOT_CEL] == state[TOP_OIL_CEL] + state[RISE_K] - state[FALL_K]


def test_the_winding_of_a_large_unit_overshoots_the_oil_after_a_step_and_that_of_a_distribution_unit_does_not():
    minutes = np.arange(0, 3000.0, 5.0)
    for name, overshoot_k in (("onan", 10.0), ("onaf", 10.0), ("of", 1.0)):
        found = run(np.ones(600), np.full(600, 20.0), minutes=minutes, constants=COOLING[name])
        over_oil_k = found[:, HOT_SPOT_CEL] - found[:, TOP_OIL_CEL]
        assert over_oil_k.max() > COOLING[name].hot_spot_rise_k + overshoot_k
        assert found[-1, HOT_SPOT_CEL] == pytest.approx(98.0, abs=0.01)
    found = run(np.ones(600), np.full(600, 20.0), minutes=minutes)
    assert (found[:, HOT_SPOT_CEL] - found[:, TOP_OIL_CEL]).max() <= 23.0


def test_feed_in_heats_as_load_does():
    assert np.array_equal(run([0.0, -1.2], [20.0] * 2, minutes=[0, 60]), run([0.0, 1.2], [20.0] * 2, minutes=[0, 60]))


def test_oil_that_phases_share_is_heated_by_the_load_of_all_and_the_winding_by_its_own():
    state, seen = cold(1)
    table = constants_column(ThermalConstants())
    for at_ms in (0, 60_000_000):
        update_hot_spot(np.array([2.0]), np.array([1.0]), np.array([20.0]), np.array([at_ms]), table, state, seen, 1e9)
    assert state[TOP_OIL_CEL, 0] == pytest.approx(75.0, abs=0.3)       # 55 K at the rated load, after 1000 min
    assert state[RISE_K, 0] == pytest.approx(23.0 * 2.0**1.6)


def test_a_clock_set_back_lets_no_time_pass_and_a_long_gap_counts_in_part():
    back = run([1.0, 2.0, 1.0], [20.0] * 3, minutes=[10, 5, 15])
    assert np.array_equal(back[1], back[0])
    assert np.array_equal(back[2], run([1.0] * 2, [20.0] * 2, minutes=[5, 15])[1])
    state, seen = cold(1)
    table = constants_column(ThermalConstants())
    for at_ms in (0, 86_400_000):
        update_hot_spot(np.array([1.0]), np.array([1.0]), np.array([20.0]), np.array([at_ms]), table, state, seen, 600.0)
    assert state[HOT_SPOT_CEL, 0] == run([1.0] * 2, [20.0] * 2, minutes=[0, 10])[1, HOT_SPOT_CEL]


@pytest.mark.parametrize(("wrong", "shape", "dtype"), [
    (0, 2, float), (1, 2, float), (2, 1, np.float32), (3, 1, np.int32), (4, (9, 1), float), (5, (5, 1), float), (6, 1, np.int32),
])  # fmt: skip
def test_what_does_not_fit_is_refused(wrong, shape, dtype):
    time = np.zeros(1, dtype=np.int64)
    fitting = [np.zeros(1), np.zeros(1), np.zeros(1), time, np.ones((10, 1)), np.zeros((6, 1)), time.copy()]
    fitting[wrong] = np.ones(shape, dtype=dtype)
    with pytest.raises(ValueError, match=r"must"):
        update_hot_spot(*fitting, 900.0)
