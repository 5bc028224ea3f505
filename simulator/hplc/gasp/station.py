"""The outage service of one station: dying, relay, or back again, as its supply goes and what it hears."""

from __future__ import annotations

from collections.abc import Iterable

from firmware_profiles.modules import ModuleProfile
from simulator.hplc.gasp.dying import Dying
from simulator.hplc.gasp.events import Down, ReportKind, TeiReport, decode_event, decode_report, is_event
from simulator.hplc.gasp.port import EventPort
from simulator.hplc.gasp.power_back import PowerBackReport
from simulator.hplc.gasp.relaying import Relaying
from simulator.hplc.network import Application, Delivered, Network, SendType
from simulator.load.streams import Streams


class OutageStation:
    """Application of a node. Whatever is no event message goes on to ``beneath``, as do changes of supply and lost messages.

    Source: order of steps, Q/GDW 12087.43-2020 and public listings of module firmware; all timers from the module's file.
    """

    def __init__(self, network: Network, node: int, module: ModuleProfile, *, seed: int, beneath: Application | None = None) -> None:
        port = EventPort(network, node, Streams(seed).named(f"hplc/gasp/{node}"))
        self.dying = Dying(port, module.dying)
        self.relaying = Relaying(port, module.relay)
        self.power_back = PowerBackReport(port, module.power_back)
        self.unsound = 0                   # event messages that cannot be read
        self._network, self._node, self._beneath = network, node, beneath
        self._is_plugged = True

    def pulled_out(self) -> None:
        """The module is no longer in its meter: that its supply goes now is no outage, and that it comes back no end of one."""
        self._is_plugged = False

    def on_frame(self, delivered: Delivered) -> None:
        if not is_event(delivered.payload):
            if self._beneath is not None:
                self._beneath.on_frame(delivered)
            return
        event = decode_event(delivered.payload)
        if event is None:
            self.unsound += 1
        elif event.function is Down.ACKNOWLEDGED:
            self.relaying.acknowledged(event.sequence)
            self.power_back.acknowledged(event.sequence)
        elif delivered.send_type is SendType.LOCAL_BROADCAST:
            report = decode_report(event.data)
            if not isinstance(report, TeiReport) or report.kind is not ReportKind.OUTAGE:
                self.unsound += 1
            elif self._has_mains:
                self.relaying.hear(report.bits)
            else:
                self.dying.hear(report.bits)

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None:
        if not has_mains:
            self.power_back.stop()
            known = self.relaying.supply_lost()
            if self._is_plugged:
                self.dying.supply_lost(known)
        else:
            self.dying.supply_back()
            # one that lived through a short gap on its capacitor says nothing, unless it has called it an outage
            if self._is_plugged and (self.dying.has_reported or not self._network.stations.is_joined(node)):
                self.power_back.begin()
            self._is_plugged = True
        if self._beneath is not None:
            self._beneath.on_supply(node, has_mains, now_s)

    def on_lost(self, sequence: int, now_s: float) -> None:
        if self._beneath is not None:
            self._beneath.on_lost(sequence, now_s)

    @property
    def _has_mains(self) -> bool:
        return bool(self._network.stations.has_mains[self._node])


def attach_stations(
    network: Network, module: ModuleProfile, *, seed: int, nodes: Iterable[int] | None = None, beneath: Application | None = None,
) -> dict[int, OutageStation]:
    """Give all stations (or ``nodes``) of a network the outage service; by node."""
    coordinators = {owner.node for owner in network.coordinators}
    chosen = range(len(network.stations.macs)) if nodes is None else nodes
    stations = {node: OutageStation(network, node, module, seed=seed, beneath=beneath) for node in chosen if node not in coordinators}
    for node, station in stations.items():
        network.attach(node, station)
    return stations
