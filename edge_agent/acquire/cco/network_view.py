"""The power-line network as the module describes it: who hangs on whom, on which phase. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_agent.wire.gdw10376_2 import NodeRole
from edge_agent.wire.gdw10376_2.units import ChipNode, NetworkInfo, PhaseNode, TopologyNode


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkNode:
    """One station. ``meter`` is its archive index; None for the coordinator and for nodes that are no meters of ours.

    ``proxy`` is the address of the node it hangs on, None where the module names none that it lists. ``phase_bits`` bit 0 is phase A;
    None: not told. ``chip_version`` four digits.
    """

    address: str
    meter: int | None
    tei: int
    proxy_tei: int
    proxy: str | None
    level: int
    role: int
    radio_link: bool = False
    phase_bits: int | None = None
    is_three_phase: bool = False
    has_line_fault: bool = False
    phase_sequence: int = 0
    device_type: int | None = None
    chip_version: str = ""

    @property
    def is_proxy(self) -> bool:
        return self.role == NodeRole.PCO


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkView:
    """One round of questions. ``neighbours`` are the network identifiers that the coordinator hears; ``nid`` None: not told."""

    taken_utc_ms: int
    nodes: tuple[NetworkNode, ...]
    nid: int | None = None
    neighbours: tuple[int, ...] = ()
    _by_address: dict[str, NetworkNode] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_address", {node.address: node for node in self.nodes})

    def node(self, address: str) -> NetworkNode | None:
        return self._by_address.get(address)

    @property
    def levels(self) -> tuple[int, ...]:
        """How many nodes there are at each level, 0 first."""
        deepest = max((node.level for node in self.nodes), default=-1)
        return tuple(sum(node.level == level for node in self.nodes) for level in range(deepest + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerouted:
    """A meter and the node by which it reaches the coordinator; ``proxy`` "" = not known."""

    meter: int
    proxy: str


def make_view(
    *, topology: Mapping[str, TopologyNode], phases: Mapping[str, PhaseNode], chips: Mapping[str, ChipNode], info: NetworkInfo | None,
    meters: Mapping[str, int], taken_utc_ms: int,
) -> NetworkView:
    """Put the answers of one round together, each by address; ``meters``: address -> archive index."""
    by_tei = {node.tei: address for address, node in topology.items()}
    nodes = []
    for address, node in topology.items():
        phase, chip = phases.get(address), chips.get(address)
        nodes.append(
            NetworkNode(
                address=address, meter=meters.get(address), tei=node.tei, proxy_tei=node.proxy_tei, level=node.level, role=node.role,
                proxy=by_tei.get(node.proxy_tei) if node.proxy_tei else None, radio_link=node.radio_link,
                phase_bits=None if phase is None else phase.phase_bits,
                is_three_phase=phase is not None and phase.is_three_phase_meter,
                has_line_fault=phase is not None and phase.has_line_fault,
                phase_sequence=0 if phase is None else phase.sequence,
                device_type=None if chip is None else chip.device_type, chip_version="" if chip is None else chip.version,
            )
        )
    return NetworkView(
        taken_utc_ms=taken_utc_ms, nodes=tuple(nodes), nid=None if info is None else info.nid,
        neighbours=() if info is None else info.neighbours,
    )


def routes(view: NetworkView) -> tuple[Rerouted, ...]:
    """The way of every meter of ours."""
    return tuple(Rerouted(meter=node.meter, proxy=node.proxy or "") for node in view.nodes if node.meter is not None)


def rerouted(before: NetworkView, now: NetworkView) -> tuple[Rerouted, ...]:
    """Meters in both views whose proxy is another node. A node that is new or gone is no change of its way."""
    found = []
    for node in now.nodes:
        old = before.node(node.address)
        if old is not None and node.meter is not None and old.proxy != node.proxy:
            found.append(Rerouted(meter=node.meter, proxy=node.proxy or ""))
    return tuple(found)
