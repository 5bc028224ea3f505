"""Agent and area in one process under a virtual clock: meters are polled as on a wire that always works, samples go straight in.

The agent's part is the shipped pipeline with its journal; it sees samples, failed polls and its own mains, never a name of a fault.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.contract import Header, Simulation, split_record
from edge_agent.contract.envelope import utc_ms_of
from edge_agent.detect import find_detectors
from edge_agent.events import EventBook, EventIds, EventSettings
from edge_agent.journal import Journal
from edge_agent.model import Archive, Evidence, EvidenceKind, Sample, TimeSource, WorkBook
from edge_agent.outage import OutageEngine, OutageSettings
from edge_agent.runtime.pipeline import Pipeline
from edge_agent.state import StateStore
from simulator.run.metering import Measured, Metering, Models, archive_of
from simulator.scenario.world import World

EPOCH_UTC_MS = 1_790_000_000_000      # some day: labels only
_COMMIT_EVERY_S = 60.0
_READ_AT_ONCE = 1000
OnPoll = Callable[[float, int, npt.NDArray[np.float64], npt.NDArray[np.float64]], None]


class VirtualClock:
    """Stands still until it is moved."""

    time_source = TimeSource.NTP
    speed = 1.0

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic_s(self) -> float:
        return self.now_s

    def utc_ms(self) -> int:
        return EPOCH_UTC_MS + round(1000 * self.now_s)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a virtual clock does not pass by itself")


@dataclass(slots=True)
class _Mains:
    """The concentrator's own supply, at the transformer."""

    volts: tuple[float, float, float] = (float("nan"),) * 3

    def read(self) -> tuple[float, float, float]:
        return self.volts


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopResult:
    """``events``: messages of the streams a and e in order of publication, as a back end would see them."""

    events: list[dict[str, Any]]
    samples: int
    polls_failed: int
    archive: Archive = field(repr=False)
    begin_utc_ms: int = EPOCH_UTC_MS

    def published_s(self, event: Mapping[str, Any]) -> float:
        """When an event was published, in seconds since the scenario began."""
        return (utc_ms_of(event["data"]["published"]) - self.begin_utc_ms) / 1000.0


def run_closed_loop(
    world: World, *, duration_s: float, poll_s: float = 60.0, tick_s: float = 1.0, settings: Mapping[str, Any] | None = None,
    say: Callable[[float], None] = lambda now_s: None, on_poll: OnPoll | None = None, models: Models | None = None,
    work: WorkBook | None = None, only: Collection[str] | None = None,
) -> LoopResult:
    """Run for ``duration_s``. ``settings``: detector name -> its settings, default as shipped; ``say`` is told the time once a minute.

    ``models``: profiles of the meters, whose registers decide how finely they show.
    ``work``: what the utility has announced to the agent. ``only``: these detectors run; default: all.
    ``on_poll(at_s, meter, values, values of all)`` is called for each answer.

    Raises:
        NotSolvedError: a step of the grid does not converge.
    """
    models = models or Models()
    metering, clock, mains, archive = Metering(world, models), VirtualClock(), _Mains(), archive_of(world.area, models)
    with tempfile.TemporaryDirectory(prefix="hplc-edge-loop-") as name:
        journal = Journal.open(Path(name) / "journal")
        try:
            pipeline = _pipeline(Path(name), journal, archive, clock, mains, settings or {}, only)
            if work is not None:
                pipeline.announce(work)
            failed = _live(
                pipeline, journal, metering, clock, mains, duration_s=duration_s, poll_s=poll_s, tick_s=tick_s, say=say, on_poll=on_poll
            )
            events = _events(journal)
        finally:
            journal.close()
    return LoopResult(events=events, samples=pipeline.samples, polls_failed=failed, archive=archive)


def _live(
    pipeline: Pipeline, journal: Journal, metering: Metering, clock: VirtualClock, mains: _Mains, *, duration_s: float, poll_s: float,
    tick_s: float, say: Callable[[float], None], on_poll: OnPoll | None,
) -> int:
    """Poll each meter in its own phase of the period, tick, commit; gives the number of failed polls."""
    n, step_s, failed = len(metering.loads) + 1, metering.world.step_s, 0
    _tell_routes(pipeline, metering)
    phase_s = poll_s * np.arange(n) / n
    committed_s, step, measured, relays = 0.0, -1, None, _Relays(metering.world)
    for tick in range(1, int(duration_s / tick_s) + 1):
        begin_s, clock.now_s = (tick - 1) * tick_s, tick * tick_s
        now_step = int(begin_s // step_s)
        if measured is None or now_step != step:
            step, measured = now_step, metering.at(now_step)
            mains.volts = measured.mains_v
        first, last = np.ceil((begin_s - phase_s) / poll_s), np.ceil((clock.now_s - phase_s) / poll_s)
        for meter in np.flatnonzero(first != last).tolist():
            at_s = float(first[meter] * poll_s + phase_s[meter])
            failed += _poll(pipeline, measured, meter, EPOCH_UTC_MS + round(1000 * at_s))
            if not measured.silent[meter] and (kind := relays.news(meter, at_s)) is not None:
                pipeline.take_evidence(
                    Evidence(kind=kind, at_utc_ms=EPOCH_UTC_MS + round(1000 * at_s), meters=(meter,), bus="simulated")
                )
            if on_poll is not None and not measured.silent[meter]:
                on_poll(at_s, meter, measured.values[meter], measured.values)
        pipeline.tick()
        if clock.now_s - committed_s >= _COMMIT_EVERY_S or tick * tick_s >= duration_s:
            committed_s = clock.now_s
            journal.commit()
            for stream in "aer":
                journal.ack(stream, journal.committed(stream))
            say(clock.now_s)
    return failed


class _Relays:
    """What the status words of answering meters say of their relays: told when it is another than at the last answer."""

    def __init__(self, world: World) -> None:
        place = {meter.id: index for index, meter in enumerate(world.area.meters)}
        self._open_s = [(place[name], change.at_s, change.until_s) for change in world.timeline.changes for name in change.relay]
        self._told_open: set[int] = set()

    def news(self, meter: int, at_s: float) -> EvidenceKind | None:
        is_open = any(meter == own and begin_s <= at_s < end_s for own, begin_s, end_s in self._open_s)
        if is_open == (meter in self._told_open):
            return None
        self._told_open ^= {meter}
        return EvidenceKind.RELAY_OPENED if is_open else EvidenceKind.RELAY_CLOSED


def _tell_routes(pipeline: Pipeline, metering: Metering) -> None:
    """Meters that fall mute together hang on the first of them: the coordinator tells who relays for whom, long before anything fails."""
    place = {meter.id: index for index, meter in enumerate(metering.world.area.meters)}
    relays = [-1] * len(place)
    for change in metering.world.timeline.changes:
        for name in change.mute[1:]:
            relays[place[name]] = place[change.mute[0]]
    pipeline.take_evidence(Evidence(
        kind=EvidenceKind.ROUTES_KNOWN, at_utc_ms=EPOCH_UTC_MS, meters=tuple(range(len(relays))), addresses=("",) * len(relays),
        relays=tuple(relays), bus="simulated",
    ))


def _poll(pipeline: Pipeline, measured: Measured, meter: int, at_utc_ms: int) -> bool:
    if measured.silent[meter]:
        pipeline.take_evidence(Evidence(kind=EvidenceKind.POLL_FAILED, at_utc_ms=at_utc_ms, meters=(meter,), bus="simulated"))
        return True
    pipeline.take_sample(
        Sample(meter=meter, taken_utc_ms=at_utc_ms, time_source=TimeSource.NTP, values=measured.values[meter], turnaround_s=0.02)
    )
    return False


def _pipeline(
    directory: Path, journal: Journal, archive: Archive, clock: VirtualClock, mains: _Mains, settings: Mapping[str, Any],
    only: Collection[str] | None,
) -> Pipeline:
    found = {name: kind for name, kind in find_detectors().items() if only is None or name in only}
    return Pipeline(
        archive=archive, clock=clock,
        header=Header(agent="loop", epoch=journal.epoch, boot="simulated", sim=Simulation(description="closed loop", speed=1.0)),
        journal=journal, notify=lambda stream: None,
        detectors={name: kind.build(archive, settings.get(name, kind.settings())) for name, kind in found.items()},
        outages=OutageEngine(archive, OutageSettings()),
        book=EventBook(EventSettings(), EventIds(random.Random(1)).new), store=StateStore(directory / "state"), supply=mains,
    )


def _events(journal: Journal) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for stream in "ae":
        seq = 1
        while records := journal.read_from(stream, seq, _READ_AT_ONCE):
            found += [json.loads(split_record(record.payload)[2]) for record in records]
            seq = records[-1].seq + 1
    return sorted(found, key=lambda event: (event["data"]["published"], event["st"], event["seq"]))
