"""A module that has supply again: once it is in a network for a while, it tells the CCO by its address until that acknowledges."""

from __future__ import annotations

from firmware_profiles.modules import PowerBack
from simulator.hplc.gasp.events import AddressReport, ReportKind
from simulator.hplc.gasp.port import EventPort

_LOOK_S = 1.0               # how often a module looks whether it has joined: no timer of a file is shorter than this [I]


class PowerBackReport:
    """One at a time; another outage ends it."""

    def __init__(self, port: EventPort, settings: PowerBack) -> None:
        self.given_up = 0
        self._port, self._settings = port, settings
        self._turn = 0
        self._sequence: int | None = None

    def begin(self) -> None:
        self._turn += 1
        self._look(self._turn, 0.0)

    def stop(self) -> None:
        self._turn += 1
        self._sequence = None

    def acknowledged(self, sequence: int) -> None:
        if sequence == self._sequence:
            self.stop()

    def _look(self, turn: int, online_s: float) -> None:
        if turn != self._turn:
            return
        if online_s < self._settings.online_s or not self._port.is_joined:
            self._port.call_in(_LOOK_S, self._look, turn, online_s + _LOOK_S if self._port.is_joined else 0.0)
            return
        settings = self._settings
        wait_s = settings.wait_s + settings.wait_per_level_s * self._port.level + self._port.uniform(0.0, settings.wait_random_s)
        self._port.call_in(wait_s, self._begin, turn)

    def _begin(self, turn: int) -> None:
        if turn == self._turn:
            self._sequence = self._port.next_sequence()
            self._try(turn, self._settings.tries)

    def _try(self, turn: int, tries_left: int) -> None:
        if turn != self._turn:
            return
        if not tries_left:
            self.given_up += 1
            self.stop()
            return
        assert self._sequence is not None
        self._port.unicast(AddressReport(kind=ReportKind.RESTORE, live=(self._port.address,)), self._sequence)
        self._port.call_in(self._settings.retry_s, self._try, turn, tries_left - 1)
