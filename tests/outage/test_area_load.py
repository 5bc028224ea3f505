"""The current at the transformer: by how much it fell, and how much it moves anyway."""

import numpy as np
import pytest

from edge_agent.model import Archive, AreaFrame, Meter, Role
from edge_agent.outage.area_load import AreaLoad
from tests.detect.areas import at, sample

ARCHIVE = Archive("a", (
    Meter(id="m0", index=0, profile="p", bus="b", node="f1"),
    Meter(id="area", index=1, profile="p", bus="b", role=Role.AREA, phases="abc", grid_phases="abc"),
))  # fmt: skip


def read(load, amperes, *, from_s=0, every_s=60):
    frame = AreaFrame.empty(2, at(from_s))
    for number, (a, b, c) in enumerate(amperes):
        second = from_s + number * every_s
        frame.now_utc_ms = at(second)
        frame.take(sample(1, second, current_a__a=a, current_a__b=b, current_a__c=c))
        load.look(frame)
    return load


def test_the_drop_is_that_of_each_phase_and_its_uncertainty_that_of_the_days_before():
    rng = np.random.default_rng(1)
    before = [(100.0 + x, 80.0, 60.0) for x in rng.normal(0.0, 3.0, 40)]
    load = read(AreaLoad(ARCHIVE), [*before, (70.0, 80.0, 60.0), (71.0, 80.0, 60.0)])
    drop_a, sd_a = load.drop_since(at(40 * 60 - 30))
    assert drop_a == pytest.approx([30.0, 0.0, 0.0], abs=5.0)
    assert 2.0 < sd_a[0] < 6.0
    assert sd_a[1] == pytest.approx(0.8)         # a meter is no better than 1 %


@pytest.mark.parametrize("readings", [[], [(10.0, 10.0, 10.0)] * 5])
def test_nothing_is_known_before_there_is_a_history(readings):
    load = read(AreaLoad(ARCHIVE), readings)
    assert np.isnan(load.drop_since(at(10_000))[0]).all()
    assert np.isnan(load.drop_since(at(0))[0]).all()


def test_an_area_without_a_meter_at_the_transformer_says_nothing():
    load = AreaLoad(Archive("a", ARCHIVE.meters[:1]))
    load.look(AreaFrame.empty(1, at(0)))
    assert np.isnan(load.drop_since(at(0))[0]).all()


def test_what_was_read_before_the_clock_was_set_back_does_not_count():
    load = read(AreaLoad(ARCHIVE), [(100.0, 100.0, 100.0)] * 20)
    read(load, [(50.0, 50.0, 50.0)] * 3, from_s=-7200)
    assert np.isnan(load.drop_since(at(-7000))[0]).all()


def test_readings_with_a_hole_are_left_out():
    load = read(AreaLoad(ARCHIVE), [(100.0, 100.0, float("nan"))] * 20)
    assert np.isnan(load.drop_since(at(600))[0]).all()
