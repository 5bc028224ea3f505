"""A power-line network over a link table: it forms by itself, keeps itself, carries application messages. Virtual time throughout.

Abstracted PHY, not calibrated against silicon.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from firmware_profiles.modules import ModuleProfile
from simulator.hplc.links import LinkTable
from simulator.hplc.mac.beacons import receive_beacons
from simulator.hplc.mac.contention import Mask
from simulator.hplc.mac.csma import Csma
from simulator.hplc.mac.frames import Frame
from simulator.hplc.mac.period import ALL_PHASES, PeriodPlan, Slice, plan_period
from simulator.hplc.mac.timeline import Timeline
from simulator.hplc.network.application import Application, Delivered
from simulator.hplc.network.association import Association
from simulator.hplc.network.assumptions import SCHEDULE_PERIODS
from simulator.hplc.network.coordinator import Coordinator
from simulator.hplc.network.identify import PhaseIdentification
from simulator.hplc.network.link_counts import LinkCounts
from simulator.hplc.network.management import Management
from simulator.hplc.network.messages import LeaveIndication, LeaveReason, Msdu, SendType
from simulator.hplc.network.neighbours import Neighbours
from simulator.hplc.network.proxy_change import ProxyChange
from simulator.hplc.network.rates import Rates
from simulator.hplc.network.relay import Relay
from simulator.hplc.network.settings import LISTEN_S, NetworkSettings
from simulator.hplc.network.shared import Shared
from simulator.hplc.network.stations import NOWHERE, Role, Stations
from simulator.hplc.network.supply import Supply
from simulator.hplc.network.upkeep import Upkeep
from simulator.load.streams import Streams

_KEPT = 65_536              # messages to nodes without application that nobody took


class Network:
    """All nodes of a link table: one CCO and its stations, or several CCOs in one medium.

    Args:
        links: may be replaced later (``set_links``).
        macs: (n,) addresses of the nodes, the CCOs' among them.
        phases: (n,) 1, 2, 3 = A, B, C; 0 for nodes on all three, as a CCO is. None: all 0.
        settings: one for each CCO; networks in one medium share the period and slices of the first.
        coordinators: nodes that are CCOs.
        nids: network number of each CCO; None: all different.
    """

    def __init__(
        self, links: LinkTable, *, macs: npt.NDArray[np.int64], module: ModuleProfile, seed: int,
        phases: npt.NDArray[np.int8] | None = None, settings: Sequence[NetworkSettings] = (NetworkSettings(),),
        coordinators: tuple[int, ...] = (0,), nids: Sequence[int] | None = None,
    ) -> None:
        nodes = len(links.hears)
        streams = Streams(seed)
        self.stations = Stations(np.asarray(macs, np.int64), np.zeros(nodes, np.int8) if phases is None else phases, coordinators)
        self.coordinators = [
            Coordinator(network=place, node=node, mac=int(macs[node]), nid=place + 1 if nids is None else nids[place], nodes=nodes,
                        settings=settings[place])
            for place, node in enumerate(coordinators)
        ]
        self.counts = LinkCounts(nodes)
        self.last_plan: PeriodPlan | None = None
        self._timeline = Timeline()
        self._rates = Rates(links)
        self._relay = Relay(
            lambda: self.csma, self._timeline, self.stations, self.coordinators, self._rates, send_limit=module.network.send_limit,
            deliver=self._deliver, on_hop=self._on_hop, on_lost=self._on_lost,
        )
        self.csma = Csma(links, timeline=self._timeline, rng=streams.named("hplc/mac"), listener=self._relay)
        self._shared = Shared(links=links, module=module, timeline=self._timeline, stations=self.stations, coordinators=self.coordinators,
                              relay=self._relay, rng=streams.named("hplc/network"))
        self.association = Association(self._shared)
        self.proxy_change = ProxyChange(self._shared, self.counts)
        self.neighbours = Neighbours(self._shared)
        self.phase_identification = PhaseIdentification(self._shared)
        self._upkeep = Upkeep(self._shared, self.counts)
        self._management = Management(self._shared, self.association, self._upkeep, self.proxy_change, self.neighbours,
                                      self.phase_identification)
        self._applications: dict[int, Application] = {}
        self._supply = Supply(self._shared, self.csma, self._applications)
        self._beacon_rng = streams.named("hplc/beacons")
        self._waiting: deque[Delivered] = deque(maxlen=_KEPT)
        self._route_end_s = 0.0
        self._life = self._live(LISTEN_S)
        self._segment_end_s = next(self._life)

    @property
    def now_s(self) -> float:
        return self._timeline.now_s

    @property
    def links(self) -> LinkTable:
        """As they are now."""
        return self._shared.links

    @property
    def relayed(self) -> Relay:
        """For its counters."""
        return self._relay

    def run_until(self, time_s: float) -> None:
        """Let everything happen up to ``time_s``; it may lie anywhere, also within a slot."""
        while time_s >= self._segment_end_s:
            self.csma.run_until(self._segment_end_s)
            self._segment_end_s = next(self._life)
        self.csma.run_until(time_s)

    def call_at(self, time_s: float, call: Callable[..., None], *arguments: Any) -> None:
        """A timer of an application: ``call(*arguments)`` when virtual time gets there."""
        self._timeline.at(time_s, call, *arguments)

    def attach(self, node: int, application: Application) -> None:
        """From now ``application`` gets what arrives at the node, and changes of its supply."""
        self._applications[node] = application

    def send(
        self, source: int, destination: int, payload: bytes, *, send_type: SendType = SendType.UNICAST, link_id: int = 1,
    ) -> int:
        """Send an application message from CCO to station or the other way round, or broadcast it (``destination`` does not matter).

        Returns its sequence number, which ``Delivered`` carries. Without a way (no member, no network) it is lost, as on a real line.
        Raises ValueError for an empty payload, one beyond 2044 bytes, or one that no mode of the link table carries in one frame.
        """
        return self._relay.send(source, destination, payload, len(payload), send_type=send_type, link_id=link_id,
                                is_application=True).sequence

    def take_delivered(self) -> list[Delivered]:
        """What arrived at nodes without application since the last call, oldest first; at most the last 65,536."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def set_links(self, links: LinkTable, *, at_s: float | None = None) -> None:
        """Other wires, now or later. Raises ValueError for another band, other modes or another number of nodes."""
        last = self._shared.links
        if links.band != last.band or links.hears.shape != last.hears.shape or set(links.success) != set(last.success):
            raise ValueError("a link table can only be replaced by one of the same nodes, band and modes")
        if at_s is not None:
            self._timeline.at(at_s, self.set_links, links)
            return
        self._shared.links = links
        self.csma.set_links(links)
        self._rates.set_links(links)

    def power_off(self, nodes: Sequence[int], at_s: float, *, hold_s: float | npt.ArrayLike = 0.0) -> None:
        """These lose their supply; each lives on for its ``hold_s`` (one number, or one a node): it hears and sends, but no upkeep."""
        for node, hold in zip(nodes, np.broadcast_to(np.asarray(hold_s, float), len(nodes)), strict=True):
            self._timeline.at(at_s, self._supply.lose, int(node), float(hold))

    def power_on(self, nodes: Sequence[int], at_s: float) -> None:
        """Supply comes back. Who died in between boots and looks for a network; a CCO begins a new one."""
        for node in nodes:
            self._timeline.at(at_s, self._supply.gain, int(node))

    def set_white_list(self, network: int, macs: frozenset[int] | None) -> None:
        """Another archive, or None for no list. Members that are not in it are told to leave and struck from the table."""
        owner = self.coordinators[network]
        owner.white_list = macs
        for node in owner.members:
            if not owner.is_listed(int(owner.member_macs[node])):
                body = LeaveIndication(reason=LeaveReason.NOT_IN_WHITE_LIST)
                self._relay.send(owner.node, int(node), body, body.length_bytes)
                owner.forget(int(node))

    def restart(self, network: int) -> None:
        """The CCO forgets everything, as after a reset over its UART."""
        self.coordinators[network].restart()

    def level_histogram(self, network: int = 0) -> npt.NDArray[np.intp]:
        """How many joined stations there are on each level, the CCO's (0) included; shape (16,)."""
        return np.bincount(self.stations.level[self.stations.home == network], minlength=16)

    def resume(self, now_s: float) -> None:
        """Go on at ``now_s`` with the columns as they are (after a load): no listening, no forming from nothing."""
        self._timeline.now_s = now_s
        self._route_end_s = now_s + self.coordinators[0].settings.route_period_s
        self._life = self._live(0.0)
        self._segment_end_s = next(self._life)

    def _live(self, listen_s: float) -> Iterator[float]:
        """Opens one segment after the other and yields its end; what stands behind a yield happens at that time."""
        yield self.now_s + listen_s
        self.neighbours.start()
        self._route_end_s = max(self._route_end_s, self.now_s + self.coordinators[0].settings.route_period_s)
        while True:
            plan = self.last_plan = self._plan()
            self._upkeep.begin_period(plan.begin_s, plan.end_s)
            yield plan.beacons_end_s
            self._beacons(plan)
            for part in plan.slices:
                self.csma.open_slice(part.begin_s, part.end_s, self._members(part, plan), owner=part.owner, link_id=part.link_id)
                yield part.end_s
                self.csma.close_slice()
            if self.now_s >= self._route_end_s:
                self._route_end_s = self.now_s + self.coordinators[0].settings.route_period_s
                self._upkeep.end_route_period()
                self.proxy_change.end_route_period()

    def _plan(self) -> PeriodPlan:
        modes, networks = self._rates.beacons, len(self.coordinators)
        wanted = [one.period_settings(self.now_s, modes=modes, networks=networks) for one in self.coordinators]
        settings = max(wanted, key=lambda one: one.duration_s)
        requests = [one.beacons(self.now_s, settings.duration_s, modes=modes, networks=networks) for one in self.coordinators]
        return plan_period(self.now_s, settings, requests, band=modes.band, is_coordinated=self.neighbours.are_coordinated)

    def _beacons(self, plan: PeriodPlan) -> None:
        stations = self.stations
        receptions = receive_beacons(
            self._shared.links, plan.beacons, can_send=self.csma.alive & stations.has_mains, alive=self.csma.alive,
            members=[stations.home == network for network in range(len(self.coordinators))], rng=self._beacon_rng,
        )
        self._upkeep.after_beacons(receptions)
        self.neighbours.after_beacons(receptions)
        self.association.after_beacons(receptions, plan.end_s - plan.begin_s)

    def _members(self, part: Slice, plan: PeriodPlan) -> Mask:
        """Who may send: stations that know the schedule, those that may ask for association, and the dying, who go by their clock."""
        stations = self.stations
        fresh_s = plan.begin_s - SCHEDULE_PERIODS * (plan.end_s - plan.begin_s)
        may: Mask = (stations.home != NOWHERE) & ((stations.beacon_s >= fresh_s) | ~stations.has_mains)
        may |= stations.allowed_s >= plan.begin_s
        may |= stations.role == Role.CCO
        if part.phase != ALL_PHASES:
            may &= (stations.phases == part.phase) | (stations.phases == ALL_PHASES)
        return may

    def _deliver(self, msdu: Msdu, receivers: npt.NDArray[np.intp], hops: int, now_s: float) -> None:
        if not msdu.is_application:
            self._management.deliver(msdu, receivers, now_s)
            return
        stations = self.stations
        assert isinstance(msdu.body, bytes)
        for node in receivers[stations.home[receivers] == stations.home[msdu.source]]:
            receiver = int(node)
            delivered = Delivered(at_s=now_s, sent_s=msdu.created_s, source=msdu.source, source_tei=msdu.source_tei, receiver=receiver,
                                  payload=msdu.body, send_type=msdu.send_type, sequence=msdu.sequence, hops=hops)
            if stations.role[receiver] == Role.CCO:
                self._management.saw(receiver, msdu.source, now_s)
            application = self._applications.get(receiver)
            if application is None:
                self._waiting.append(delivered)
            else:
                application.on_frame(delivered)

    def _on_hop(self, frame: Frame, is_delivered: bool) -> None:
        self.proxy_change.on_hop(frame.sender, frame.receiver, is_delivered)

    def _on_lost(self, msdu: Msdu) -> None:
        application = self._applications.get(msdu.source)
        if application is not None and msdu.is_application:
            application.on_lost(msdu.sequence, self.now_s)
