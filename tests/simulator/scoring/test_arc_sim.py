"""The set arc_sim: the goals on the copy at hand and on altered currents; other sizes, damaged files."""

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.scoring.naive_arc import naive_marks
from simulator.scoring.sets import find_sets
from simulator.scoring.sets.arc_sim import due_s, judge, read_records
from tests.detect.waveform.waves import current, pattern

DATA = "tests/data/arc_sim"


@pytest.fixture(scope="module")
def content():
    with np.load(f"{DATA}/arc.npz") as found:
        return dict(found)


def scored(directory, content, **changes):
    np.savez(directory / "arc.npz", **(content | changes))
    return {row.name: row for row in find_sets()["arc_sim"].score(directory, lambda share: None)}


def every_other(content, first=0):
    return {name: value[first::2] if value.ndim else value for name, value in content.items()}


def test_the_goals_are_met_and_the_plain_rule_is_worse(tmp_path, content):
    rows = scored(tmp_path, content)
    assert all(row.ok for row in rows.values())
    assert rows["arc: half-cycle recall"].figure >= 0.95
    assert rows["arc: half-cycle precision"].figure >= 0.90
    assert rows["arc: sustained arcs told within 0.5 s of the 14th half cycle"].figure == 1
    assert rows["naive rule: half-cycle precision"].figure < rows["arc: half-cycle precision"].figure
    assert rows["naive rule: alarms in 30 records 'none'"].figure > 0
    assert sum("left out" in name and "recall" in name for name in rows) == 5


ALTERED = {
    "noise of 20 mA": lambda counts: counts + np.random.default_rng(1).normal(0, 10, counts.shape),
    "steps of 20 mA": lambda counts: np.round(counts / 10) * 10,
    "turned round": lambda counts: -counts,
    "twice the current": lambda counts: 2.0 * counts,
    "a hundredth of wobble": lambda counts: counts * (1 + 0.01 * np.sin(np.arange(counts.shape[1]) / 1500)),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_the_goals_are_met_on_altered_currents(tmp_path, content, alter):
    half = every_other(content, first=1)
    rows = scored(tmp_path, half, current_2mA=np.clip(alter(half["current_2mA"].astype(float)), -32767, 32767))
    assert all(row.ok for row in rows.values()), [row for row in rows.values() if not row.ok]


def test_a_quarter_of_the_samples_is_enough(tmp_path, content):
    half = every_other(content)
    slow = half["current_2mA"].astype(float).reshape(len(half["load"]), -1, 4).mean(axis=2)
    rows = scored(tmp_path, half, current_2mA=slow, fs=np.array(6400))
    assert all(row.ok for row in rows.values())


def test_records_of_another_length_mains_and_load_are_scored(tmp_path):
    arcs = np.array([pattern(40, 260, 0), [False] * 300])
    currents = np.array([current(row, amperes=8.0, seed=number) / 0.002 for number, row in enumerate(arcs)]).astype(np.int16)
    names = {"load": np.array(["heater", "heater"]), "scenario": np.array(["sustained", "none"])}
    # 128 samples of a half cycle, at 60 Hz
    rows = scored(tmp_path, {"current_2mA": currents, "arc_half_cycle": arcs.astype(np.uint8), "fs": np.array(15_360), **names})
    assert rows["arc: half-cycle recall"].figure > 0.95
    assert rows["arc: sustained arcs told within 0.5 s of the 14th half cycle"].figure == 1
    assert rows["arc, heater left out (nothing is trained): half-cycle precision"].figure > 0.95


def test_the_alarm_is_due_with_the_fourteenth_arc_of_one_second():
    assert due_s(np.array([False] * 10 + [True] * 20), 50.0) == pytest.approx(0.24)
    assert due_s(np.array(([True] + [False] * 9) * 30), 50.0) is None
    assert due_s(np.array(([True] + [False] * 6) * 40), 50.0) == pytest.approx(0.92)


def test_marks_of_a_record_are_those_that_burned(content):
    record = next(record for record in read_records_of(content) if record.scenario == "burst" and record.load == "motor")
    assert judge(record).marks.tolist() == record.arcs.tolist()


def read_records_of(content):
    from pathlib import Path

    return read_records(Path(DATA) / "arc.npz")


def test_the_plain_rule_marks_what_differs_from_the_first_half_cycles():
    arcs = pattern(40, 60, 0)
    marks = naive_marks(current(arcs).astype(np.float32), 12_800.0, 50.0, 100)
    assert marks[4:40].mean() < 0.1
    assert marks[np.array(arcs)].mean() > 0.9


def write(path, content, **changes):
    np.savez(path, **{name: value for name, value in (content | changes).items() if value is not None})


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path, content: path.write_bytes(b"PK\x03\x04 broken"), "cannot be read"),
        (lambda path, content: path.write_bytes(b""), "cannot be read"),
        (lambda path, content: None, "cannot be read: No such file"),
        (lambda path, content: write(path, content, fs=None), "has no array fs"),
        (lambda path, content: write(path, content, load=content["load"][:3]), "must be tables"),
        (lambda path, content: write(path, content, fs=np.array(100)), "no mains of 50 or 60 Hz"),
        (lambda path, content: write(path, content, current_2mA=content["current_2mA"][:, ::25], fs=np.array(1024)), "fs = 1024"),
        (lambda path, content: write(path, content, fs=np.array([np.nan])), "no mains of 50 or 60 Hz"),
        (lambda path, content: write(path, content, fs=np.array(["x"])), "must be"),
        (lambda path, content: write(path, content, current_2mA=np.array([["a"]] * 80)), "must be"),
        (lambda path, content: write(path, content, load=np.array([object()] * 80)), "cannot be read"),
    ],
)
def test_a_damaged_file_is_told_in_one_line(tmp_path, content, damage, says):
    damage(tmp_path / "arc.npz", content)
    with pytest.raises(ConfigError, match=says) as caught:
        find_sets()["arc_sim"].score(tmp_path, lambda share: None)
    assert len(caught.value.problems) == 1
    assert "\n" not in caught.value.problems[0]
