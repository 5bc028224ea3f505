"""A pipeline on a real journal in a directory, under a clock that the test sets."""

import json
import random

from edge_agent.contract import Header, split_record
from edge_agent.detect import find_detectors
from edge_agent.events import EventBook, EventIds, EventSettings
from edge_agent.journal import Journal
from edge_agent.model import Archive, TimeSource
from edge_agent.outage import OutageEngine, OutageSettings
from edge_agent.runtime.pipeline import Pipeline
from edge_agent.state import StateStore


class SettableClock:
    time_source = TimeSource.NONE

    def __init__(self, speed=1.0):
        self.speed = speed
        self.running_s, self.set_ms = 1000.0, 0

    def monotonic_s(self):
        return self.running_s

    def utc_ms(self):
        return int(1000 * self.running_s) + self.set_ms

    async def sleep(self, seconds):
        raise AssertionError("nobody sleeps here")


def make_pipeline(directory, clock, archive=None, waveform_detectors=None, outage=None, **detector_settings):
    """The pipeline and its journal; ``detector_settings`` by the detector's name."""
    archive, journal, found = archive or Archive("a", ()), Journal.open(directory / "journal"), find_detectors()
    detectors = {name: found[name].build(archive, settings) for name, settings in detector_settings.items()}
    pipeline = Pipeline(
        archive=archive, clock=clock, header=Header(agent="e", epoch=journal.epoch, boot="b00t"), journal=journal,
        outages=OutageEngine(archive, outage or OutageSettings()), notify=lambda stream: None, detectors=detectors,
        book=EventBook(EventSettings(), EventIds(random.Random(1)).new),
        store=StateStore(directory / "state"), supply=None, waveform_detectors=waveform_detectors,
    )
    return pipeline, journal


def journaled(journal, stream):
    """All messages of a stream, after a commit."""
    journal.commit()
    return [json.loads(split_record(record.payload)[2]) for record in journal.read_from(stream, 1, 1000)]
