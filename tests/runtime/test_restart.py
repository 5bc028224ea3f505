"""What becomes of events that are on when the agent ends: stopped, killed, or started again with other meters."""

import numpy as np
import pytest

from edge_agent.model import COLUMN_INDEX, N_COLUMNS, Archive, Evidence, EvidenceKind, Meter, Sample, TimeSource
from edge_agent.outage import OutageSettings
from tests.runtime.pipelines import SettableClock, journaled, make_pipeline

OUTAGE = OutageSettings(silent_polls=1, silent_s=0.0, hold_s=0.0)


def archive(*ids):
    return Archive("a", tuple(Meter(id=name, index=index, profile="p", bus=f"b{index}") for index, name in enumerate(ids)))


class Runs:
    """Runs of the agent's pipeline, one after the other, in one directory."""

    def __init__(self, directory):
        self.directory, self.clock = directory, SettableClock()
        self.clock.set_ms = 1_790_000_000_000

    def start(self, *ids):
        self.pipeline, self.journal = make_pipeline(self.directory, self.clock, archive(*ids), outage=OUTAGE)
        self.pipeline.restore()

    def pass_time(self, seconds, *, silent=(), answering=()):
        for _ in range(seconds):
            self.clock.running_s += 1.0
            for meter in silent:
                self.pipeline.take_evidence(
                    Evidence(kind=EvidenceKind.POLL_FAILED, at_utc_ms=self.clock.utc_ms(), meters=(meter,), bus="b")
                )
            for meter in answering:
                values = np.full(N_COLUMNS, np.nan)
                values[COLUMN_INDEX["voltage_v.a"]] = 220.0
                self.pipeline.take_sample(
                    Sample(meter=meter, taken_utc_ms=self.clock.utc_ms(), time_source=TimeSource.NONE, values=values)
                )
            self.pipeline.tick()
            self.journal.commit()

    def kill(self):
        self.journal.close()

    def events(self):
        return [(event["type"], event["data"]["event_id"][-4:], event["data"]["revision"]) for event in journaled(self.journal, "e")]

    def is_on(self):
        return [suffix for suffix, _ in self.pipeline.active_alarms()]


@pytest.fixture
def runs(tmp_path):
    runs = Runs(tmp_path)
    yield runs
    runs.kill()


def test_an_event_whose_detector_state_was_saved_ends_in_the_next_run(runs):
    runs.start("m1")
    runs.pass_time(30, silent=[0])       # long enough for the state to be written after the event
    runs.kill()
    runs.start("m1")
    runs.pass_time(3, answering=[0])
    assert [name for name, _, _ in runs.events()] == ["meter.silent.start", "meter.silent.end"]
    assert not runs.is_on()


def test_an_event_newer_than_the_saved_state_is_withdrawn_and_does_not_stay_for_ever(runs):
    runs.start("m1", "m2", "m3")
    runs.pass_time(5, silent=[1], answering=[0, 2])
    runs.pass_time(2, silent=[0, 1], answering=[2])     # within the ten seconds between two writes
    runs.kill()
    runs.start("m1", "m2", "m3")
    runs.pass_time(3, answering=[0, 1, 2])
    names = [name for name, _, _ in runs.events()]
    assert sorted(names[:2]) == ["meter.silent.start"] * 2
    assert sorted(names[2:]) == ["meter.silent.end", "meter.silent.withdrawn"]
    assert not runs.is_on()


def test_a_condition_that_lasts_over_a_kill_is_the_same_event_again(runs):
    runs.start("m1")
    runs.pass_time(1, silent=[0])
    runs.kill()
    runs.start("m1")
    runs.pass_time(3, silent=[0])
    (started, withdrawn, again) = runs.events()
    assert [started[0], withdrawn[0], again[0]] == ["meter.silent.start", "meter.silent.withdrawn", "meter.silent.start"]
    assert started[1] == withdrawn[1] == again[1]
    assert [started[2], withdrawn[2], again[2]] == [1, 2, 3]
    assert len(runs.is_on()) == 1


def test_the_alarm_of_a_meter_that_was_taken_out_is_withdrawn(runs):
    runs.start("m1", "m2")
    runs.pass_time(30, silent=[1], answering=[0])
    runs.kill()
    runs.start("m1")
    runs.pass_time(1, answering=[0])
    assert [name for name, _, _ in runs.events()] == ["meter.silent.start", "meter.silent.withdrawn"]
    assert not runs.is_on()


def test_state_is_not_saved_before_what_it_told_is_on_disk(runs):
    def saved():
        return {path.name: path.read_bytes() for path in (runs.directory / "state").glob("*.state")}

    runs.start("m1")
    runs.pass_time(1)
    before = saved()
    runs.pipeline.take_evidence(Evidence(kind=EvidenceKind.POLL_FAILED, at_utc_ms=runs.clock.utc_ms(), meters=(0,), bus="b"))
    runs.pipeline.tick()
    for _ in range(3):
        runs.clock.running_s += 60.0
        runs.pipeline.tick()
        runs.pipeline.save()
    assert runs.is_on()
    assert saved() == before
    runs.journal.commit()
    runs.pipeline.tick()
    assert b"meter.silent" in saved()["events.state"]
    assert "detector-outages.state" in saved()
