"""Loose joints by the detector itself: who is judged, what a bypass does, what relearning does, and what must never alarm."""

from dataclasses import replace

import numpy as np
import pytest

from edge_agent.detect.fire.joint import DETECTOR
from edge_agent.model import Archive, Role, Stage
from simulator.scoring.series import Series, run_detectors
from tests.detect.areas import T0, archive

FAST = {"block_s": 600.0, "learn_days": 0.1, "learn_days_most": 0.2, "intermittent_s": 900.0}
N, MINUTES, BEGINS = 8, 560, 320


def area(n=N, **changes):
    """Meters on one phase, and the meter at the transformer as the last."""
    meters = archive(n + 1, nodes=("f1/b1",), grid_phases="a", **changes).meters
    return Archive("area-1", (*meters[:n], replace(meters[n], role=Role.AREA, phases="abc", grid_phases="abc")))


def series(*, ohm=None, bypass=None, stuck=None, quantum_a=0.01, export=False, swap=False, with_area=True, seed=1):
    """``ohm`` and ``bypass``: meter -> what it has from BEGINS on."""
    chance = np.random.default_rng(seed)
    true_a = chance.choice([0.5, 2.0, 4.0, 9.0, 14.0], (MINUTES, N))
    if export:
        true_a[:, 2] -= 8.0
    r_ohm = np.full((MINUTES, N), 0.15)
    gain = np.ones((MINUTES, N))
    for meter, more in (ohm or {}).items():
        r_ohm[BEGINS:, meter] += more
    for meter, share in (bypass or {}).items():
        gain[BEGINS:, meter] = 1.0 - share
    area_v = 220.0 + chance.uniform(-1.5, 1.5, (MINUTES, 1)) - 0.002 * true_a.sum(axis=1, keepdims=True)
    volts = area_v - r_ohm * true_a + chance.normal(0.0, 0.05, (MINUTES, N))
    seen_a = np.round(true_a * gain / quantum_a) * quantum_a
    if swap:
        volts[BEGINS:, 1] *= 1.004
        volts[BEGINS : BEGINS + 20, 1] = np.nan
    for meter in stuck or ():
        volts[20:BEGINS, meter] = volts[20, meter]
    columns = {name: np.full((MINUTES, N + 1), np.nan) for name in
               ("voltage_v.a", "current_a.a", "active_power_w.a", "voltage_v.b", "voltage_v.c", "active_power_w.b", "active_power_w.c")}
    columns["voltage_v.a"][:, :N], columns["current_a.a"][:, :N] = np.round(volts, 1), np.abs(seen_a)
    columns["active_power_w.a"][:, :N] = seen_a * volts
    if with_area:
        columns["voltage_v.a"][:, N] = columns["voltage_v.b"][:, N] = columns["voltage_v.c"][:, N] = area_v[:, 0]
        columns["active_power_w.a"][:, N] = (true_a * area_v).sum(axis=1)
        columns["active_power_w.b"][:, N] = columns["active_power_w.c"][:, N] = 0.0
    return Series(archive=area(), utc_ms=T0 + 60_000 * np.arange(MINUTES), columns=columns)


def told(found):
    return {(finding.kind, finding.place.id) for finding in found if finding.stage is Stage.BEGIN}


def run(given, **settings):
    return run_detectors(given, [DETECTOR.build(given.archive, DETECTOR.settings(**(FAST | settings)))])


def test_a_joint_is_found_with_its_resistance_and_its_power():
    found = run(series(ohm={3: 0.4}))
    assert {place for _, place in told(found)} == {"m3"}
    found = [finding for finding in found if finding.kind == "joint.loose"]
    evidence = dict(found[-1].evidence)
    assert found[-1].observed == pytest.approx(0.4, abs=0.02)
    assert evidence["r0_ohm"] == pytest.approx(0.15, abs=0.02)
    assert evidence["joint_power_w"] == pytest.approx(0.4 * 59.0, rel=0.7)      # 59 A2 is the mean square of the load
    assert found[-1].severity == "alarm"
    assert "bypass" not in found[-1].alternatives


def test_a_bypass_is_told_as_one_and_not_as_a_joint():
    found = run(series(bypass={5: 0.5}))
    assert told(found) == {("bypass.suspected", "m5")}
    assert found[0].observed == pytest.approx(1.0, abs=0.2)          # a / (1 - a)


def test_without_a_meter_at_the_transformer_a_rise_may_be_a_bypass():
    found = run(series(bypass={5: 0.5}, with_area=False))
    assert told(found) == {("joint.loose", "m5")}
    assert found[0].alternatives == ("bypass",)


@pytest.mark.parametrize("odd", [
    {}, {"quantum_a": 0.2}, {"export": True}, {"swap": True}, {"stuck": (1, 4)}, {"with_area": False},
], ids=str)
def test_what_is_odd_but_healthy_is_no_joint(odd):
    assert run(series(**odd)) == []
    assert run(series(**odd, seed=2)) == []


def test_relearning_ends_what_is_on_and_takes_the_new_resistance_as_usual():
    given = series(ohm={3: 0.4})
    detector = DETECTOR.build(given.archive, DETECTOR.settings(**FAST))
    found = []
    for number, frame in enumerate(given.frames()):
        found += detector.update(frame)
        if number == BEGINS + 120:
            assert detector.conditions()
            detector.relearn([3])
    assert found[-1].stage is Stage.END
    assert detector.conditions() == set()


@pytest.mark.parametrize("wrong", [
    {"rise_ohm": 0.0}, {"z_min": 1.0}, {"alarm_power_w": 0.0}, {"intermittent_ratio": 1.0}, {"bypass_share": 0.0}, {"learn_days": 8.0},
    {"x_min_a": 0.0}, {"bin_s": 1.0}, {"block_s": 60.0},
], ids=str)
def test_settings_out_of_their_physical_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DETECTOR.settings(**wrong)
