"""The beacon period: beacon slots (central on A, B, C; proxies; discovery), then TDMA, CSMA by phase in slices, bound CSMA.

Source: Q/GDW 12087.42-2020, time structure and slot allocation item 0xC0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from simulator.hplc.mac.timing import beacon_slot_s

MAX_OTHER_BEACONS = 255                # number of beacons of stations: eight bits
SHORTEST_PERIOD_S, LONGEST_PERIOD_S = 1.0, 15.0
ALL_PHASES = 0


class BeaconKind(IntEnum):
    DISCOVERY = 0
    PROXY = 1
    CENTRAL = 2


class SliceKind(IntEnum):
    TDMA = 0
    CSMA = 1
    BOUND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconSlot:
    """``phase``: of a central beacon 1, 2, 3 = A, B, C, else 0."""

    begin_s: float
    end_s: float
    sender: int
    kind: BeaconKind
    phase: int
    tmi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """``phase``: of the stations that may send, 0 all. ``owner`` of a TDMA slot. ``link_id`` of the frames of a bound slice."""

    kind: SliceKind
    begin_s: float
    end_s: float
    phase: int = ALL_PHASES
    owner: int | None = None
    link_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSettings:
    """``csma_phases``: 1 (all stations together) or 3. ``tdma_owners``: node of each TDMA slot, in order."""

    duration_s: float = 10.0
    csma_phases: int = 3
    csma_slice_s: float = 0.2
    tdma_owners: tuple[int, ...] = ()
    tdma_slot_s: float = 0.1
    bound_s: float = 0.0
    bound_link_id: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconRequest:
    """Whose beacons a CCO wants in its period; it sends three itself."""

    coordinator: int
    proxies: Sequence[int]
    discovery: Sequence[int]
    tmi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodPlan:
    """``beacons`` by network, in time order; networks that know of each other have theirs one after the other, others at once."""

    begin_s: float
    end_s: float
    beacons: tuple[tuple[BeaconSlot, ...], ...]
    slices: tuple[Slice, ...]

    @property
    def beacons_end_s(self) -> float:
        return max((slots[-1].end_s for slots in self.beacons if slots), default=self.begin_s)

    @property
    def beacon_share(self) -> float:
        """Part of the period taken by beacon slots."""
        return (self.beacons_end_s - self.begin_s) / (self.end_s - self.begin_s)


def plan_period(
    begin_s: float, settings: PeriodSettings, requests: Sequence[BeaconRequest], *, band: int, is_coordinated: bool = True,
) -> PeriodPlan:
    """Lay out one period.

    Raises:
        ValueError: a duration outside 1..15 s, more than 255 beacons of stations, or beacons and TDMA slots that leave no CSMA time.
    """
    end_s = begin_s + settings.duration_s
    if not SHORTEST_PERIOD_S <= settings.duration_s <= LONGEST_PERIOD_S:
        raise ValueError(f"a beacon period lasts 1 to 15 s, not {settings.duration_s:g}")
    beacons: list[tuple[BeaconSlot, ...]] = []
    from_s = latest_s = begin_s
    for request in requests:
        slots = _beacon_slots(from_s, request, band)
        beacons.append(slots)
        latest_s = max(latest_s, slots[-1].end_s)
        from_s = latest_s if is_coordinated else begin_s
    slices = []
    for owner in settings.tdma_owners:
        slices.append(Slice(kind=SliceKind.TDMA, begin_s=latest_s, end_s=latest_s + settings.tdma_slot_s, owner=owner))
        latest_s += settings.tdma_slot_s
    csma_end_s = end_s - settings.bound_s
    if csma_end_s - latest_s < settings.csma_phases * settings.csma_slice_s:
        raise ValueError(f"{latest_s - begin_s:.2f} s of beacons and TDMA leave no CSMA time in a period of {settings.duration_s:g} s")
    slices += _csma_slices(latest_s, csma_end_s, settings)
    if settings.bound_s > 0.0:
        slices.append(Slice(kind=SliceKind.BOUND, begin_s=csma_end_s, end_s=end_s, link_id=settings.bound_link_id))
    return PeriodPlan(begin_s=begin_s, end_s=end_s, beacons=tuple(beacons), slices=tuple(slices))


def _beacon_slots(begin_s: float, request: BeaconRequest, band: int) -> tuple[BeaconSlot, ...]:
    if len(request.proxies) + len(request.discovery) > MAX_OTHER_BEACONS:
        raise ValueError(f"{len(request.proxies) + len(request.discovery)} beacons of stations: a period has slots for {MAX_OTHER_BEACONS}")
    length_s = beacon_slot_s(request.tmi, band)
    asked = [(request.coordinator, BeaconKind.CENTRAL, phase) for phase in (1, 2, 3)]
    asked += [(node, BeaconKind.PROXY, ALL_PHASES) for node in request.proxies]
    asked += [(node, BeaconKind.DISCOVERY, ALL_PHASES) for node in request.discovery]
    return tuple(
        BeaconSlot(begin_s=begin_s + place * length_s, end_s=begin_s + (place + 1) * length_s, sender=node, kind=kind, phase=phase,
                   tmi=request.tmi)
        for place, (node, kind, phase) in enumerate(asked)
    )


def _csma_slices(begin_s: float, end_s: float, settings: PeriodSettings) -> list[Slice]:
    """Phases take turns slice by slice; what is left behind the last full slice makes that one longer."""
    if settings.csma_phases == 1:
        return [Slice(kind=SliceKind.CSMA, begin_s=begin_s, end_s=end_s)]
    whole = int((end_s - begin_s) / settings.csma_slice_s + 1e-9)
    edges = [begin_s + place * settings.csma_slice_s for place in range(whole)] + [end_s]
    return [
        Slice(kind=SliceKind.CSMA, begin_s=edges[place], end_s=edges[place + 1], phase=place % settings.csma_phases + 1)
        for place in range(whole)
    ]
