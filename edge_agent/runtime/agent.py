"""The agent's task tree: one task for each bus, the tick, the group commit, the publisher, health. Stops in the order of the flow."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import random
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from edge_agent import detect
from edge_agent.acquire import BusMeter, BusReader
from edge_agent.acquire.cco import GDW10376_2, CcoReader
from edge_agent.acquire.cco.speeds import baud_of, url_after_reset
from edge_agent.acquire.dlt645_clock import ClockSetter
from edge_agent.acquire.waveform_source import WaveformSource
from edge_agent.config import BusTable, Config, MeterConfig
from edge_agent.config.work_file import WorkFile
from edge_agent.contract import Header, Simulation, Topics, topics
from edge_agent.events import EventBook, EventIds
from edge_agent.journal import GroupCommit, Journal
from edge_agent.model import Clock, Evidence, EvidenceKind, WorkBook
from edge_agent.outage import OutageEngine
from edge_agent.publish import Announcements, Publisher
from edge_agent.runtime.announce import Announcer
from edge_agent.runtime.clock import AcceleratedClock, SystemClock
from edge_agent.runtime.notify import notify
from edge_agent.runtime.pipeline import Pipeline
from edge_agent.runtime.supply import SupplyFile
from edge_agent.runtime.ticker import Ticker
from edge_agent.state import DispatchRequest, NeighbourRequest, RelearnRequest, Requests, StateStore, requests_directory
from edge_agent.transport import create_link, framing_of

log = logging.getLogger("hplc_edge.runtime")

_SAVE_STATE_EVERY_S = 600.0  # learned state is some tens of kilobytes: saved more often it would wear flash
_REQUESTS_EVERY_S = 10.0  # a person waits for it
_WORK_EVERY_S = 10.0
_WATCHDOG_EVERY_S = 10.0  # a third of WatchdogSec in deploy/hplc-edge.service
_STOP_S = 1.5  # Ctrl-C to exit within 2 s


def make_clock(config: Config) -> Clock:
    """Real time, or the simulation's where the configuration says that everything is simulated."""
    simulation = config.simulation
    if simulation is None or simulation.speed == 1.0:
        return SystemClock()
    return AcceleratedClock(speed=simulation.speed, epoch_utc_ms=simulation.epoch_utc_ms or time.time_ns() // 1_000_000)


class Agent:
    """Built once for a run; ``run`` returns after ``stop``. ``readers``: in the place of those of the buses of ``config``."""

    def __init__(self, config: Config, clock: Clock, *, readers: Sequence[BusReader | CcoReader] | None = None) -> None:
        self._config, self._clock = config, clock
        simulation = config.simulation
        sim = None if simulation is None else Simulation(description=simulation.description, speed=simulation.speed)
        self._journal = Journal.open(
            config.state_dir / "journal", settings=config.journal, agent=config.agent.id, utc_ms=clock.utc_ms
        )
        header = Header(agent=config.agent.id, epoch=self._journal.epoch, boot=secrets.token_hex(4), sim=sim)
        self._stop = asyncio.Event()
        self._commit = GroupCommit(self._journal, config.journal, self._wake_publisher)
        self._announcer = Announcer(config, header, self._journal, clock)
        found = detect.find_detectors()
        supply = config.supply
        self._supply = None if supply is None else SupplyFile(Path(supply.file), supply.stale_s)
        self._pipeline = Pipeline(
            archive=config.archive,
            clock=clock,
            header=header,
            journal=self._journal,
            notify=self._commit.notify,
            detectors={name: found[name].build(config.archive, settings) for name, settings in config.detectors.items()},
            outages=OutageEngine(
                config.archive, config.outage, gasping_buses=[bus.name for bus in config.buses if bus.protocol == GDW10376_2]
            ),
            book=EventBook(config.events, EventIds(random.SystemRandom()).new, config.archive),
            store=StateStore(config.state_dir / "state"),
            supply=self._supply,
            waveform_detectors={
                name: detect.find_waveform_detectors()[name].build(config.archive, settings)
                for name, settings in config.waveform_detectors.items()
            },
        )
        self._ticker = Ticker(self._tick, self._look_at_supply, clock, config.agent.tick_s)
        self._work = None if config.work_file is None else WorkFile(config.work_file, config.archive, config.standing_tickets)
        if self._work is None and config.standing_tickets:
            self._pipeline.announce(WorkBook(tickets=config.standing_tickets))
        self._requests = Requests(requests_directory(config.state_dir))
        self._publisher = Publisher(
            journal=self._journal,
            settings=config.mqtt,
            prefix=Topics(config.agent.area, config.agent.id).prefix,
            client_id=config.agent.id,
            announcements=Announcements(state=self._announcer.state, birth=self._announcer.birth, active=self._pipeline.active_alarms),
            utc_ms=clock.utc_ms,
            on_refused=self._refused,
            on_accepted=self._accepted,
            chance=random.SystemRandom(),
        )
        self._readers = [self._make_reader(bus) for bus in config.buses] if readers is None else list(readers)
        self._units = [
            WaveformSource(url=unit.url, channels=unit.channels, clock=clock, on_waveform=self._pipeline.take_waveform, uid=unit.uid)
            for unit in config.units
        ]

    @property
    def pipeline(self) -> Pipeline:
        return self._pipeline

    def stop(self) -> None:
        """End ``run``; safe in a signal handler of the event loop."""
        self._stop.set()

    async def run(self) -> None:
        """Read, detect and publish until ``stop``. A bug in a task ends all of them and is raised."""
        self._pipeline.restore()
        for path in self._journal.set_aside:
            log.warning("journal segment %s was damaged and is set aside", path)
            self._pipeline.system_event("store.damaged", "warning", {"file": path.name})
        async with asyncio.TaskGroup() as tasks:
            commit = tasks.create_task(self._commit.run(), name="group commit")
            publisher = tasks.create_task(self._publisher.run(), name="publisher")
            producers = [tasks.create_task(reader.run(), name=f"bus {reader.name}") for reader in self._readers]
            producers += [tasks.create_task(unit.run(), name=f"waveforms {unit.name}") for unit in self._units]
            producers += [
                tasks.create_task(self._ticker.run(), name="tick"),
                tasks.create_task(self._report_for_ever(), name="health"),
                tasks.create_task(self._save_for_ever(), name="state"),
                tasks.create_task(self._take_requests_for_ever(), name="requests"),
                tasks.create_task(self._read_work_for_ever(), name="announced work"),
                tasks.create_task(self._feed_watchdog(), name="watchdog"),
            ]
            log.info("%d meters on %d buses", len(self._config.meters), len(self._readers))
            notify("READY=1", f"STATUS=reading {len(self._config.meters)} meters on {len(self._readers)} buses")
            await self._stop.wait()
            notify("STOPPING=1")
            for task in producers:
                task.cancel()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await self._commit.flush()
                    await self._publisher.stop()
                    await publisher
            publisher.cancel()
            commit.cancel()
            self._pipeline.save()

    def close(self) -> None:
        """After ``run``: have everything on disk and free the state directory."""
        self._commit.close()
        self._journal.close()

    def _make_reader(self, bus: BusTable) -> BusReader | CcoReader:
        if bus.protocol == GDW10376_2:
            return self._make_cco_reader(bus)
        meters = [entry for entry in self._config.meters if entry.meter.bus == bus.name]
        offset_h = bus.set_clocks_utc_offset_h
        return BusReader(
            name=bus.name,
            link=create_link(bus.url),
            framing=framing_of(bus.url),
            meters=[_bus_meter(entry) for entry in meters],
            settings=self._config.acquire,
            clock=self._clock,
            on_sample=self._pipeline.take_sample,
            on_evidence=self.take_evidence,
            clock_setter=None if offset_h is None else ClockSetter(offset_h),
        )

    def _make_cco_reader(self, bus: BusTable) -> CcoReader:
        settings, offset_h, slow_url = self._config.cco, bus.set_clocks_utc_offset_h, url_after_reset(bus.url)
        return CcoReader(
            name=bus.name,
            link=create_link(bus.url),
            slow_link=None if slow_url is None else create_link(slow_url),
            baud=baud_of(bus.url) or 0,
            meters=[_bus_meter(entry) for entry in self._config.meters if entry.meter.bus == bus.name],
            settings=dataclasses.replace(settings, main_address=bus.main_address or settings.main_address),
            acquire=self._config.acquire,
            clock=self._clock,
            on_sample=self._pipeline.take_sample,
            on_evidence=self.take_evidence,
            clock_setter=None if offset_h is None else ClockSetter(offset_h),
        )

    def _wake_publisher(self) -> None:
        self._publisher.wake()

    def take_evidence(self, evidence: Evidence) -> None:
        """From a reader; what is told of it goes out at once and not only with the next tick."""
        self._pipeline.take_evidence(evidence)
        self._ticker.has_news()

    def _tick(self) -> None:
        self._pipeline.tick()
        self._ask()

    def _look_at_supply(self) -> None:
        self._pipeline.look_at_supply()
        self._ask()

    def _ask(self) -> None:
        if asked := self._pipeline.to_ask():
            for reader in self._readers:
                reader.read_soon(asked)

    async def _report_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._config.agent.health_s)
            answering = int((self._pipeline.frame.polls_failed == 0).sum())
            extra = {
                "connections": self._publisher.connections,
                "samples": self._pipeline.samples,
                "events": self._pipeline.events,
                "readings_dropped": self._pipeline.readings_dropped,
                "waveforms": self._pipeline.waveforms,
                "waveforms_refused": sum(unit.counters.refused + unit.counters.checksum_errors for unit in self._units),
            }
            extra |= {f"evidence_{name}": count for name, count in self._pipeline.evidence_counters.items()}
            supply = "" if self._supply is None else self._supply.reason or "measured"
            message = self._announcer.health(self._readers, answering, self._publisher.sender, extra, supply)
            self._publisher.publish_volatile(topics.HEALTH, message)

    async def _save_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_SAVE_STATE_EVERY_S)
            self._pipeline.memory.save_detectors_soon()

    async def _take_requests_for_ever(self) -> None:
        """Those of ``hplc-edge relearn`` and ``hplc-edge outage``; the first ones may be older than this run."""
        try:
            self._requests.prepare()
        except OSError as exc:
            log.warning("no request of an operator will be seen: %s", exc)
        while True:
            for relearn in self._requests.take(RelearnRequest):
                self._pipeline.relearn(relearn.meters, relearn.detectors)
            for dispatch in self._requests.take(DispatchRequest):
                self._pipeline.dispatch(dispatch)
            for hint in self._requests.take(NeighbourRequest):
                self.take_evidence(Evidence(kind=EvidenceKind.NEIGHBOUR_OUT, at_utc_ms=hint.at_utc_ms))
            if self._pipeline.memory.is_saved:
                self._requests.finish()
            await asyncio.sleep(_REQUESTS_EVERY_S)

    async def _read_work_for_ever(self) -> None:
        """What the utility announces, whenever its file changes."""
        while self._work is not None:
            if (book := self._work.poll()) is not None:
                self._pipeline.announce(book)
            await asyncio.sleep(_WORK_EVERY_S)

    async def _feed_watchdog(self) -> None:
        """Only while readings move or nobody can be read: a stuck agent is restarted by the service manager."""
        seen = -1
        while True:
            moved = sum(_signs_of_life(reader) for reader in self._readers)
            if moved != seen or not self._readers:
                seen = moved
                notify("WATCHDOG=1")
            await asyncio.sleep(_WATCHDOG_EVERY_S)

    def _refused(self, suffix: str, reason: int) -> None:
        log.warning("the broker refuses %s (reason %d): its messages are kept and tried again once a minute", suffix, reason)
        self._pipeline.system_event("publish.refused", "warning", {"topic": suffix, "reason": reason}, event_class="comm")

    def _accepted(self, suffix: str) -> None:
        log.info("the broker accepts %s again", suffix)
        self._pipeline.system_event("publish.accepted", "info", {"topic": suffix}, event_class="comm")


def _signs_of_life(reader: BusReader | CcoReader) -> int:
    """What grows while a reader is not stuck; behind a coordinator nothing may be due for minutes."""
    return reader.turns if isinstance(reader, CcoReader) else reader.counters.requests + reader.counters.link_failures


def _bus_meter(entry: MeterConfig) -> BusMeter:
    return BusMeter(
        index=entry.meter.index, id=entry.meter.id, unit=entry.unit, address=entry.address, profile=entry.profile, full_s=entry.full_s,
        presence_s=entry.presence_s,
    )
