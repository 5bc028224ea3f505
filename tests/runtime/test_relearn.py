"""What an operator asks for reaches the detectors: by the command, through the directory, into the next tick, and is told."""

import argparse

import numpy as np
import pytest

from edge_agent.cli import relearn as command
from edge_agent.detect import find_detectors
from edge_agent.errors import ConfigError
from edge_agent.model import COLUMN_INDEX, N_COLUMNS, Archive, Meter, Sample, TimeSource
from edge_agent.state import RelearnRequest, Requests, requests_directory
from tests.runtime.pipelines import SettableClock, journaled, make_pipeline

ARCHIVE = Archive("a", tuple(Meter(id=f"m{index}", index=index, profile="p", bus="b") for index in range(2)))
CONFIG = """
[agent]
area = "a1"
id = "edge-1"
state_dir = "{state}"
[mqtt]
url = "mqtt://127.0.0.1:1883"
[[bus]]
name = "line-1"
url = "tcp://127.0.0.1:1502"
[[meter]]
id = "m0"
bus = "line-1"
unit = 1
profile = "abb-b21"
"""


@pytest.fixture
def leaking(tmp_path):
    """A pipeline with a latched alarm at m0 that has gone since; and what lets it go on."""
    clock = SettableClock()
    clock.set_ms = 1_790_000_000_000
    residual = find_detectors()["residual"].settings(step_a=1.0)
    pipeline, journal = make_pipeline(tmp_path, clock, ARCHIVE, residual=residual)
    pipeline.restore()

    def go_on(residual_a, seconds):
        for _ in range(seconds):
            clock.running_s += 1.0
            values = np.full(N_COLUMNS, np.nan)
            values[COLUMN_INDEX["current_residual_a"]] = residual_a
            pipeline.take_sample(Sample(meter=0, taken_utc_ms=clock.utc_ms(), time_source=TimeSource.NONE, values=values))
            pipeline.tick()
            journal.commit()

    go_on(0.4, 20)
    go_on(0.0, 60)
    yield pipeline, journal, go_on
    journal.close()


def told(journal):
    return [event["type"] for event in journaled(journal, "a")]


def test_a_latched_alarm_and_its_level_of_risk_end_when_it_was_released(leaking):
    pipeline, journal, go_on = leaking
    assert told(journal) == ["residual.level.start", "fire.risk.start"]
    pipeline.relearn(["m0"], [])
    go_on(0.0, 1)
    assert told(journal)[2:] == ["residual.level.end", "fire.risk.end"]
    (said,) = [event for event in journaled(journal, "s") if event["type"] == "detect.relearn"]
    assert said["data"] == {"meters": "m0", "detectors": "residual"}


@pytest.mark.parametrize(("meters", "detectors"), [(["m1"], []), (["gone"], []), (["m0"], ["joint"])])
def test_other_meters_and_other_detectors_are_left_alone(leaking, meters, detectors):
    pipeline, journal, go_on = leaking
    pipeline.relearn(meters, detectors)
    go_on(0.0, 60)
    assert told(journal) == ["residual.level.start", "fire.risk.start"]


def test_a_request_counts_as_done_once_what_it_did_is_saved(leaking):
    pipeline, journal, go_on = leaking
    pipeline.relearn(["m0"], [])
    assert not pipeline.memory.is_saved
    go_on(0.0, 1)
    for _ in range(15):
        for stream in "ae":
            journal.ack(stream, journal.committed(stream))
        go_on(0.0, 1)
    assert pipeline.memory.is_saved


def call(tmp_path, *words):
    (tmp_path / "agent.toml").write_text(CONFIG.format(state=tmp_path / "state"))
    parser = argparse.ArgumentParser()
    command.COMMAND.configure(parser)
    return command.COMMAND.run(parser.parse_args(["-c", str(tmp_path / "agent.toml"), *words]))


@pytest.mark.parametrize(("words", "request_left"), [
    (["m0"], RelearnRequest(meters=("m0",))), (["--all"], RelearnRequest(meters=("m0",))),
    (["m0", "--detector", "residual"], RelearnRequest(meters=("m0",), detectors=("residual",))),
])  # fmt: skip
def test_the_command_leaves_a_request_for_the_agent(tmp_path, capsys, words, request_left):
    assert call(tmp_path, *words) == 0
    assert "start anew" in capsys.readouterr().out
    assert Requests(requests_directory(tmp_path / "state")).take() == [request_left]


@pytest.mark.parametrize(("words", "problem"), [
    ([], "--all"), (["m0", "--all"], "--all"), (["m9"], "m9 is not in the configuration"), (["m0", "--detector", "overload"], "overload"),
])  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_the_reason(tmp_path, words, problem):
    with pytest.raises(ConfigError, match=problem):
        call(tmp_path, *words)
