"""The router's own reading cycle: asks the concentrator for each slave what to read (14H F1), reads it, reports it (06H F2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.wire.gdw10376_2 import Frame10376, SequenceNumbers, report
from edge_agent.wire.gdw10376_2.units import Content, ContentQuery, ReadFlag
from simulator.hplc.cco.reads import ReadJob, ReadKind

_FIRST_SEQUENCE = 128       # away from those of reports: an answer must not end the wrong one
_NEVER = float("inf")


@dataclass(slots=True)
class _Question:
    frame: Frame10376
    meter: str
    due_s: float
    tries_left: int


class RouterCycle:
    """One slave at a time. ``send(frame, now_s)`` puts a frame on the UART, ``read(job, now_s)`` begins a read.

    Slaves that are not in the network when their turn comes are left out.
    """

    def __init__(
        self, send: Callable[[Frame10376, float], None], read: Callable[[ReadJob, float], None], *, wait_s: float, tries: int,
    ) -> None:
        self._send, self._read, self._wait_s, self._tries = send, read, wait_s, tries
        self._numbers = SequenceNumbers(_FIRST_SEQUENCE)
        self._left: deque[str] = deque()
        self._question: _Question | None = None
        self._reading: str | None = None
        self.is_running = self.is_paused = False
        self.done = 0

    def start(self, meters: Sequence[str]) -> None:
        """From the first slave on."""
        self._left = deque(meters)
        self._question = self._reading = None
        self.is_running, self.is_paused, self.done = bool(meters), False, 0

    def stop(self) -> None:
        self.start(())

    def advance(self, now_s: float, query_of: Callable[[str], ContentQuery | None]) -> bool:
        """Whether the cycle ended just now. ``query_of``: the question about a slave, None when it is not in the network."""
        question = self._question
        if question is not None and now_s >= question.due_s:
            if question.tries_left > 0:
                question.tries_left -= 1
                question.due_s = now_s + self._wait_s
                self._send(question.frame, now_s)
            else:
                self._question = None
        if not self.is_running or self.is_paused:
            return False
        while self._question is None and self._reading is None and self._left:
            meter = self._left.popleft()
            query = query_of(meter)
            if query is not None:
                frame = report(query, sequence=self._numbers.take())
                self._question = _Question(frame=frame, meter=meter, due_s=now_s + self._wait_s, tries_left=self._tries - 1)
                self._send(frame, now_s)
        if self._question is None and self._reading is None:
            self.is_running = False
            return True
        return False

    def take_content(self, sequence: int, content: Content | None, protocol_of: Callable[[str], int], now_s: float) -> None:
        """The concentrator's answer; None: it denied."""
        question = self._question
        if question is None or question.frame.sequence != sequence:
            return
        self._question = None
        if content is not None and content.read_flag == ReadFlag.MAY_READ and content.payload:
            self._reading = question.meter
            job = ReadJob(kind=ReadKind.ROUTER, meter=question.meter, protocol=protocol_of(question.meter), payload=content.payload)
            self._read(job, now_s)
        self.done += content is not None and content.read_flag == ReadFlag.DONE

    def end_read(self, has_answer: bool) -> None:
        self._reading = None
        self.done += has_answer

    def next_due_s(self) -> float:
        return self._question.due_s if self._question is not None else _NEVER
