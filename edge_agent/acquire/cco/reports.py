"""What the module tells by itself (06H, 14H): outages, refused and found nodes; each is answered. Pure: the time is given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.report_memory import ReportMemory
from edge_agent.acquire.cco.settings import CcoCounters
from edge_agent.errors import FrameError
from edge_agent.model import Evidence, EvidenceKind
from edge_agent.wire.gdw10376_2 import DenyReason, DeviceType, Frame10376, confirm, deny, parse_unit, reply, units
from edge_agent.wire.gdw10376_2.units import SupplyChange, Unit

log = logging.getLogger("hplc_edge.acquire")

REPORT_AFN, ROUTER_ASKS_AFN = 0x06, 0x14
_MOST_TOLD = 64            # unknown addresses that are logged one by one
_DEAD, _LIVE = "dead", "live"


class Reports:
    """``meters``: address -> archive index."""

    def __init__(
        self, *, name: str, meters: Mapping[str, int], dedup_s: float, counters: CcoCounters,
        on_search_ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._name, self._meters, self._counters, self._on_search_ended = name, meters, counters, on_search_ended
        self._memory = ReportMemory(dedup_s)
        self._told: set[str] = set()

    def is_report(self, frame: Frame10376) -> bool:
        return frame.afn in (REPORT_AFN, ROUTER_ASKS_AFN)

    def answer(self, frame: Frame10376) -> Frame10376:
        """What to send back. A report that cannot be understood is confirmed too: denied, it would come for ever.

        The router is told that there is nothing to read: who reads is the concentrator.
        """
        if frame.afn == REPORT_AFN:
            return confirm(frame)
        if frame.code == units.Content.code:
            return reply(frame, units.Content(read_flag=units.ReadFlag.FAILED))
        return deny(frame, DenyReason.NOT_SUPPORTED)

    def take(self, frame: Frame10376, now: Moment) -> list[Evidence]:
        """What is new in ``frame``."""
        self._counters.reports += 1
        try:
            unit = parse_unit(frame)
        except FrameError as exc:
            self._counters.bad_data += 1
            self._tell_once(str(frame.code), "report %s of the module of %s cannot be read: %s", frame.code, self._name, exc)
            return []
        if isinstance(unit, units.SupplyEvent):
            return self._supply(unit, now)
        if isinstance(unit, units.RefusedNodes):
            return self._strangers([node.address for node in unit.nodes], now)
        if isinstance(unit, units.NodeReport | units.SearchReport):
            return self._strangers([address for address in _found(unit) if address not in self._meters], now)
        if isinstance(unit, units.AreaMismatch):
            return self._mismatch(unit, now)
        self._unasked(unit)
        return []

    def _supply(self, event: units.SupplyEvent, now: Moment) -> list[Evidence]:
        """A collector tells each meter's state; others tell by the kind of the event that all nodes named are dead or live."""
        found: dict[str, list[int]] = {_DEAD: [], _LIVE: []}
        for node in event.nodes:
            meter = self._meters.get(node.address)
            if meter is None:
                self._unknown(node.address)
                continue
            is_live = event.change is SupplyChange.RESTORE if node.is_live is None else node.is_live
            if is_live and event.change is SupplyChange.OUTAGE and self._memory.state(node.address) != _DEAD:
                continue                   # behind a collector that reports others dead: nothing has changed for it
            state = _LIVE if is_live else _DEAD
            if self._memory.is_new(node.address, state, now.clock_s):
                found[state].append(meter)
            else:
                self._counters.repeated_reports += 1
        kinds = ((EvidenceKind.LAST_GASP, found[_DEAD]), (EvidenceKind.POWER_BACK, found[_LIVE]))
        return [self._evidence(kind, now, meters) for kind, meters in kinds if meters]

    def _strangers(self, addresses: Sequence[str], now: Moment) -> list[Evidence]:
        """Refused or found by a search: one fact for each, however the module came to know it."""
        new = [address for address in addresses if self._memory.is_new(("refused", address), True, now.clock_s)]
        self._counters.repeated_reports += len(addresses) - len(new)
        return [self._evidence(EvidenceKind.NODE_REFUSED, now, (), tuple(new))] if new else []

    def _mismatch(self, event: units.AreaMismatch, now: Moment) -> list[Evidence]:
        meter = self._meters.get(event.meter)
        if meter is None:
            self._unknown(event.meter)
            return []
        owner = event.owner_main_address or ""
        if not self._memory.is_new(("area", event.meter), owner, now.clock_s):
            self._counters.repeated_reports += 1
            return []
        return [self._evidence(EvidenceKind.AREA_MISMATCH, now, (meter,), (owner,))]

    def _unasked(self, unit: Unit) -> None:
        """What a router read by itself answers nothing that was asked; the end of a search does."""
        if isinstance(unit, units.RouteChange) and unit.change == units.RouteTask.SEARCH:
            self._on_search_ended()
        elif isinstance(unit, units.ReadReport | units.MeterEvent):
            self._counters.foreign_frames += 1

    def _unknown(self, address: str) -> None:
        self._counters.unknown_addresses += 1
        self._tell_once(address, "the module of %s reports %s, which is no meter of the configuration", self._name, address)

    def _tell_once(self, key: str, text: str, *values: object) -> None:
        if key not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(key)
            log.warning(text, *values)

    def _evidence(
        self, kind: EvidenceKind, now: Moment, meters: Iterable[int], addresses: tuple[str, ...] = ()
    ) -> Evidence:
        return Evidence(kind=kind, at_utc_ms=now.utc_ms, meters=tuple(meters), bus=self._name, addresses=addresses)


def _found(report: units.NodeReport | units.SearchReport) -> list[str]:
    """Meters that a search found, those behind a collector too, each once; a collector is none."""
    addresses: list[str] = []
    for node in report.nodes:
        if isinstance(node, units.FoundNode):
            addresses.append(node.address)
            continue
        if node.device != DeviceType.COLLECTOR:
            addresses.append(node.address)
        addresses += [meter.address for meter in node.subordinates]
    return list(dict.fromkeys(addresses))
