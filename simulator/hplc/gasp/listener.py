"""What the CCO's network layer gets of outages and power-backs: it acknowledges, and keeps reports for whoever pulls them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from simulator.hplc.gasp.bitmap import teis_of
from simulator.hplc.gasp.events import Down, Event, ReportKind, TeiReport, Up, decode_event, decode_report, encode_event, is_event
from simulator.hplc.network import Delivered, Network, SendType

_KEPT = 4096                # reports that nobody pulled


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageReport:
    """One message. ``addresses`` as the CCO's own table has them; ``teis``: of the bitmap form, empty for the address form.

    ``is_relayed``: came by unicast from a station with supply; else the CCO heard the dying module itself. ``hops``: transmissions.
    """

    at_s: float
    kind: ReportKind
    addresses: tuple[int, ...]
    teis: tuple[int, ...]
    source_tei: int
    is_relayed: bool
    hops: int


class OutageListener:
    """At the node of one CCO. Feed it all that arrives there; it never gathers: that is ``CcoGathering``."""

    def __init__(self, network: Network, coordinator: int = 0) -> None:
        self.unsound = 0                   # event messages that cannot be read
        self.unknown_teis = 0              # of which the CCO has no address
        self._network = network
        self._owner = network.coordinators[coordinator]
        self._reports: deque[OutageReport] = deque(maxlen=_KEPT)

    def on_frame(self, delivered: Delivered) -> bool:
        """False when the message is none of the event service."""
        if not is_event(delivered.payload):
            return False
        event = decode_event(delivered.payload)
        report = decode_report(event.data) if event is not None and isinstance(event.function, Up) else None
        if event is None or report is None:
            self.unsound += 1
            return True
        if isinstance(report, TeiReport):
            teis = teis_of(report.bits)
            addresses = self._addresses(teis)
        else:
            teis, addresses = (), report.live if report.kind is ReportKind.RESTORE else report.dead
        is_unicast = delivered.send_type is SendType.UNICAST
        if addresses:
            self._reports.append(OutageReport(
                at_s=delivered.at_s, kind=report.kind, addresses=addresses, teis=teis, source_tei=delivered.source_tei,
                is_relayed=is_unicast and report.kind is ReportKind.OUTAGE, hops=delivered.hops,
            ))
        if is_unicast:
            told = Event(function=Down.ACKNOWLEDGED, sequence=event.sequence, address=event.address)
            self._network.send(self._owner.node, delivered.source, encode_event(told))
        return True

    def take_reports(self) -> list[OutageReport]:
        """What came since the last call, oldest first; at most the last 4096."""
        taken = list(self._reports)
        self._reports.clear()
        return taken

    def _addresses(self, teis: tuple[int, ...]) -> tuple[int, ...]:
        owner = self._owner
        node_of = {int(owner.tei[node]): int(node) for node in owner.members}
        known = [tei for tei in teis if tei in node_of]
        self.unknown_teis += len(teis) - len(known)
        return tuple(int(owner.member_macs[node_of[tei]]) for tei in known)
