"""Everything that is said to one module, without a port: frames in, frames out. Pure: the time is given.

States: waiting for the module to report itself, bringing it up, ready, or without an answer. A reset at any time begins anew.
"""

from __future__ import annotations

import enum
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.acquire.cco.bring_up import Module, bring_up, stop_route
from edge_agent.acquire.cco.chores import Chores
from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.network_view import NetworkView
from edge_agent.acquire.cco.reads import ReadCallbacks, Reads
from edge_agent.acquire.cco.reports import Reports
from edge_agent.acquire.cco.request_frames import protocol_number
from edge_agent.acquire.cco.settings import CcoCounters, CcoSettings
from edge_agent.acquire.cco.talk import Talk
from edge_agent.acquire.dlt645_clock import ClockSetter
from edge_agent.acquire.poll import BusMeter
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.model import Clock, Evidence, EvidenceKind, Sample
from edge_agent.wire.gdw10376_2 import Direction, Frame10376, confirm, units

log = logging.getLogger("hplc_edge.acquire")

_ASK_AGAIN_S = (5.0, 10.0, 30.0, 60.0)    # a module that starts is there within a minute; one that is gone costs little
_AT_NEW_SPEED_S = 0.5                     # for the module to change over, after its confirm
_STARTS_APART_S = 10.0                    # a module that claims more often to have been reset is brought up only once
_MOST_ANSWERS = 64                        # to reports, waiting for the line; the module repeats what was not answered


class State(enum.Enum):
    CLOSED = "closed"
    WAITING = "waiting"          # until some time, for the module to report itself or before it is asked again
    STARTING = "starting"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """``baud``: what the module is to speak at; None where the link has no other speed than that of a module after its reset.

    ``pull_reset`` holds the reset line of the module for 200 ms, where there is one to hold; it must not block longer.
    """

    baud: int | None = None
    pull_reset: Callable[[], None] | None = None


@dataclass(slots=True)
class _Start:
    """How bringing up goes."""

    has_ended: bool = False
    module: Module | None = None     # that answered
    losses: int = 0                  # in a row
    patient_until_s: float = 0.0     # until then silence is only a module that starts
    reported_s: float = float("-inf")
    is_changing_speed: bool = False
    is_speed_bad: bool = False       # it did not answer at the speed that it confirmed


class CcoDriver:
    """``opened``, ``take``, ``next_frame`` and ``closed`` are its wire; ``is_slow`` says at which speed that ought to run now.

    ``on_sample`` and ``on_evidence`` are called for each answer and each fact.
    """

    def __init__(
        self, *, name: str, meters: Sequence[BusMeter], settings: CcoSettings, acquire: AcquireSettings, clock: Clock,
        counters: CcoCounters, on_sample: Callable[[Sample], None], on_evidence: Callable[[Evidence], None],
        clock_setter: ClockSetter | None = None, speeds: Speeds | None = None,
    ) -> None:
        self.name, self.counters, self._settings, self._clock = name, counters, settings, clock
        self._on_evidence, self._speeds = on_evidence, speeds or Speeds()
        self._indices = tuple(meter.index for meter in meters)
        by_address = {meter.address: meter.index for meter in meters}
        self._wanted = {meter.address: int(protocol_number(meter.profile)) for meter in meters}
        self._talk = Talk(timeout_s=settings.command_timeout_s, tries=settings.command_tries, on_silence=self._command_unanswered)
        self._reports = Reports(name=name, meters=by_address, dedup_s=settings.dedup_clock_s, counters=counters,
                                on_search_ended=lambda: self._chores.search_ended())
        self._chores = Chores(
            name=name, talk=self._talk, settings=settings, wanted=self._wanted, meters=by_address, clock=clock, counters=counters,
            clock_setter=clock_setter, tell=self._tell,
        )
        self._reads = Reads(
            name=name, meters=meters, settings=settings, acquire=acquire, counters=counters, time_source=lambda: clock.time_source,
            tell=ReadCallbacks(
                sample=on_sample, not_answered=lambda meter: self._tell(EvidenceKind.POLL_FAILED, (meter,)),
                no_concurrent_reads=self._read_one_by_one, not_in_archive=self._chores.doubt_archive,
                outage=self._tell_outage,
            ),
        )
        self._answers: deque[Frame10376] = deque(maxlen=_MOST_ANSWERS)
        self._start = _Start()
        self._state, self._until_s, self._heard_s = State.CLOSED, 0.0, 0.0
        self._is_down = self._has_begun = self.is_slow = False

    @property
    def is_up(self) -> bool:
        return not self._is_down

    @property
    def state(self) -> State:
        return self._state

    @property
    def module(self) -> Module | None:
        """What is known of the module; None before it was brought up the first time."""
        return self._start.module

    @property
    def network(self) -> NetworkView | None:
        """The network as it was last read whole."""
        return self._chores.view

    def opened(self, now: Moment) -> None:
        """The link is open: a module that was just started reports by itself, another one is asked."""
        if not self._has_begun:
            self._has_begun = True
            self._start.patient_until_s = now.wire_s + self._settings.start_wait_s
            self._reads.start(now)
        self._wait(now, _AT_NEW_SPEED_S if self._start.is_changing_speed else self._settings.report_wait_s)

    def closed(self, now: Moment) -> None:
        """The link is closed, as to change its speed."""
        self._drop(now)
        self._answers.clear()
        self._state = State.CLOSED

    def link_failed(self, now: Moment, reason: str) -> None:
        self.counters.link_failures += 1
        self.closed(now)
        self._went_down(reason)

    def read_soon(self, meters: Sequence[int], now: Moment) -> None:
        """Read these meters (archive indices) as soon as the module allows, as to find out who else is out."""
        self._reads.read_soon(meters, now)

    def search_soon(self, now: Moment) -> None:
        """Search for meters that no archive names, as soon as the module allows."""
        self._chores.search_soon(now)

    def take(self, frame: Frame10376, now: Moment) -> None:
        """A good frame from the line."""
        if frame.direction is not Direction.UP:
            self.counters.foreign_frames += 1
            return
        self._heard_s = now.wire_s
        if self._talk.take(frame, now.wire_s):
            self._judge(now)
        elif self._reports.is_report(frame):
            self._answers.append(self._reports.answer(frame))
            for fact in self._reports.take(frame, now):
                self._on_evidence(fact)
                if fact.kind is EvidenceKind.POWER_BACK:
                    self._reads.came_back(fact.meters, now)
        elif frame.code == units.RunMode.code and frame.prm:
            self._answers.append(confirm(frame))
            self._was_reset(now)
        elif not self._reads.take(frame, now):
            self.counters.foreign_frames += 1

    def next_frame(self, now: Moment) -> Frame10376 | None:
        """The next frame to send; call it until there is none."""
        if self._answers:
            return self._answers.popleft()
        if self._state is State.WAITING and now.wire_s >= self._until_s:
            self._bring_up()
        if self._state is State.READY:
            self._reads.expire(now)
            self._chores.start_due(now, quiet_from_s=self._quiet_from_s(), is_reading=self._reads.flights.is_any)
        frame = self._talk.next_request(now.wire_s, lambda: self._reads.flights.next_sequence(now.wire_s))
        self._judge(now)
        if frame is not None:
            self.counters.commands += 1
        elif self._state is State.READY and not self._talk.is_pausing:
            frame = self._reads.next_request(now, () if self._talk.sequence is None else (self._talk.sequence,))
        return frame

    def wake_s(self, now: Moment) -> float:
        """When ``next_frame`` may have something to do, if nothing is heard before."""
        if self._answers:
            return now.wire_s
        if self._state is State.WAITING:
            return self._until_s
        wake_s = self._talk.wake_s()
        if self._state is State.READY:
            flights = self._reads.flights
            reads_s = flights.next_deadline_s() if self._talk.is_pausing else self._reads.wake_s(now)
            chores_s = self._chores.wake_s(now, quiet_from_s=self._quiet_from_s(), is_reading=flights.is_any)
            wake_s = min(wake_s, reads_s, chores_s)
        return wake_s

    def _quiet_from_s(self) -> float:
        """Since when the module has said nothing although it might: reads are no sign of life before they are sent."""
        flights = self._reads.flights
        return max(self._heard_s, flights.busy_since_s) if flights.is_any else self._heard_s

    def _wait(self, now: Moment, seconds: float) -> None:
        self._state, self._until_s = State.WAITING, now.wire_s + seconds

    def _bring_up(self) -> None:
        def ended(module: Module | None) -> None:
            self._start.has_ended = True
            self._start.module = module or self._start.module
            self._start.losses = 0 if module else self._start.losses + 1

        wants_speed = self.is_slow and not self._start.is_speed_bad
        self._state, self._start.has_ended = State.STARTING, False
        self._talk.start(bring_up(self._wanted, self._settings, ended, speed_baud=self._speeds.baud if wants_speed else None))

    def _judge(self, now: Moment) -> None:
        """Whether a script that ended changes the state."""
        if self._state is State.STARTING and self._start.has_ended:
            module = self._start.module
            if self._start.losses or module is None:
                self._no_answer(now)
            elif module.changed_speed:
                self.is_slow, self._start.is_changing_speed = False, True      # who owns the link opens it at the other speed
                self._wait(now, _AT_NEW_SPEED_S)
            else:
                self._ready(module, now)
        elif self._state is State.READY and self._chores.is_lost:
            self.counters.module_losses += 1
            self._drop(now)
            self._went_down("the module stopped answering")
            self._no_answer(now)

    def _ready(self, module: Module, now: Moment) -> None:
        self._start.is_changing_speed = False
        self._state, self._heard_s = State.READY, now.wire_s
        self._reads.is_concurrent, self._reads.main_address = module.reads_concurrently, module.main_address
        self._chores.ready(module, now)
        if self._is_down:
            self._is_down = False
            self._tell(EvidenceKind.BUS_UP, self._indices)
        how = "several meters at once" if module.reads_concurrently else "one meter after the other"
        log.info("bus %s: module %s is ready, reads %s", self.name, module.name, how)

    def _no_answer(self, now: Moment) -> None:
        """Silence: the other speed, patience while it may be starting, or its reset line."""
        start = self._start
        if self._speeds.baud is not None and not self.is_slow:
            start.is_speed_bad, start.is_changing_speed = start.is_changing_speed, False
            self.is_slow = True
            self._wait(now, 0.0)
        elif now.wire_s < start.patient_until_s:
            self._wait(now, self._settings.report_wait_s)
        else:
            self._went_down("the module does not answer")
            if self._speeds.pull_reset is None:
                self.is_slow = False                   # it may never have been reset
                self._wait(now, _ASK_AGAIN_S[min(start.losses, len(_ASK_AGAIN_S) - 1)])
            else:
                self._speeds.pull_reset()
                start.is_speed_bad, start.patient_until_s = False, now.wire_s + self._settings.start_wait_s
                self._wait(now, self._settings.report_wait_s)

    def _was_reset(self, now: Moment) -> None:
        """Its own report: it has forgotten its reads and perhaps more."""
        if now.wire_s - self._start.reported_s < _STARTS_APART_S:
            return
        self._start.reported_s = now.wire_s
        self.counters.module_starts += 1
        if self._state is State.READY:
            log.warning("bus %s: the module says that it has started anew; setting it up again", self.name)
        self._drop(now)
        self._wait(now, 0.0)

    def _drop(self, now: Moment) -> None:
        self._talk.abandon()
        self._reads.drop_all(now)
        self._chores.stop()

    def _read_one_by_one(self) -> None:
        log.warning("bus %s: the module does not read several meters at once; reading one after the other", self.name)
        self._talk.start(stop_route())

    def _command_unanswered(self) -> None:
        self.counters.commands_unanswered += 1
        self._chores.command_unanswered()

    def _went_down(self, reason: str) -> None:
        if not self._is_down:
            self._is_down = True
            log.warning("bus %s: %s; trying again", self.name, reason)
            self._tell(EvidenceKind.BUS_DOWN, self._indices)

    def _tell_outage(self, meter: int, from_utc_ms: int, until_utc_ms: int) -> None:
        self._on_evidence(Evidence(
            kind=EvidenceKind.POWER_RECORD, at_utc_ms=from_utc_ms, until_utc_ms=until_utc_ms, meters=(meter,), bus=self.name,
        ))

    def _tell(
        self, kind: EvidenceKind, meters: tuple[int, ...], addresses: tuple[str, ...] = (), relays: tuple[int, ...] = ()
    ) -> None:
        self._on_evidence(Evidence(
            kind=kind, at_utc_ms=self._clock.utc_ms(), meters=meters, bus=self.name, addresses=addresses, relays=relays,
        ))
