"""What is done for a module that works, besides reading: when is it asked what. Pure: the time is given."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from edge_agent.acquire.cco.archive_sync import SyncResult
from edge_agent.acquire.cco.bring_up import Module
from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.network_view import NetworkView, rerouted, routes
from edge_agent.acquire.cco.settings import CcoCounters, CcoSettings
from edge_agent.acquire.cco.survey import survey
from edge_agent.acquire.cco.talk import Talk
from edge_agent.acquire.cco.upkeep import ask_whether_alive, audit_archive, begin_search, end_search, set_clocks
from edge_agent.acquire.dlt645_clock import ClockSetter
from edge_agent.model import Clock, EvidenceKind
from edge_agent.wire.gdw10376_2.units import ModuleKind

log = logging.getLogger("hplc_edge.acquire")

_SOON_CLOCK_S = 60.0       # after the start, for the network to form; and between two looks at an archive that is in doubt
_SEARCH_SILENCE_CLOCK_S = 600.0    # after the end of a search without the report of it: then it is stopped (section 4.6)


class Tell(Protocol):
    def __call__(
        self, kind: EvidenceKind, meters: tuple[int, ...], addresses: tuple[str, ...] = (), relays: tuple[int, ...] = ()
    ) -> None: ...


class Chores:
    """``is_lost``: the module did not answer when it was asked whether it is there. ``view``: the network, last time it was read whole."""

    def __init__(
        self, *, name: str, talk: Talk, settings: CcoSettings, wanted: Mapping[str, int], meters: Mapping[str, int], clock: Clock,
        counters: CcoCounters, clock_setter: ClockSetter | None, tell: Tell,
    ) -> None:
        self._name, self._talk, self._settings, self._wanted, self._meters = name, talk, settings, wanted, meters
        self._clock, self._counters, self._clock_setter, self._tell = clock, counters, clock_setter, tell
        self._module: Module | None = None
        self._audit_s = self._audited_s = self._survey_s = self._search_s = self._search_end_s = float("inf")
        self._has_search_ended = False
        self._is_archive_doubtful = self._is_suspect = False
        self._problem = ""
        self.is_lost = False
        self.view: NetworkView | None = None

    def ready(self, module: Module, now: Moment) -> None:
        """The module was brought up."""
        self._module = module
        self._is_suspect = self._is_archive_doubtful = False
        self._audited_s = now.clock_s
        self._archive_is(module.archive)
        self._audit_s = now.clock_s + (self._settings.audit_clock_s if module.archive.is_same else _SOON_CLOCK_S)
        self._survey_s = now.clock_s + _SOON_CLOCK_S if self._settings.survey_clock_s else float("inf")
        if self._settings.search_clock_s and self._search_s == float("inf"):
            self._search_s = now.clock_s + self._settings.search_clock_s

    def stop(self) -> None:
        self._module, self.is_lost = None, False
        self._search_end_s, self._has_search_ended = float("inf"), False      # a module that was reset searches no more

    def command_unanswered(self) -> None:
        """Some modules keep silent on what they do not know: the next question is whether it is there at all."""
        self._is_suspect = True

    def doubt_archive(self) -> None:
        """The module did not know a meter that it ought to."""
        if not self._is_archive_doubtful:
            self._is_archive_doubtful = True
            self._audit_s = min(self._audit_s, self._audited_s + _SOON_CLOCK_S)

    def search_soon(self, now: Moment) -> None:
        """Search for meters that no archive names, as soon as the module is ready for it; one that is under way is enough."""
        if self._search_end_s == float("inf"):
            self._search_s = now.clock_s

    def search_ended(self) -> None:
        """The module said so."""
        self._has_search_ended = self._search_end_s < float("inf")

    def start_due(self, now: Moment, *, quiet_from_s: float, is_reading: bool) -> None:
        """Begin what is due, one thing at a time."""
        if not self._talk.is_idle or self._module is None:
            return
        if self._is_suspect or now.wire_s >= quiet_from_s + self._quiet_limit_s(is_reading):
            self._is_suspect = False
            self._talk.start(ask_whether_alive(self._lives))
        elif now.clock_s >= self._audit_s:
            self._audit_s, self._audited_s = now.clock_s + self._settings.audit_clock_s, now.clock_s
            compares, self._is_archive_doubtful = self._is_archive_doubtful, False
            self._talk.start(audit_archive(self._wanted, self._archive_is, compares=compares))
        elif self._has_search_ended or now.clock_s >= self._search_end_s:
            script = end_search(
                self._wanted, self._archive_is, stops=not self._has_search_ended, resumes_route=self._module.reads_concurrently,
            )
            self._search_end_s, self._has_search_ended = float("inf"), False
            self._talk.start(script)
        elif now.clock_s >= self._search_s:
            every_s = self._settings.search_clock_s
            self._search_s = now.clock_s + every_s if every_s else float("inf")
            self._talk.start(begin_search(self._settings.search_min, partial(self._search_began, now)))
        elif now.clock_s >= self._survey_s:
            self._survey_s = now.clock_s + self._settings.survey_clock_s
            mode = self._module.run_mode
            self._talk.start(
                survey(
                    is_dual=mode.kind == ModuleKind.DUAL_MODE, max_frame_bytes=mode.max_frame_bytes, meters=self._meters,
                    utc_ms=self._clock.utc_ms, done=self._network_is,
                )
            )
        elif self._clock_setter is not None and (frame := self._clock_setter.frame_if_due(self._clock)) is not None:
            self._talk.start(set_clocks(frame, self._clock.utc_ms))

    def wake_s(self, now: Moment, *, quiet_from_s: float, is_reading: bool) -> float:
        """When something is due, wire time; while something is under way, that decides."""
        if not self._talk.is_idle or self._module is None:
            return float("inf")
        if self._is_suspect:
            return now.wire_s
        if self._has_search_ended:
            return now.wire_s
        next_s = min(self._audit_s, self._survey_s, self._search_s, self._search_end_s)
        due_s = now.wire_s + (next_s - now.clock_s) / now.speed
        return min(due_s, quiet_from_s + self._quiet_limit_s(is_reading))

    def _quiet_limit_s(self, is_reading: bool) -> float:
        return self._settings.quiet_reading_s if is_reading else self._settings.quiet_s

    def _lives(self, is_alive: bool) -> None:
        self.is_lost, self._is_suspect = not is_alive, False

    def _search_began(self, asked: Moment, is_confirmed: bool) -> None:
        if is_confirmed:
            self._counters.searches += 1
            self._search_end_s = asked.clock_s + 60.0 * self._settings.search_min + _SEARCH_SILENCE_CLOCK_S
        else:
            log.warning("bus %s: the module does not search for meters", self._name)

    def _archive_is(self, result: SyncResult) -> None:
        self._counters.archive_changes += result.deleted + result.added
        if result.deleted or result.added:
            log.info("bus %s: archive of the module: %d meters deleted, %d added", self._name, result.deleted, result.added)
        if result.problem and result.problem != self._problem:
            log.warning("bus %s: archive of the module: %s", self._name, result.problem)
        self._problem = result.problem

    def _network_is(self, view: NetworkView | None) -> None:
        if view is None:
            return
        is_first, changed = self.view is None, routes(view) if self.view is None else rerouted(self.view, view)
        self.view = view
        if changed:
            self._tell(
                EvidenceKind.ROUTES_KNOWN if is_first else EvidenceKind.ROUTING_CHANGED, tuple(node.meter for node in changed),
                tuple(node.proxy for node in changed), tuple(self._meters.get(node.proxy, -1) for node in changed),
            )
