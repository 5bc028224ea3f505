"""Reads on their way: sent to the station, sent again after a while, ended by its answer or by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from edge_agent.wire.gdw10376_2 import Frame10376
from simulator.hplc.cco.carrier import Arrived, CarrierNetwork
from simulator.hplc.cco.messages import CarrierMessage, Identifier, encode_message
from simulator.hplc.cco.profile import CcoProfile

_SEQUENCES = 65_536


class ReadKind(Enum):
    """Who wants it: 13H F1, F1H F1, 02H F1, or the router's own cycle."""

    MONITOR = auto()
    CONCURRENT = auto()
    FORWARD = auto()
    ROUTER = auto()


class Outcome(Enum):
    ANSWERED = auto()
    METER_SILENT = auto()       # the station answered, the meter behind it did not
    STATION_SILENT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJob:
    """``request``: the concentrator's frame, None for the router's own. ``frames``: of the meter, in ``payload``."""

    kind: ReadKind
    meter: str
    protocol: int
    payload: bytes
    request: Frame10376 | None = None
    frames: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """``uplink_s``: how long the answer travelled."""

    job: ReadJob
    outcome: Outcome
    payload: bytes = b""
    uplink_s: float = 0.0


@dataclass(slots=True)
class _Running:
    job: ReadJob
    sequence: int
    end_s: float
    retry_s: float = 0.0
    tries: int = 0


class Reads:
    """``done(result, now_s)`` is told the end of each read. ``answered_at_once``: reads that needed one try."""

    def __init__(self, carrier: CarrierNetwork, profile: CcoProfile, done: Callable[[ReadResult, float], None]) -> None:
        self._carrier, self._profile, self._done = carrier, profile, done
        self._running: dict[str, _Running] = {}
        self._sequence = 0
        self.started = self.answered = self.answered_at_once = self.sent_again = self.late_answers = 0

    def count(self, kind: ReadKind) -> int:
        return sum(one.job.kind is kind for one in self._running.values())

    def __len__(self) -> int:
        return len(self._running)

    def is_reading(self, meter: str) -> bool:
        return meter in self._running

    def start(self, job: ReadJob, now_s: float) -> None:
        """Begin; the meter must not be in reading."""
        self._sequence = (self._sequence + 1) % _SEQUENCES
        self.started += 1
        running = self._running[job.meter] = _Running(job=job, sequence=self._sequence, end_s=now_s + self._profile.slave_timeout_s)
        self._send(running, now_s)

    def take_answer(self, message: CarrierMessage, arrived: Arrived, now_s: float) -> None:
        """An upward READ message; one that answers no open read is late and dropped."""
        running = self._running.get(arrived.address)
        if running is None or running.sequence != message.sequence:
            self.late_answers += 1
            return
        outcome = Outcome.ANSWERED if message.data else Outcome.METER_SILENT
        self.answered += 1
        self.answered_at_once += running.tries == 1
        self._end(running, outcome, now_s, message.data, arrived.at_s - arrived.sent_s)

    def advance(self, now_s: float) -> None:
        for running in list(self._running.values()):
            if now_s >= running.end_s or (now_s >= running.retry_s and running.tries >= self._profile.reads_tries):
                self._end(running, Outcome.STATION_SILENT, now_s)
            elif now_s >= running.retry_s:
                self.sent_again += 1
                self._send(running, now_s)

    def next_due_s(self) -> float:
        return min((min(one.retry_s, one.end_s) for one in self._running.values()), default=float("inf"))

    def forget(self, kind: ReadKind | None = None) -> None:
        """Drop all reads, or those of a kind, without a word."""
        self._running = {meter: one for meter, one in self._running.items() if kind is not None and one.job.kind is not kind}

    def _send(self, running: _Running, now_s: float) -> None:
        job = running.job
        member = self._carrier.member(job.meter)
        running.tries += 1
        level = member.level if member is not None else 0
        profile = self._profile
        wait_s = profile.reads_wait_s + level * profile.reads_wait_per_level_s + job.frames * profile.reads_wait_per_frame_s
        running.retry_s = now_s + wait_s
        identifier = Identifier.CONCURRENT_READ if job.kind is ReadKind.CONCURRENT else Identifier.READ
        if job.kind is ReadKind.ROUTER:
            identifier = Identifier.ROUTER_READ
        # a station that is gone for now may be back at the next try
        self._carrier.send(job.meter, encode_message(CarrierMessage(
            identifier=identifier, function=job.protocol, is_up=False, sequence=running.sequence, address=job.meter, data=job.payload,
        )))

    def _end(self, running: _Running, outcome: Outcome, now_s: float, payload: bytes = b"", uplink_s: float = 0.0) -> None:
        del self._running[running.job.meter]
        self._done(ReadResult(job=running.job, outcome=outcome, payload=payload, uplink_s=uplink_s), now_s)
