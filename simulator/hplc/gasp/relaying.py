"""A module with supply that hears the dying: it gathers for a while, then tells the CCO until that acknowledges."""

from __future__ import annotations

from firmware_profiles.modules import OutageRelay
from simulator.hplc.gasp.events import ReportKind, TeiReport
from simulator.hplc.gasp.port import EventPort


class Relaying:
    """What is heard while a report is on its way goes into the next; what was acknowledged is forgotten, and told again if heard again."""

    def __init__(self, port: EventPort, settings: OutageRelay) -> None:
        self.given_up = 0                  # reports without acknowledgement after all tries
        self._port, self._settings = port, settings
        self._turn = 0
        self._bits = 0                     # gathered and not acknowledged
        self._told = 0                     # of these, what the report on its way holds
        self._sequence: int | None = None

    def hear(self, bits: int) -> None:
        is_idle = not self._bits
        self._bits |= bits
        if is_idle and self._bits:
            self._gather()

    def acknowledged(self, sequence: int) -> None:
        if sequence == self._sequence:
            self._finish()

    def supply_lost(self) -> int:
        """Stop; gives what was not acknowledged yet."""
        bits, self._bits, self._told, self._sequence = self._bits, 0, 0, None
        self._turn += 1
        return bits

    def _gather(self) -> None:
        self._turn += 1
        wait_s = self._settings.gather_s + self._port.uniform(0.0, self._settings.gather_random_s)
        self._port.call_in(wait_s, self._begin, self._turn)

    def _begin(self, turn: int) -> None:
        if turn == self._turn:
            self._told, self._sequence = self._bits, self._port.next_sequence()
            self._try(turn, self._settings.tries)

    def _try(self, turn: int, tries_left: int) -> None:
        if turn != self._turn:
            return
        if not tries_left:
            self.given_up += 1
            self._finish()
            return
        assert self._sequence is not None
        self._port.unicast(TeiReport(kind=ReportKind.OUTAGE, bits=self._told), self._sequence)
        self._port.call_in(self._settings.retry_s, self._try, turn, tries_left - 1)

    def _finish(self) -> None:
        self._turn += 1
        self._bits &= ~self._told
        self._told, self._sequence = 0, None
        if self._bits:
            self._gather()
