"""What is told of a service whose slope has risen: a warning at once, an alarm when it has lasted or when the joint must glow."""

import numpy as np
import pytest

from edge_agent.detect.service_judge import BlockView, Told, decide
from edge_agent.detect.service_settings import JointSettings
from edge_agent.detect.service_verdict import DAY_BLOCKS, Rise


def judged(*, age, rise_ohm=0.24, se_ohm=0.038, current_a=15.0, level=1):
    """A service of 0.36 ohm, compared with nothing that could show a bypass."""
    def one(value, dtype=float):
        return np.array([value], dtype=dtype)

    rise = Rise(
        rise=one(rise_ohm), rise_now=one(rise_ohm), se=one(se_ohm), z=one(rise_ohm / se_ohm), blocks=one(8, np.intp), steps=one(60),
        supports=one(5, np.intp), day_most=one(np.inf),
    )
    none = Rise(
        rise=one(np.nan), rise_now=one(np.nan), se=one(np.nan), z=one(0.0), blocks=one(0, np.intp), steps=one(0), supports=one(0, np.intp),
        day_most=one(np.inf),
    )
    view = BlockView(
        drop=rise, day=rise, loss=none, loss_beside=none, is_judged=one(True, np.bool_), has_loss=one(False, np.bool_), r0_ohm=one(0.36),
        peak_square=one(current_a**2), nominal_v=one(230.0),
    )
    loose = Told(level=one(level, np.int8), age=one(age, np.int32), told_age=one(age, np.int32))
    quiet = Told(level=one(0, np.int8), age=one(0, np.int32), told_age=one(0, np.int32))
    return decide(view, JointSettings(), loose=loose, bypass=quiet, told_rise=one(rise_ohm))


def test_a_joint_of_some_watts_is_no_alarm_before_it_has_lasted_a_day():
    assert not judged(age=DAY_BLOCKS - 1).is_alarm[0]
    assert judged(age=DAY_BLOCKS).is_alarm[0]


def test_a_joint_that_must_glow_is_an_alarm_as_soon_as_it_is_plain_to_see():
    assert judged(age=1, se_ohm=0.015).is_alarm[0]
    assert not judged(age=1, se_ohm=0.015, current_a=9.0).is_alarm[0]          # 15 W: it may wait a day


@pytest.mark.parametrize("change", [{"level": 0}, {"current_a": 4.0}, {"se_ohm": 0.05}])
def test_no_alarm_without_a_warning_before_for_little_power_or_for_what_is_not_sure(change):
    assert not judged(age=DAY_BLOCKS, **change).is_alarm[0]
