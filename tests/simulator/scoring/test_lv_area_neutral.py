"""The neutral part of lv_area_week on a feeder of another size, made here; what is damaged is told in one line."""

import gzip
import json

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.scoring.lv_area.neutral import PART
from tests.detect.solved_box import loads, solve

MINUTES = 2 * 1440
OPEN, SAG, OPENINGS = (1800, 1840), (2000, 2030), (2300, 2600)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three meters at one junction with the box."""
    found = tmp_path_factory.mktemp("feeder")
    ohm = np.full(MINUTES, 0.15)
    ohm[slice(*OPEN)] = np.inf
    flickers = np.random.default_rng(1).random(MINUTES) < 0.2
    ohm[slice(*OPENINGS)] = np.where(flickers[slice(*OPENINGS)], np.inf, 0.15)
    source = np.full((3, MINUTES), 230.0)
    source[:, slice(*SAG)] = 195.0
    volts, amperes = solve(loads(MINUTES, 5) * np.array([[0.4], [1.0], [1.6]]), neutral_ohm=ohm, source_v=source)
    columns = {"minute": np.arange(MINUTES)}
    columns |= {f"box_{name}{phase}": values[row] for name, values in (("v", volts), ("i", amperes)) for row, phase in enumerate("abc")}
    columns |= {"box_in": np.zeros(MINUTES)}
    columns |= {f"v{row}": volts[row] for row in range(3)} | {f"p{row}_w": volts[row] * amperes[row] for row in range(3)}
    rows = [",".join(columns), *(",".join(f"{value:.2f}" for value in line) for line in zip(*columns.values(), strict=True))]
    (found / "neutral_feeder.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    (found / "truth_neutral.json").write_text(json.dumps(truth()))
    return found


def truth():
    return {
        "minutes": MINUTES, "meter_phase": [1, 2, 3], "meter_junction": [1, 1, 1],
        "events": [
            {"kind": "open_neutral", "start": OPEN[0], "end": OPEN[1], "section": 1},
            {"kind": "negative_sag_all_phases", "start": SAG[0], "end": SAG[1]},
            {"kind": "intermittent_neutral", "start": OPENINGS[0], "end": OPENINGS[1], "section": 1},
        ],
    }  # fmt: skip


def score(folder):
    return {row.name: row for row in PART.score(folder, lambda share: None)}


def test_a_feeder_of_another_size_is_scored(folder):
    rows = score(folder)
    assert rows["open neutral: events"].figure == 1
    assert rows["open neutral: found within 2 samples"].figure == 1.0
    assert rows["intermittent neutral: found within 6 h"].figure == 1.0
    assert rows["neutral: alarms on sag_all_phases"].figure == 0
    assert all(row.ok for row in rows.values())
    assert rows["loose neutral: events"].figure == 0


def test_an_alarm_that_the_truth_does_not_know_is_false(folder, tmp_path):
    (tmp_path / "neutral_feeder.csv.gz").write_bytes((folder / "neutral_feeder.csv.gz").read_bytes())
    (tmp_path / "truth_neutral.json").write_text(json.dumps(truth() | {"events": []}))
    rows = score(tmp_path)
    assert not rows["neutral.open: false"].ok
    assert not rows["neutral.intermittent: false"].ok


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"meter_junction": [1, 1]}, "2 meters, meter_phase 3"), ({"meter_junction": "x"}, "meter_junction"),
        ({"events": [{"kind": "open_neutral"}]}, "events"), ({"events": [7]}, "events"), ({"meter_phase": [9]}, "meter_phase"),
    ],
)  # fmt: skip
def test_a_damaged_truth_is_told_in_one_line(folder, tmp_path, changes, says):
    (tmp_path / "neutral_feeder.csv.gz").write_bytes((folder / "neutral_feeder.csv.gz").read_bytes())
    (tmp_path / "truth_neutral.json").write_text(json.dumps(truth() | changes))
    with pytest.raises(ConfigError, match=says) as caught:
        score(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
