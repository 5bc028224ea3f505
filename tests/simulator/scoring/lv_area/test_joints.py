"""Joints of the labelled week: the goals on the set itself, laws of growth in closed form, what is counted as false."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from edge_agent.model import Archive, Finding, Meter, Place, Stage
from simulator.scoring.lv_area import joints
from simulator.scoring.lv_area.area_week import BEGIN_UTC_MS
from simulator.scoring.series import Series

WEEK = Path(__file__).parents[3] / "data" / "lv_area_week"
STEP = joints.Fault(meter="m1", subtype="step_0.2", start=3000.0, end=10_000.0, last_ohm=0.2, is_observable=True)


def told(meter, minute, *, kind="joint.loose", stage=Stage.BEGIN, observed=0.2):
    at_ms = BEGIN_UTC_MS + round(60_000 * minute)
    return Finding(
        kind=kind, stage=stage, place=Place(kind="meter", id=meter, phases="a"), at_utc_ms=at_ms, evidence_from_utc_ms=at_ms - 3_600_000,
        evidence_to_utc_ms=at_ms, score=5.0, confidence=0.9, observed=observed, meters=(meter,),
    )


def rows(findings, faults=(STEP,), thefts=None):
    meters = tuple(Meter(id=f"m{index}", index=index, profile="p", bus="b") for index in range(11))
    series = Series(archive=Archive("a", meters), utc_ms=np.arange(10_000), columns={})
    return {row.name: row for row in joints._rows("joints", findings, list(faults), thefts or {}, series)}


def test_the_week_meets_every_goal_and_the_plain_slope_does_not():
    found = joints.PART.score(WEEK, lambda share: None)
    assert [row.name for row in found if not row.ok] == []
    figures = {row.name: row.figure for row in found}
    assert figures["joints: observable, of 0.09 ohm and more"] == 6
    assert figures["plain slope of each day: false"] > 5.0


def test_laws_of_growth():
    line = replace(STEP, subtype="growth_slow", last_ohm=0.18)
    assert line.r_ohm(6500.0) == pytest.approx(0.09)
    assert line.reached == 6500.0
    power = replace(STEP, subtype="growth", last_ohm=2.0)
    assert power.r_ohm(6500.0) == pytest.approx(0.2)          # the geometric mean of 0.02 and 2
    assert math.isinf(replace(STEP, last_ohm=0.08).reached)


def test_a_joint_found_late_is_not_found_in_time():
    assert rows([told("m1", 3000 + 60 * 35)])["joints: found within 36 h of 0.09 ohm"].ok
    assert not rows([told("m1", 3000 + 60 * 37)])["joints: found within 36 h of 0.09 ohm"].ok


def test_an_alarm_before_the_fault_or_on_a_healthy_meter_is_false():
    found = rows([told("m1", 2000), told("m1", 3100), told("m5", 4000)])
    days = (9 * 10_000 + 3000) / 1440
    assert found["joints: false"].figure == pytest.approx(2000.0 / days)
    assert not found["joints: false"].ok
    assert found["joints: precision"].figure == pytest.approx(1 / 3)


def test_a_theft_called_a_joint_is_told_but_not_one_named():
    assert not rows([told("m1", 3100), told("m2", 5000)], thefts={"m2": 4000.0})["joints: thefts called joints"].ok
    named = rows([told("m1", 3100), told("m2", 5000, kind="bypass.suspected")], thefts={"m2": 4000.0})
    assert named["joints: thefts called joints"].ok
    assert named["thefts: bypasses named"].ok


def test_the_error_counts_against_the_last_figure_told():
    first, last = told("m1", 3100, observed=0.5), told("m1", 5000, stage=Stage.CHANGE, observed=0.21)
    assert rows([first, last])["joints: worst error of R, 1 = 0.02 ohm or 10 %"].figure == pytest.approx(0.5)


def test_a_damaged_event_is_told_in_one_line(tmp_path):
    for path in WEEK.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    truth = json.loads((WEEK / "truth_area.json").read_text())
    truth["events"].append({"kind": "loose_connection", "meter": "seven"})
    (tmp_path / "truth_area.json").write_text(json.dumps(truth))
    with pytest.raises(ConfigError, match="seven"):
        joints.PART.score(tmp_path, lambda share: None)
