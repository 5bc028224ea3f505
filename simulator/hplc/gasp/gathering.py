"""The CCO's rule for what the network tells it: gather, give what is new, forget after a while."""

from __future__ import annotations

from collections.abc import Iterable

from firmware_profiles.modules import OutageCoordinator
from simulator.hplc.gasp.events import ReportKind

MOST_KEPT = 4096            # addresses, four times what a network holds: more than that comes from nobody who is in it


class CcoGathering:
    """Outages and power-backs each have a gathering and a memory of their own; neither clears the other's (no source says so).

    The first new address opens a gathering; ``take`` after its end gives each address once within the memory, counted from when it was
    given. ``absorbed`` counts what was told and not given again, ``refused`` what found no room.
    """

    def __init__(self, settings: OutageCoordinator) -> None:
        self.absorbed = 0
        self.refused = 0
        self._gather_s = settings.gather_s
        self._memory_s = {ReportKind.OUTAGE: settings.memory_s, ReportKind.RESTORE: settings.power_back_memory_s}
        self._gathered: dict[ReportKind, dict[int, None]] = {kind: {} for kind in ReportKind}
        self._given_s: dict[ReportKind, dict[int, float]] = {kind: {} for kind in ReportKind}
        self._due_s: dict[ReportKind, float] = dict.fromkeys(ReportKind, float("inf"))

    def hear(self, kind: ReportKind, addresses: Iterable[int], now_s: float) -> None:
        """What the network told; times never go back."""
        self._forget(kind, now_s)
        gathered, given_s = self._gathered[kind], self._given_s[kind]
        for address in addresses:
            if address in gathered or address in given_s:
                self.absorbed += 1
                if kind is ReportKind.RESTORE and address in given_s:
                    given_s[address] = now_s       # kept so long after the last report
            elif len(gathered) + len(given_s) >= MOST_KEPT:
                self.refused += 1
            else:
                gathered[address] = None
        if gathered and self._due_s[kind] == float("inf"):
            self._due_s[kind] = now_s + self._gather_s

    def due_s(self, kind: ReportKind) -> float:
        """When the open gathering ends, infinity when none is open."""
        return self._due_s[kind]

    def take(self, kind: ReportKind, now_s: float) -> tuple[int, ...]:
        """The addresses of a gathering that has ended, in the order in which they came; empty before its end."""
        if now_s < self._due_s[kind]:
            return ()
        self._due_s[kind] = float("inf")
        taken = tuple(self._gathered[kind])
        self._gathered[kind].clear()
        self._given_s[kind].update(dict.fromkeys(taken, now_s))
        return taken

    def _forget(self, kind: ReportKind, now_s: float) -> None:
        given_s = self._given_s[kind]
        for address in [address for address, at_s in given_s.items() if now_s - at_s >= self._memory_s[kind]]:
            del given_s[address]
