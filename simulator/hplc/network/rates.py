"""Which mode a frame goes out in: what costs the least time on this link, retries included; the sturdy ones for broadcasts.

A module learns the quality of its links from the channel quality in acknowledgements; here it is taken from the link table [I].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from simulator.hplc.links import LinkTable
from simulator.hplc.mac.period import MAX_OTHER_BEACONS
from simulator.hplc.mac.timing import acknowledgement_s, beacon_slot_s, frame_s
from simulator.hplc.network.assumptions import BEACON_MODES, BROADCAST_MODES, MANAGEMENT_MODE, MOST_TURNS, STURDY_BEACON_MODES
from simulator.hplc.phy import max_pbs, pb_body_bytes

_LEAST_SUCCESS = 0.05
_STEP_BYTES = 32            # lengths are rounded up to this, or there would be as many choices to remember as lengths
_CRC_BYTES = 3              # a beacon's PB has CRC-32 and CRC-24 and no head: one byte less than two fields of four


class Rates:
    """Choices are remembered until the links change. One MSDU is one frame here: a long one needs a mode that carries it whole.

    Attributes:
        longest_unicast, longest_broadcast: bytes with head and CRC that the modes of the table carry.
        beacons: what beacons may use.
    Raises:
        ValueError: a table without the mode of management frames, in which stations judge beacons.
    """

    def __init__(self, links: LinkTable) -> None:
        self._band = links.band
        self._modes = [tmi for tmi in sorted(links.success) if max_pbs(tmi, links.band) > 0]
        if MANAGEMENT_MODE not in self._modes:
            raise ValueError(f"the link table has modes {self._modes}: TMI {MANAGEMENT_MODE} is needed")
        carried = {tmi: pb_body_bytes(tmi) * max_pbs(tmi, links.band) for tmi in self._modes}
        self.longest_unicast = max(carried.values())
        self.longest_broadcast = max(carried[tmi] for tmi in BROADCAST_MODES if tmi in carried)
        self.beacons = BeaconModes(band=links.band, tmis=tuple(tmi for tmi in BEACON_MODES if tmi in carried))
        self._chosen: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._sturdy: dict[int, tuple[int, int]] = {}
        self.set_links(links)

    def set_links(self, links: LinkTable) -> None:
        self._links = links
        self._chosen.clear()

    def unicast(self, sender: int, receiver: int, length_bytes: int) -> tuple[int, int]:
        """TMI and number of PBs, for a length up to ``longest_unicast``."""
        steps = -(-length_bytes // _STEP_BYTES)
        key = (sender, receiver, steps)
        if key not in self._chosen:
            self._chosen[key] = self._cheapest(sender, receiver, min(steps * _STEP_BYTES, self.longest_unicast))
        return self._chosen[key]

    def broadcast(self, length_bytes: int) -> tuple[int, int]:
        """TMI and number of PBs, for a length up to ``longest_broadcast``."""
        if length_bytes not in self._sturdy:
            needed = ((tmi, -(-length_bytes // pb_body_bytes(tmi))) for tmi in BROADCAST_MODES if tmi in self._modes)
            self._sturdy[length_bytes] = next((tmi, pbs) for tmi, pbs in needed if pbs <= max_pbs(tmi, self._band))
        return self._sturdy[length_bytes]

    def _cheapest(self, sender: int, receiver: int, length_bytes: int) -> tuple[int, int]:
        best, least_s = (MANAGEMENT_MODE, 1), float("inf")
        for tmi in self._modes:
            pbs = -(-length_bytes // pb_body_bytes(tmi))
            if pbs > max_pbs(tmi, self._band):
                continue
            success = max(float(self._links.success[tmi][sender, receiver]), _LEAST_SUCCESS)
            cost_s = (frame_s(tmi, self._band, pbs) + acknowledgement_s(self._band)) / success
            if cost_s < least_s:
                best, least_s = (tmi, pbs), cost_s
        return best


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconModes:
    """``tmis``: modes that beacons may use here, most wanted first."""

    band: int
    tmis: tuple[int, ...]

    def mode_for(self, entries: int) -> int | None:
        """TMI of the beacons of a period with so many beacons of stations; None where the slot allocation fits into no PB.

        Lengths: head 20, station capability 15, routing 10, slot allocation 21 and two a station, three CSMA entries of 4 (Q/GDW 12087.42).
        """
        needed = 20 + 15 + 10 + 21 + 12 + 2 * entries
        return next((tmi for tmi in self.tmis if pb_body_bytes(tmi) - _CRC_BYTES >= needed), None)

    def most_entries(self, share_s: float, wanted: int) -> int:
        """How many of ``wanted`` beacons of stations a period has that leaves ``share_s`` to them and the three of the CCO."""
        sturdy = _sturdy_entries(self)
        if wanted <= MOST_TURNS * sturdy:
            wanted = min(wanted, sturdy)
        return min(wanted, _fitting_entries(self, share_s))


@cache
def _sturdy_entries(modes: BeaconModes) -> int:
    return max((entries for entries in range(MAX_OTHER_BEACONS + 1) if modes.mode_for(entries) in STURDY_BEACON_MODES), default=0)


@cache
def _fitting_entries(modes: BeaconModes, share_s: float) -> int:
    fitting = 0
    for entries in range(MAX_OTHER_BEACONS + 1):
        tmi = modes.mode_for(entries)
        if tmi is not None and (entries + 3) * beacon_slot_s(tmi, modes.band) <= share_s:
            fitting = entries
    return fitting
