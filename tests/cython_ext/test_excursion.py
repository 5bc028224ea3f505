"""Values above their own recent level: the bits of the twin, closed forms of what is learned, and when it speaks."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.excursion import FELL, NOTHING, ROSE, update_excursion

RULE = {"floor": 0.03, "factor": 5.0, "release": 0.8, "tau_s": 600.0, "warm_s": 600.0, "delay_ms": 5_000, "max_gap_ms": 2_000_000}
numbers = st.one_of(st.floats(0, 1), st.sampled_from([0.05, 0.2, float("nan"), float("inf"), 0.0]))
some_ms = st.one_of(st.integers(0, 700_000), st.sampled_from([0, 1000, 60_000, -300_000, 3_000_000]))
steps = st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), some_ms), min_size=1, max_size=25)


class State:
    def __init__(self, n=1):
        self.times = [np.full(n, -1, dtype=np.int64) for _ in range(3)]      # seen, since, begun
        self.floats = [np.zeros(n) for _ in range(3)]                        # level, variance, learned
        self.flags = [np.zeros(n, dtype=np.int8) for _ in range(3)]          # side, pending, code

    def arrays(self):
        (seen, since, begun), (level, variance, learned), (side, pending, code) = self.times, self.floats, self.flags
        return seen, level, variance, learned, since, begun, side, pending, code

    def take(self, value, at_s, **rule):
        n = len(self.times[0])
        update_excursion(np.full(n, float(value)), np.full(n, int(1000 * at_s), dtype=np.int64), *self.arrays(), **(RULE | rule))
        return int(self.flags[2][0])


def learned(value=0.05, minutes=30, every_s=10):
    state = State()
    for second in range(0, 60 * minutes + 1, every_s):
        assert state.take(value, second) == NOTHING
    return state, 60 * minutes


@settings(max_examples=200, deadline=None)
@given(steps)
def test_kernel_and_twin_agree_to_the_bit(given_steps):
    modules = [importlib.import_module("cython_ext._excursion_reference")]
    if cython_ext.COMPILED:
        modules.append(importlib.import_module("cython_ext._excursion"))
    states, now_ms = [State(3) for _ in modules], 0
    for values, step_ms in given_steps:
        now_ms += step_ms
        results = [
            (
                module.update_excursion(np.array(values), np.full(3, now_ms), *state.arrays(), *RULE.values()),
                [array.tobytes() for array in state.arrays()],
            )
            for module, state in zip(modules, states, strict=True)
        ]
        assert results.count(results[0]) == len(results)


def test_the_level_is_first_the_plain_mean_and_its_spread_the_plain_spread():
    chance, state = np.random.default_rng(3), State()
    values = chance.normal(0.05, 0.001, 40)
    for number, value in enumerate(values):
        state.take(value, 10 * number)
    level, variance, _ = (float(array[0]) for array in state.floats)
    # the first value only sets the level; every later one has the weight 1/k of a mean over k
    assert level == pytest.approx(values[1:].mean(), abs=1e-12)
    assert variance**0.5 == pytest.approx(values[1:].std(), rel=0.01)


def test_later_the_level_follows_with_the_time_constant():
    state, end_s = learned()
    state.take(0.07, end_s + 300)      # 0.02 above: less than the floor
    assert state.floats[0][0] == pytest.approx(0.05 + 0.02 * (1 - np.exp(-0.5)))


@pytest.mark.parametrize(("step", "lasts_s", "code"), [(0.029, 60, NOTHING), (0.031, 4, NOTHING), (0.031, 5, ROSE), (0.5, 5, ROSE)])
def test_a_step_beyond_the_floor_that_lasts_the_delay_is_told(step, lasts_s, code):
    state, end_s = learned()
    codes = [state.take(0.05 + step, end_s + 1 + second) for second in range(lasts_s + 1)]
    assert codes[-1] == code
    assert set(codes[:-1]) == {NOTHING}
    if code == ROSE:
        assert state.times[2][0] == 1000 * (end_s + 1)       # dated from its first value


def test_a_noisy_value_needs_five_times_its_spread():
    chance, state = np.random.default_rng(5), State()
    for second in range(3600):
        state.take(0.2 + chance.normal(0.0, 0.02), second)
    spread = float(np.sqrt(state.floats[1][0]))
    assert spread == pytest.approx(0.02, rel=0.15)
    level = float(state.floats[0][0])
    assert [state.take(level + 4.5 * spread, 3600 + second) for second in range(10)] == [NOTHING] * 10


def test_a_single_value_is_never_enough_however_slowly_the_meter_is_read():
    state, end_s = learned(every_s=900, minutes=240)
    assert state.take(1.0, end_s + 900) == NOTHING
    assert state.take(1.0, end_s + 1800) == ROSE


def test_while_above_nothing_is_learned_and_it_ends_when_the_value_is_back():
    state, end_s = learned()
    for second in range(3600):
        state.take(0.2, end_s + 1 + second)
    assert state.floats[0][0] == pytest.approx(0.05)
    codes = [state.take(0.05, end_s + 3601 + second) for second in range(7)]
    assert codes == [NOTHING] * 5 + [FELL, NOTHING]


def test_after_a_long_pause_the_level_is_learned_anew_so_that_a_slow_drift_is_no_step():
    state, end_s = learned()
    later_s = end_s + 100_000
    assert [state.take(0.15, later_s + second) for second in range(60)] == [NOTHING] * 60
    assert state.floats[0][0] == pytest.approx(0.15)


def test_a_clock_that_was_set_back_tells_nothing_and_keeps_the_level():
    state, end_s = learned()
    state.take(0.2, end_s + 1)
    assert state.take(0.2, end_s - 500) == NOTHING
    assert state.take(0.05, end_s - 499) == NOTHING
    assert state.floats[0][0] == pytest.approx(0.05)


def test_nothing_rises_before_enough_was_learned():
    state = State()
    assert {state.take(0.05 if second < 30 else 0.5, second) for second in range(60)} == {NOTHING}


def test_the_front_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="elements"):
        update_excursion(np.zeros(2), np.zeros(1, dtype=np.int64), *State(1).arrays(), **RULE)
    with pytest.raises(ValueError, match="float64"):
        update_excursion(np.zeros(1, dtype=np.float32), np.zeros(1, dtype=np.int64), *State(1).arrays(), **RULE)
