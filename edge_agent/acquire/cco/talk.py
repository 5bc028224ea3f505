"""The dialogue with the module itself: one command at a time, by scripts that read top to bottom. Pure: the time is given.

A script is a generator: it yields what to send and is given the ``Answer``; it may yield a ``Pause``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2 import Frame10376, is_answer, parse_unit, request, units
from edge_agent.wire.gdw10376_2.units import Unit

_LONGEST_PAUSE_S = 600.0      # of a broadcast, 03H F10 "broadcast timeout" of real modules; a wrong number must not stop the talk for hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``unit`` is None when nothing came in all tries."""

    unit: Unit | None = None

    @property
    def is_silence(self) -> bool:
        return self.unit is None

    @property
    def is_confirmed(self) -> bool:
        return isinstance(self.unit, units.Confirm)

    @property
    def deny(self) -> units.Deny | None:
        return self.unit if isinstance(self.unit, units.Deny) else None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for so long, reads neither: the network is busy with a broadcast."""

    seconds: float


Script = Generator[Unit | Pause, Answer, None]


class Talk:
    """Runs scripts one after another. ``on_silence`` is called when a command was not answered in all its tries.

    A script must not call ``abandon``; ``on_silence`` may.
    """

    def __init__(self, *, timeout_s: float, tries: int, on_silence: Callable[[], None]) -> None:
        self._timeout_s, self._tries, self._on_silence = timeout_s, tries, on_silence
        self._scripts: deque[Script] = deque()
        self._is_begun = False                       # the first script
        self._unit: Unit | None = None               # what it wants to be sent
        self._request: Frame10376 | None = None      # what was sent and is not answered
        self._until_s = 0.0
        self._tries_left = 0
        self.is_pausing = False

    @property
    def is_idle(self) -> bool:
        return not self._scripts

    @property
    def sequence(self) -> int | None:
        """The number of the command under way."""
        return None if self._request is None else self._request.sequence

    def wake_s(self) -> float:
        """When ``next_request`` has something to do; infinity while there is nothing to say."""
        if self._request is not None or self.is_pausing:
            return self._until_s
        return 0.0 if self._scripts else float("inf")

    def start(self, script: Script) -> None:
        """Run ``script`` after those that wait."""
        self._scripts.append(script)

    def abandon(self) -> None:
        """Drop everything: the module was reset or is gone."""
        for script in self._scripts:
            script.close()
        self._scripts.clear()
        self._unit = self._request = None
        self.is_pausing = self._is_begun = False

    def next_request(self, now_s: float, sequence: Callable[[], int]) -> Frame10376 | None:
        """The frame to send now; ``sequence`` is called for its number."""
        if self.is_pausing and now_s >= self._until_s:
            self.is_pausing = False
            self._go_on(Answer(), now_s)
        if self._request is not None and now_s >= self._until_s:
            self._request = None
            if self._tries_left == 0:
                self._on_silence()
                self._go_on(Answer(), now_s)
        if self._scripts and not self._is_begun:
            self._go_on(None, now_s)
        if self._unit is None or self._request is not None:
            return None
        self._request = request(self._unit, sequence=sequence())
        self._tries_left -= 1
        self._until_s = now_s + self._timeout_s
        return self._request

    def take(self, frame: Frame10376, now_s: float) -> bool:
        """Whether ``frame`` answers the command under way."""
        if self._request is None or not is_answer(frame, self._request):
            return False
        try:
            unit = parse_unit(frame)
        except FrameError:
            return False                   # a damaged answer is none: the command is sent again
        self._request = None
        self._go_on(Answer(unit=unit), now_s)
        return True

    def _go_on(self, answer: Answer | None, now_s: float) -> None:
        """Give the running script its answer (None: begin it) and take what it wants next; begin the next script where it ends."""
        self._unit = None
        while self._scripts:
            self._is_begun = True
            try:
                wanted = next(self._scripts[0]) if answer is None else self._scripts[0].send(answer)
            except StopIteration:
                self._scripts.popleft()
                self._is_begun, answer = False, None
                continue
            if isinstance(wanted, Pause):
                self.is_pausing, self._until_s = True, now_s + min(wanted.seconds, _LONGEST_PAUSE_S)
            else:
                self._unit, self._tries_left = wanted, self._tries
            return
