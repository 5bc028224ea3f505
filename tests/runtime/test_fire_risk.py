"""The fire-risk level in the agent: published on change, the same after a restart, named by the outage that follows."""

import numpy as np
import pytest

from edge_agent.detect import find_detectors
from edge_agent.model import COLUMN_INDEX, N_COLUMNS, Archive, Evidence, EvidenceKind, Meter, Sample, TimeSource
from edge_agent.outage import OutageSettings
from tests.runtime.pipelines import SettableClock, journaled, make_pipeline

FOUND = find_detectors()
SETTINGS = {
    "overload": FOUND["overload"].settings(tau_s=60.0),
}
OUTAGE = OutageSettings(silent_polls=1, silent_s=0.0, hold_s=0.0)
ARCHIVE = Archive("a", tuple(
    Meter(id=f"m{index}", index=index, profile="p", bus="b", node="f1/b1", rated_current_a=60.0) for index in range(3)
))  # fmt: skip


class Runs:
    def __init__(self, directory):
        self.directory, self.clock = directory, SettableClock()
        self.clock.set_ms = 1_790_000_000_000

    def start(self, settings=SETTINGS):
        self.pipeline, self.journal = make_pipeline(self.directory, self.clock, ARCHIVE, outage=OUTAGE, **settings)
        self.pipeline.restore()

    def pass_time(self, seconds, *currents_a):
        """``currents_a`` of m0, m1, ...: None = no answer."""
        for _ in range(seconds):
            self.clock.running_s += 1.0
            for meter, current_a in enumerate(currents_a):
                if current_a is None:
                    lost = Evidence(kind=EvidenceKind.POLL_FAILED, at_utc_ms=self.clock.utc_ms(), meters=(meter,), bus="b")
                    self.pipeline.take_evidence(lost)
                    continue
                values = np.full(N_COLUMNS, np.nan)
                values[COLUMN_INDEX["current_a.a"]] = current_a
                sample = Sample(meter=meter, taken_utc_ms=self.clock.utc_ms(), time_source=TimeSource.NONE, values=values)
                self.pipeline.take_sample(sample)
            self.pipeline.tick()
            self.journal.commit()

    def stop(self, *, cleanly):
        if cleanly:
            for stream in "aestr":
                self.journal.ack(stream, self.journal.committed(stream))
            self.pipeline.save()
        self.journal.close()

    def events(self):
        return [
            (event["type"], event["data"]["node_id"], event["sev"]) for event in journaled(self.journal, "a")
            if event["type"].startswith("fire.risk")
        ]


@pytest.fixture
def runs(tmp_path):
    runs = Runs(tmp_path)
    yield runs
    runs.journal.close()


def test_an_overload_raises_the_level_of_its_meter_and_two_that_of_their_box(runs):
    runs.start()
    runs.pass_time(120, 75.0, 40.0, 40.0)
    assert runs.events() == [("fire.risk.start", "m0", "info"), ("fire.risk.change", "m0", "warning")]
    runs.pass_time(120, 75.0, 75.0, 40.0)
    assert runs.events()[2:] == [("fire.risk.start", "m1", "info"), ("fire.risk.start", "f1/b1", "info"),
                                 ("fire.risk.change", "m1", "warning"), ("fire.risk.change", "f1/b1", "warning")]  # fmt: skip


@pytest.mark.parametrize("cleanly", [True, False])
def test_a_level_goes_on_after_a_restart_and_ends_with_what_raised_it(runs, cleanly):
    runs.start()
    runs.pass_time(200, 75.0, 40.0, 40.0)
    runs.stop(cleanly=cleanly)
    runs.start()
    runs.pass_time(5, 75.0, 40.0, 40.0)
    assert runs.events()[2:] == []
    runs.pass_time(200, 10.0, 40.0, 40.0)
    assert runs.events()[-1] == ("fire.risk.end", "m0", "info")
    assert runs.pipeline.active_alarms() == []


def test_a_level_whose_detector_is_gone_ends_at_the_start(runs):
    runs.start()
    runs.pass_time(200, 75.0)
    runs.stop(cleanly=True)
    runs.start({})
    runs.pass_time(2, 10.0)
    assert runs.events()[-1] == ("fire.risk.end", "m0", "info")
    assert runs.pipeline.active_alarms() == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_home_that_falls_dark_afterwards_names_what_was_known_before(runs, restarted):
    runs.start()
    runs.pass_time(200, 75.0, 40.0, 40.0)
    if restarted:
        runs.stop(cleanly=False)
        runs.start()
    runs.pass_time(30, None, 40.0, 40.0)
    (silent,) = [event for event in journaled(runs.journal, "e") if event["type"] == "meter.silent.start"]
    assert [(found["kind"], found["severity"], found["node_id"]) for found in silent["data"]["precursors"]] == [
        ("fire.risk", "warning", "m0"), ("overload", "alarm", "m0"),
    ]  # fmt: skip
