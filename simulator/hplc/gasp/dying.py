"""A module without supply: it makes sure, waits a random moment, and tells all who hear it until its capacitor is empty."""

from __future__ import annotations

from firmware_profiles.modules import DyingModule
from simulator.hplc.gasp.events import ReportKind, TeiReport
from simulator.hplc.gasp.port import EventPort

_LEAST_WAIT_S = 0.1         # for the medium, where a module file names no time for it


class Dying:
    """Timers carry the number of the outage they belong to: one that ends within the check leaves nothing behind.

    A repeat whose predecessor still waits for the medium is left out, or the queue of a module in a dark area would fill with copies [I].
    """

    def __init__(self, port: EventPort, settings: DyingModule) -> None:
        self.has_reported = False          # since the supply was lost
        self.sent = 0                      # broadcasts, over all outages
        self._port, self._settings = port, settings
        self._outage = 0
        self._bits = 0
        self._is_sure = False
        self._sequence = 0
        self._next_s = float("inf")        # when it will speak next

    def supply_lost(self, known: int) -> None:
        """``known``: what it had gathered for others while it still had supply."""
        self._outage += 1
        self._bits, self._is_sure, self.has_reported = known, False, False
        self._next_s = float("inf")
        self._port.call_in(self._settings.check_s, self._check, self._outage)

    def supply_back(self) -> None:
        self._outage += 1
        self._bits, self._is_sure = 0, False

    def hear(self, bits: int) -> None:
        """Another one is out as well: the union goes out with the next repeat, or soon when there is none in time."""
        settings = self._settings
        if not settings.merges_others or not bits & ~self._bits:
            return
        self._bits |= bits
        if self._is_sure and self._next_s - self._port.now_s > settings.resend_within_s:
            self._speak_in(self._port.uniform(0.0, settings.resend_within_s), self._outage, 0)

    def _check(self, outage: int) -> None:
        """Supply and zero crossing are still away."""
        if outage != self._outage or not self._port.is_alive or not self._port.is_joined:
            return
        settings = self._settings
        self._is_sure = True
        self._bits |= self._port.own_bit
        self._sequence = self._port.next_sequence()
        delay_s = settings.report_delay_s + self._port.uniform(settings.first_send_least_s, settings.first_send_most_s)
        self._speak_in(delay_s, outage, settings.sends)

    def _speak(self, outage: int, sends_left: int) -> None:
        """``sends_left``: of the regular repeats, this one among them; 0 for one in between."""
        if outage != self._outage or not self._port.is_alive:
            return
        is_blocked = self._port.has_waiting()
        if not is_blocked:
            self._port.broadcast(TeiReport(kind=ReportKind.OUTAGE, bits=self._bits), self._sequence)
            self.has_reported = True
            self.sent += 1
        if sends_left > 1:
            self._speak_in(self._settings.repeat_s, outage, sends_left - 1)
        elif is_blocked:
            self._speak_in(max(self._settings.resend_within_s, _LEAST_WAIT_S), outage, 0)
        elif self._next_s <= self._port.now_s:
            self._next_s = float("inf")

    def _speak_in(self, delay_s: float, outage: int, sends_left: int) -> None:
        self._next_s = self._port.now_s + delay_s
        self._port.call_in(delay_s, self._speak, outage, sends_left)
