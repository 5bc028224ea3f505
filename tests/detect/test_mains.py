"""The concentrator's mains: out when all measured phases are low, in when any is high, unknown without a measurement."""

import pytest

from edge_agent.detect.mains import Mains, MainsState

NAN = float("nan")


def state() -> MainsState:
    return MainsState(out_v=132.0, in_v=176.0, out_delay_ms=1000)


def after(*supply_v: list[float], step_ms: int = 1000) -> Mains:
    mains = state()
    for number, volts in enumerate(supply_v):
        mains.judge(volts, number * step_ms)
    return mains.now


IN, OUT, MIDDLE, NOTHING = [230.0] * 3, [0.0] * 3, [150.0] * 3, [NAN] * 3


@pytest.mark.parametrize(
    ("supply_v", "expected"),
    [
        ([IN], Mains.IN),
        ([OUT], Mains.UNKNOWN),  # for less than the delay
        ([OUT, OUT], Mains.OUT),
        ([IN, OUT], Mains.IN),
        ([IN, OUT, OUT], Mains.OUT),
        ([OUT, OUT, MIDDLE], Mains.OUT),  # between the limits nothing changes
        ([IN, MIDDLE], Mains.IN),
        ([MIDDLE, MIDDLE], Mains.UNKNOWN),
        ([OUT, OUT, [0.0, 0.0, 176.0]], Mains.IN),  # any phase at 80 %
        ([[131.9] * 3] * 2, Mains.OUT),
        ([[132.0] * 3] * 2, Mains.UNKNOWN),  # 60 % itself is not below it
        ([IN, [0.0, 0.0, 230.0], [0.0, 0.0, 230.0]], Mains.IN),
        ([[0.0, NAN, NAN]] * 2, Mains.OUT),  # a concentrator with one phase
        ([[0.0, 0.0, 150.0]] * 2, Mains.UNKNOWN),  # all phases must be low
        ([OUT, OUT, NOTHING], Mains.UNKNOWN),
        ([OUT, NOTHING, OUT], Mains.UNKNOWN),  # the delay starts again
    ],
)
def test_mains_are_judged_as_the_terminal_rule_says(supply_v, expected):
    assert after(*supply_v) is expected


def test_out_is_dated_from_the_first_low_value():
    mains = state()
    for now_ms, volts in ((0, IN), (10_000, OUT), (10_500, OUT), (11_000, OUT)):
        mains.judge(volts, now_ms)
    assert (mains.now, mains.since_ms) == (Mains.OUT, 10_000)


def test_saved_mains_go_on_where_they_were():
    mains, loaded = state(), state()
    mains.judge(OUT, 5000)
    loaded.load(mains.save())
    for now in (mains, loaded):
        now.judge(OUT, 6000)
    assert loaded == mains
    assert loaded.now is Mains.OUT


def test_a_clock_that_is_set_back_does_not_delay_an_outage():
    mains = state()
    mains.judge(OUT, 1_000_000)
    mains.judge(OUT, 5000)
    mains.judge(OUT, 6000)
    assert mains.now is Mains.OUT


@pytest.mark.parametrize("saved", [["dead", 0, None], ["in", "x", None], ["in"], [None, 0, 0]])
def test_damaged_mains_are_refused_and_change_nothing(saved):
    mains = state()
    mains.judge(IN, 7)
    with pytest.raises((ValueError, TypeError)):
        mains.load(saved)
    assert (mains.now, mains.since_ms) == (Mains.IN, 7)
