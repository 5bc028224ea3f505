"""An area read through power lines: its meters behind modules, the network over the area's own wires, the CCO of the concentrator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edge_agent.wire.dlt645 import Decoder645, Direction, Frame645, encode
from firmware_profiles.modules import ModuleProfile
from simulator.grid.areas import Area
from simulator.hplc.cco import Cco, CcoProfile
from simulator.hplc.cco.network_carrier import NetworkCarrier, StationNode
from simulator.hplc.gasp import OutageStation
from simulator.hplc.links import LinkTable
from simulator.hplc.network import Network
from simulator.meter.dlt645_line import Answering645

MAIN_ADDRESS = "000000260000"
_FIRST_METER = 101_000_000_000      # addresses of simulated meters: no real maker's
_PHASE_NUMBERS = {"a": 1, "b": 2, "c": 3}
_PREAMBLE_BYTES = 4
AnswerBytes = Callable[[bytes], bytes | None]


def meter_address(index: int) -> str:
    """Of the ``index``-th meter of an area."""
    return f"{_FIRST_METER + index + 1:012d}"


class HplcArea:
    """``meters``: one for each of the area's, in its order, with the addresses of ``meter_address``.

    Node 0 of ``links`` is the CCO, node i + 1 the i-th meter.
    """

    def __init__(
        self, area: Area, links: LinkTable, meters: Sequence[Answering645], *, module: ModuleProfile, seed: int,
        profile: CcoProfile | None = None,
    ) -> None:
        phases = [_PHASE_NUMBERS[meter.phases.lower()] if len(meter.phases) == 1 else 0 for meter in area.meters]
        macs = [int(MAIN_ADDRESS), *(int(meter_address(index)) for index in range(len(area.meters)))]
        self.network = Network(
            links, macs=np.array(macs, np.int64), module=module, seed=seed, phases=np.array([0, *phases], np.int8),
        )
        for node, meter in enumerate(meters, start=1):
            station = StationNode(self.network, node, answering(meter), seed=seed)
            self.network.attach(node, OutageStation(self.network, node, module, seed=seed, beneath=station))
        self.carrier = NetworkCarrier(self.network)
        self.cco = Cco(self.carrier, profile or CcoProfile(supply=module.coordinator), main_address=MAIN_ADDRESS)

    @property
    def joined(self) -> int:
        """Stations in the CCO's table."""
        return len(self.carrier.members()) - 1


def answering(meter: Answering645) -> AnswerBytes:
    """A meter as its module sees it: bytes of one request, bytes of the answer."""

    def answer(wire: bytes) -> bytes | None:
        decoder = Decoder645(accepts=Direction.REQUEST)
        decoder.feed(wire)
        request = decoder.next_frame()
        reply: Frame645 | None = meter.answer(request) if request is not None else None
        return None if reply is None else encode(reply, _PREAMBLE_BYTES)

    return answer
