"""The shipped pipeline for many short trials: its outage part only, a journal that does not wait for the disk, a clock that is moved."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from edge_agent.contract import Header, Simulation, split_record
from edge_agent.events import EventBook, EventIds, EventSettings
from edge_agent.journal import Journal
from edge_agent.journal.fs import RealFs
from edge_agent.model import Archive, Clock, Evidence, Sample
from edge_agent.outage import OutageEngine, OutageSettings
from edge_agent.runtime.pipeline import Pipeline
from edge_agent.state import StateStore
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.world import Draw

CCO_BUS = "cco"                     # of meters whose modules can send a last gasp
_READ_AT_ONCE = 1000
_STREAMS = "ae"


class _NoSync(RealFs):
    """Trials are thrown away: nothing has to outlive a power cut, and waiting for the disk would be most of their time."""

    def sync(self, handle: int) -> None:
        pass

    def sync_directory(self, directory: Path) -> None:
        pass


class Mains:
    """The concentrator's own supply, as the trial says."""

    def __init__(self) -> None:
        self.volts = (float("nan"),) * 3

    def read(self) -> tuple[float, float, float]:
        a, b, c = self.volts
        return a, b, c


class RigJournal:
    """One journal for all trials of a run."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="hplc-edge-outages-")
        self.path = Path(self._directory.name)
        self.journal = Journal.open(self.path / "journal", fs=_NoSync())
        self._seen = dict.fromkeys(_STREAMS, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.journal.close()
        self._directory.cleanup()

    def take_events(self) -> list[dict[str, Any]]:
        """Event messages since the last call, in order of publication, exactly as they go to the broker."""
        journal, found = self.journal, list[dict[str, Any]]()
        journal.commit()
        for stream in _STREAMS:
            while records := journal.read_from(stream, self._seen[stream] + 1, _READ_AT_ONCE):
                found += [json.loads(split_record(record.payload)[2]) for record in records]
                self._seen[stream] = records[-1].seq
        for stream in "aerst":
            journal.ack(stream, journal.committed(stream))
        return sorted(found, key=lambda event: (event["data"]["published"], event["st"], event["seq"]))


class OutageRig:
    """A fresh agent: it sees samples, evidence and its own mains, never a fault."""

    def __init__(self, archive: Archive, clock: Clock, journal: RigJournal, settings: OutageSettings | None = None) -> None:
        self.mains = Mains()
        self.has_told = False             # in the last tick
        self._pipeline = Pipeline(
            archive=archive, clock=clock, journal=journal.journal, notify=self._notify, supply=self.mains,
            header=Header(agent="rig", epoch=journal.journal.epoch, boot="simulated", sim=Simulation(description="trial", speed=1.0)),
            detectors={}, outages=OutageEngine(archive, settings or OutageSettings(), gasping_buses=(CCO_BUS,)),
            book=EventBook(EventSettings(), EventIds(random.Random(1)).new, archive), store=StateStore(journal.path / "state"),
        )

    def take_sample(self, sample: Sample) -> None:
        self._pipeline.take_sample(sample)

    def take_evidence(self, evidence: Evidence) -> None:
        self._pipeline.take_evidence(evidence)

    def tick(self) -> None:
        self.has_told = False
        self._pipeline.tick()

    def look_at_supply(self) -> None:
        """Between two ticks."""
        self.has_told = False
        self._pipeline.look_at_supply()

    def _notify(self, stream: str) -> None:
        self.has_told |= stream in _STREAMS

    def to_ask(self) -> Sequence[int]:
        """Meters (archive indices) that the agent wants to read soon."""
        return self._pipeline.to_ask()


@dataclass(frozen=True, slots=True)
class _Shifted:
    """A load whose time began earlier."""

    draw: Draw
    by_s: float

    def mean_power(self, from_s: float, step_s: float, n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return self.draw.mean_power(from_s + self.by_s, step_s, n)


def shifted_draws(scenario: Scenario) -> dict[str, Draw]:
    """What is drawn in a scenario, counted from its begin, for a world with other changes than the scenario's own."""
    return {load: _Shifted(draw, scenario.begin_s) for load, draw in scenario.draws.items()}
