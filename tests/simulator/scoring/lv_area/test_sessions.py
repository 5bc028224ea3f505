"""Sessions of the area: what is true, what was told, the plain rule; on a small area of the set's layout."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.scoring.lv_area.sessions import PART, naive_sessions, true_sessions

MINUTES = 400


def write_area(directory, *, events=None, kw=3.3):
    """Three meters of 200 W; meter 1 charges a vehicle from minute 60, fading from 180 to 200; meter 2 an e-bike that decays from 250."""
    watts = np.full((MINUTES, 3), 200.0)
    watts[60:180, 1] += 1000.0 * kw
    watts[180:200, 1] += 1000.0 * kw * np.linspace(1.0, 0.1, 20)
    watts[40:250, 2] += 200.0 * (1.0 + 0.0003 * np.arange(210))
    watts[250:320, 2] += 212.0 * np.exp(-np.arange(70) / 28.0)
    reactive = np.full((MINUTES, 3), 20.0)
    reactive[:, 2] += 1.4 * (watts[:, 2] - 200.0)          # a charger without correction: power factor 0.58
    lines = [
        f"{t},{m},240.0,{watts[t, m] / 240.0:.2f},{watts[t, m]:.0f},{reactive[t, m]:.0f}" for t in range(MINUTES) for m in range(3)
    ]
    (directory / "meters.csv.gz").write_bytes(gzip.compress(("minute,meter,v,i,p_w,q_var\n" + "\n".join(lines) + "\n").encode()))
    names = ["minute"] + [f"{name}{phase}{unit}" for name, unit in (("v", ""), ("i", ""), ("p", "_w"), ("q", "_var")) for phase in "abc"]
    area = [f"{t}," + ",".join(["240"] * 3 + ["5"] * 3 + ["1200"] * 3 + ["100"] * 3) for t in range(MINUTES)]
    (directory / "area_meter.csv.gz").write_bytes(gzip.compress((",".join(names) + "\n" + "\n".join(area) + "\n").encode()))
    if events is None:
        events = [
            {"kind": "ev_charge", "meter": 1, "start": 60, "end": 200, "rate_kw": kw},
            {"kind": "ebike_charge", "meter": 2, "start": 40, "end": 320, "rate_kw": 0.2},
        ]
    truth = {"minutes": MINUTES, "meters": [{"meter": m, "phase": 1 + m} for m in range(3)], "events": events}
    (directory / "truth_area.json").write_text(json.dumps(truth))


def rows_of(directory):
    return {row.name: row for row in PART.score(directory, lambda share: None)}


@pytest.mark.parametrize("kw", [1.6, 3.3, 7.2])
def test_both_sessions_are_found_and_dated(tmp_path, kw):
    write_area(tmp_path, kw=kw)
    rows = rows_of(tmp_path)
    for name in ("ev: recall", "ev: precision", "e_bike: recall", "e_bike: precision"):
        assert rows[name].figure == 1.0, name
    assert rows["ev: begin error, worst"].figure <= 1.0
    assert all(row.ok for row in rows.values())


def test_a_session_that_nobody_told_and_a_false_one_miss_the_goal(tmp_path):
    write_area(tmp_path, events=[{"kind": "ev_charge", "meter": 0, "start": 60, "end": 200}])
    rows = rows_of(tmp_path)
    assert (rows["ev: recall"].figure, rows["ev: precision"].figure) == (0.0, 0.0)
    assert not rows["ev: recall"].ok
    assert not rows["ev: precision"].ok
    assert not rows["ev: begin error, worst"].ok


def test_an_area_without_sessions_has_no_recall_and_misses_nothing(tmp_path):
    write_area(tmp_path, events=[], kw=0.0)
    rows = rows_of(tmp_path)
    assert math.isnan(rows["ev: recall"].figure)
    assert rows["ev: recall"].ok


def test_the_plain_rule_is_an_hours_tenth_percentile():
    watts = np.zeros((300, 2))
    watts[50:200, 1] = 2700.0
    (session,) = naive_sessions(watts, ["m0", "m1"])
    # windows of 60 minutes with at most 5.9 (10 % of 59) of zero: they begin from 45 to 145; the end is exclusive
    assert (session.meter, session.begin, session.end) == ("m1", 45.0, 206.0)
    assert naive_sessions(watts[:40], ["m0", "m1"]) == []


def test_a_damaged_truth_is_one_line():
    with pytest.raises(ConfigError, match=r"truth\.json: events"):
        true_sessions(Path("truth.json"), {"events": [{"kind": "ev_charge", "meter": "x"}]}, "ev_charge")
