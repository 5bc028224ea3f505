"""Faults of every class, each an edit of the network or a silence of the way to meters: never a set of answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from simulator.grid.areas import Area
from simulator.grid.edits import Edit
from simulator.grid.network import PHASES


class OutageClass(StrEnum):
    """``*_PHASE``: one conductor. AREA and UPSTREAM are the same edit; of the second the back end tells that neighbours are out too."""

    METER = "meter"
    BOX = "box"
    BOX_PHASE = "box phase"
    BRANCH = "branch"
    BRANCH_PHASE = "branch phase"
    FEEDER = "feeder"
    FEEDER_PHASE = "feeder phase"
    TRANSFORMER_PHASE = "transformer phase"
    AREA = "area"
    UPSTREAM = "upstream"
    NESTED = "nested"                    # a feeder, and when it comes back one of its boxes stays dark
    COMM_MODULE = "comm: module"
    COMM_RELAY = "comm: relay"
    COMM_BUS = "comm: bus"
    CUSTOMER_SIDE = "customer side"
    NOTHING = "nothing"


COMM = (OutageClass.COMM_MODULE, OutageClass.COMM_RELAY, OutageClass.COMM_BUS)
NO_OUTAGE = (*COMM, OutageClass.CUSTOMER_SIDE, OutageClass.NOTHING)
OUTAGES = tuple(one for one in OutageClass if one not in NO_OUTAGE)
WHOLE = (OutageClass.BOX, OutageClass.BRANCH, OutageClass.FEEDER, OutageClass.AREA, OutageClass.UPSTREAM, OutageClass.NESTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``edits`` hold from the fault until supply is switched on again, ``edits_left`` go on after that.

    ``mute``: places of meters that cannot be heard, though nothing is wrong with their supply. ``place``: as an archive names it, "" is
    the area.
    """

    fault_class: OutageClass
    place: str
    edits: tuple[Edit, ...] = ()
    edits_left: tuple[Edit, ...] = ()
    mute: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """The same for faults that do the same to the grid."""
        return json.dumps([self.edits, self.edits_left], sort_keys=True)


def draw_fault(area: Area, fault_class: OutageClass, relays: tuple[int, ...], chance: np.random.Generator) -> Fault:
    """Somewhere in the area, each place as likely as each meter behind it.

    Args:
        relays: of each meter the place of the meter that relays for it, -1 = none.
    """
    index = int(chance.integers(len(area.meters)))
    meter = area.meters[index]
    box, branch, feeder = meter.node, meter.node.rsplit("/", 1)[0], meter.node.split("/", 1)[0]
    phase = meter.phases[int(chance.integers(len(meter.phases)))].upper()
    everything = tuple({"op": "hv_open", "conductor": name} for name in PHASES)
    kind = OutageClass
    opened = {
        kind.METER: (meter.id, _open(meter.service)), kind.BOX: (box, _open(box)), kind.BRANCH: (branch, _open(branch)),
        kind.FEEDER: (feeder, _open(feeder)), kind.BOX_PHASE: (box, _open(box, phase)), kind.BRANCH_PHASE: (branch, _open(branch, phase)),
        kind.FEEDER_PHASE: (feeder, _open(feeder, phase)), kind.AREA: ("", everything), kind.UPSTREAM: ("", everything),
        kind.TRANSFORMER_PHASE: ("", ({"op": "hv_open", "conductor": phase},)), kind.NESTED: (feeder, _open(feeder)),
        kind.CUSTOMER_SIDE: (meter.id, _unloaded(area, meter.loads)),
    }
    if fault_class in opened:
        place, edits = opened[fault_class]
        return Fault(fault_class=fault_class, place=place, edits=edits, edits_left=_open(box) if fault_class is kind.NESTED else ())
    if fault_class is kind.COMM_MODULE:
        return Fault(fault_class=fault_class, place=meter.id, mute=(index, *_below(index, relays)))
    if fault_class is kind.COMM_RELAY:
        relaying = sorted({relay for relay in relays if relay >= 0})
        relay = relaying[int(chance.integers(len(relaying)))]
        return Fault(fault_class=fault_class, place=area.meters[relay].id, mute=(relay, *_below(relay, relays)))
    if fault_class is kind.COMM_BUS:
        return Fault(fault_class=fault_class, place="", mute=tuple(range(len(area.meters))))
    return Fault(fault_class=fault_class, place="")


def draw_relays(area: Area, chance: np.random.Generator) -> tuple[int, ...]:
    """Who relays for whom: half of the boxes of a feeder reach the coordinator, the others one meter of a box nearer to it. -1 = nobody.

    Plausible, not measured: what matters is that the tree of the carrier is not that of the supply.
    """
    relays = [-1] * len(area.meters)
    boxes: dict[str, list[int]] = {}
    for index, meter in enumerate(area.meters):
        boxes.setdefault(meter.node, []).append(index)
    before: dict[str, list[str]] = {}
    for box, members in boxes.items():
        nearer = before.setdefault(box.split("/", 1)[0], [])
        if nearer and chance.random() < 0.5:
            through = boxes[nearer[int(chance.integers(max(0, len(nearer) - 2), len(nearer)))]]
            relay = through[int(chance.integers(len(through)))]
            for index in members:
                relays[index] = relay
        nearer.append(box)
    if all(relay < 0 for relay in relays):                 # a small area: its last box needs somebody
        first, last = next(iter(boxes.values())), list(boxes.values())[-1]
        for index in last:
            relays[index] = first[0] if index != first[0] else -1
    return tuple(relays)


def _below(relay: int, relays: tuple[int, ...]) -> tuple[int, ...]:
    """All that reach the coordinator through ``relay``, over however many others."""
    found: list[int] = []
    rest = [relay]
    while rest:
        at = rest.pop()
        behind = [index for index, through in enumerate(relays) if through == at]
        found += behind
        rest += behind
    return tuple(found)


def _open(branch: str, conductor: str = "") -> tuple[Edit, ...]:
    return ({"op": "open", "branch": branch, **({"conductors": [conductor]} if conductor else {})},)


def _unloaded(area: Area, loads: tuple[str, ...]) -> tuple[Edit, ...]:
    return tuple({"op": "set_load", "load": load, "set": {"p_kw": 0.0, "q_kvar": 0.0}} for load in loads)
