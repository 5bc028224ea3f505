"""Load steps: on and off paired, two loads that switch off at once, classes, what is told; forbidden loads and ways round them."""

import math

import pytest

from edge_agent.detect.load.forbidden import ForbiddenDetector, ForbiddenSettings
from edge_agent.detect.load.load_steps import LoadStepsDetector, LoadStepsSettings
from edge_agent.model import Stage
from tests.detect.areas import archive, at, frame, sample


def run(detector, watts, *, var=None, step_s=1.0, column="active_power_w__a"):
    """Findings, and every step as (first second, change in W, loads that it switched off)."""
    area, found, steps = frame(1), [], []
    for place, value in enumerate(watts):
        second = place * step_s
        area.now_utc_ms = at(second)
        given = {column: value, "voltage_v__a": 210.0}
        if var is not None:
            given["reactive_power_var__a"] = var[place]
        area.take(sample(0, second, **given))
        found += detector.update(area)
        steps += [((step.at_ms - at(0)) / 1000, round(step.change_w), len(off)) for step, off in getattr(detector, "last_steps", [])]
    return found, steps


def every(**settings):
    return LoadStepsDetector(archive(1), LoadStepsSettings(told_from_w=0.0, **settings))


def test_on_and_off_of_one_load_are_a_pair():
    _, steps = run(every(), [100.0] * 20 + [2100.0] * 60 + [100.0] * 20)
    assert steps == [(20, 2000, 0), (80, -2000, 1)]


def test_one_fall_of_the_size_of_two_loads_switches_both_off():
    watts = [100.0] * 20 + [2100.0] * 20 + [3600.0] * 20 + [100.0] * 20
    _, steps = run(every(), watts)
    assert steps == [(20, 2000, 0), (40, 1500, 0), (60, -3500, 2)]


def test_the_place_begins_with_its_first_load_and_ends_with_its_last():
    found, _ = run(every(), [100.0] * 20 + [2100.0] * 20 + [3600.0] * 20 + [1600.0] * 20 + [100.0] * 20)
    assert [finding.stage for finding in found] == [Stage.BEGIN, Stage.CHANGE, Stage.CHANGE, Stage.END]
    assert [finding.observed for finding in found] == [2000.0, 1500.0, -2000.0, -1500.0]


def test_readings_a_minute_apart_show_the_same_pair_one_reading_later():
    _, steps = run(every(), [100.0] * 10 + [2100.0] * 10 + [100.0] * 10, step_s=60.0)
    assert steps == [(600, 2000, 0), (1200, -2000, 1)]


def test_a_meter_with_the_total_only_is_judged_by_it():
    _, steps = run(every(), [100.0] * 20 + [2100.0] * 20, column="active_power_w")
    assert steps == [(20, 2000, 0)]


def test_evidence_has_the_power_at_nominal_voltage_and_the_power_factor():
    found, _ = run(every(), [100.0] * 20 + [1100.0] * 20, var=[0.0] * 20 + [750.0] * 20)
    evidence = dict(found[0].evidence)
    assert evidence["change_at_nominal_voltage_w"] == pytest.approx(1000.0 * (220.0 / 210.0) ** 2)
    assert evidence["power_factor"] == pytest.approx(0.8)
    assert found[0].alternatives[0].startswith("motor")


def test_by_default_only_what_is_above_a_socket_is_told_but_every_step_is_known():
    found, steps = run(LoadStepsDetector(archive(1), LoadStepsSettings()), [100.0] * 20 + [3500.0] * 20 + [7200.0] * 20)
    assert [finding.observed for finding in found] == [3700.0]
    assert len(steps) == 2


def test_relearning_ends_what_was_told():
    detector = every()
    run(detector, [100.0] * 20 + [2100.0] * 20)
    detector.relearn([0])
    area = frame(1)
    area.now_utc_ms = at(60)
    assert [finding.stage for finding in detector.update(area)] == [Stage.END]


def forbid(watts, *, var=None, step_s=5.0, limit_w=800.0):
    detector = ForbiddenDetector(archive(1), ForbiddenSettings(limit_w=limit_w))
    found, _ = run(detector, watts, var=var or [30.0] * len(watts), step_s=step_s)
    return [(finding.kind, finding.stage) for finding in found]


BOTH = [("load.forbidden", Stage.BEGIN), ("load.forbidden", Stage.END)]


def test_an_element_above_the_limit_is_told_until_it_is_off():
    assert forbid([100.0] * 40 + [1100.0] * 60 + [100.0] * 60) == BOTH


@pytest.mark.parametrize("watts", [
    [100.0] * 40 + [500.0] * 5 + [1000.0] * 60 + [100.0] * 60,
    [100.0] * 120 + [100.0 + 15.0 * k for k in range(80)] + [1300.0] * 60 + [100.0] * 60,
], ids=["in two parts", "as a ramp"])  # fmt: skip
def test_what_is_switched_on_bit_by_bit_is_told_as_well(watts):
    assert forbid(watts) == BOTH


def test_below_the_limit_or_with_reactive_power_or_without_any_reading_of_it_nothing_is_told():
    watts = [100.0] * 40 + [1100.0] * 60 + [100.0] * 60
    assert forbid(watts, limit_w=1200.0) == []
    assert forbid(watts, var=[30.0] * 40 + [430.0] * 60 + [30.0] * 60) == []
    assert forbid(watts, var=[math.nan] * 160) == []
    assert forbid(watts, limit_w=0.0) == []


@pytest.mark.parametrize(("settings", "wrong"), [
    (LoadStepsSettings, {"told_from_w": -1.0}), (LoadStepsSettings, {"share": 1.0}), (LoadStepsSettings, {"pair_share": 0.5}),
    (ForbiddenSettings, {"limit_w": 50.0}), (ForbiddenSettings, {"most_reactive": 0.5}),
])
def test_settings_beyond_their_range_are_refused(settings, wrong):
    with pytest.raises(ValueError, match="must"):
        settings(**wrong)
