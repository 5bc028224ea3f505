"""The concentrator's mains, phase by phase: out when low, in when high, as before in between, unknown without a measurement."""

import numpy as np
import pytest

from edge_agent.outage.mains import PhaseMains

NAN = float("nan")
LIT, DARK, MIDDLE, NOTHING = [230.0] * 3, [0.0] * 3, [150.0] * 3, [NAN] * 3


def state() -> PhaseMains:
    return PhaseMains(out_v=132.0, in_v=176.0, out_delay_ms=1000)


def after(*supply_v: list[float], step_ms: int = 1000) -> PhaseMains:
    mains = state()
    for number, volts in enumerate(supply_v):
        mains.judge(np.array(volts), number * step_ms)
    return mains


@pytest.mark.parametrize(
    ("supply_v", "expected"),
    [
        ([LIT], "in"),
        ([DARK], ""),  # for less than the delay
        ([DARK, DARK], "out"),
        ([LIT, DARK], "in"),
        ([LIT, DARK, DARK], "out"),
        ([DARK, DARK, MIDDLE], "out"),  # between the limits nothing changes
        ([LIT, MIDDLE], "in"),
        ([MIDDLE, MIDDLE], ""),
        ([DARK, DARK, [0.0, 0.0, 176.0]], ""),  # a phase at 80 % is in, the others are still out: a phase is lost
        ([[131.9] * 3] * 2, "out"),
        ([[132.0] * 3] * 2, ""),  # 60 % itself is not below it
        ([[0.0, NAN, NAN]] * 2, "out"),  # a concentrator with one phase
        ([[230.0, NAN, NAN]], "in"),
        ([DARK, DARK, NOTHING], ""),
        ([DARK, NOTHING, DARK], ""),  # the delay starts again
    ],
)
def test_mains_are_judged_as_the_terminal_rule_says(supply_v, expected):
    mains = after(*supply_v)
    assert ("out" if mains.is_out else "in" if mains.is_in else "") == expected


def test_one_phase_that_is_lost_is_out_while_the_others_are_in():
    assert after(LIT, [0.0, 230.0, 230.0], [0.0, 230.0, 230.0]).now.tolist() == [0, 1, 1]


def test_out_is_dated_from_the_first_low_value():
    mains = state()
    for now_ms, volts in ((0, LIT), (10_000, DARK), (10_500, DARK), (11_000, DARK)):
        mains.judge(np.array(volts), now_ms)
    assert mains.is_out
    assert mains.out_since_ms() == 10_000


def test_in_is_dated_from_the_phase_that_came_last():
    mains = after(DARK, DARK, [230.0, 0.0, 0.0], LIT)
    assert mains.is_in
    assert mains.in_since_ms() == 3000


def test_saved_mains_go_on_where_they_were():
    mains, loaded = state(), state()
    mains.judge(np.array(DARK), 5000)
    loaded.load(mains.save())
    loaded.judge(np.array(DARK), 6000)
    assert loaded.is_out
    assert loaded.out_since_ms() == 5000


def test_a_clock_that_is_set_back_does_not_delay_an_outage():
    mains = state()
    for now_ms in (1_000_000, 5000, 6000):
        mains.judge(np.array(DARK), now_ms)
    assert mains.is_out


@pytest.mark.parametrize(
    "saved", [[["dead"] * 3, [0] * 3, [None] * 3], [[1, 1], [0, 0], [None, None]], [[1] * 3], [[7] * 3, [0] * 3, [None] * 3]]
)
def test_damaged_mains_are_refused_and_change_nothing(saved):
    mains = after(LIT)
    with pytest.raises((ValueError, TypeError, IndexError)):
        mains.load(saved)
    assert mains.is_in
