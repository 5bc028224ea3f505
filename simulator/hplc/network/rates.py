"""Which mode a frame goes out in: what costs the least time on this link, retries included; the sturdy ones for broadcasts.

A module learns the quality of its links from the channel quality in acknowledgements; here it is taken from the link table [I].
"""

from __future__ import annotations

from functools import cache

from simulator.hplc.links import LinkTable
from simulator.hplc.mac.period import MAX_OTHER_BEACONS
from simulator.hplc.mac.timing import acknowledgement_s, beacon_slot_s, frame_s
from simulator.hplc.network.assumptions import BEACON_MODES, BROADCAST_MODES
from simulator.hplc.phy import max_pbs, pb_body_bytes

_LEAST_SUCCESS = 0.05
_STEP_BYTES = 32            # lengths are rounded up to this, or there would be as many choices to remember as lengths
_CRC_BYTES = 3              # a beacon's PB has CRC-32 and CRC-24 and no head: one byte less than two fields of four


class Rates:
    """Choices are remembered until the links change."""

    def __init__(self, links: LinkTable) -> None:
        self._band = links.band
        self._modes = [tmi for tmi in sorted(links.success) if max_pbs(tmi, links.band) > 0]
        self._chosen: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._sturdy: dict[int, tuple[int, int]] = {}
        self.set_links(links)

    def set_links(self, links: LinkTable) -> None:
        self._links = links
        self._chosen.clear()

    def unicast(self, sender: int, receiver: int, length_bytes: int) -> tuple[int, int]:
        """TMI and number of PBs. Raises ValueError for a length that no mode of the band carries in one frame."""
        steps = -(-length_bytes // _STEP_BYTES)
        key = (sender, receiver, steps)
        if key not in self._chosen:
            self._chosen[key] = self._cheapest(sender, receiver, steps * _STEP_BYTES)
        return self._chosen[key]

    def broadcast(self, length_bytes: int) -> tuple[int, int]:
        """TMI and number of PBs. Raises ValueError as ``unicast``."""
        if length_bytes not in self._sturdy:
            for tmi in BROADCAST_MODES:
                pbs = -(-length_bytes // pb_body_bytes(tmi))
                if tmi in self._modes and pbs <= max_pbs(tmi, self._band):
                    self._sturdy[length_bytes] = (tmi, pbs)
                    break
            else:
                raise ValueError(f"{length_bytes} bytes fit into no broadcast frame of band {self._band}")
        return self._sturdy[length_bytes]

    def _cheapest(self, sender: int, receiver: int, length_bytes: int) -> tuple[int, int]:
        best, least_s = None, float("inf")
        for tmi in self._modes:
            pbs = -(-length_bytes // pb_body_bytes(tmi))
            if pbs > max_pbs(tmi, self._band):
                continue
            success = max(float(self._links.success[tmi][sender, receiver]), _LEAST_SUCCESS)
            cost_s = (frame_s(tmi, self._band, pbs) + acknowledgement_s(self._band)) / success
            if cost_s < least_s:
                best, least_s = (tmi, pbs), cost_s
        if best is None:
            raise ValueError(f"{length_bytes} bytes fit into no frame of band {self._band}")
        return best


def beacon_mode(entries: int, band: int) -> int | None:
    """TMI of the beacons of a period with so many beacons of stations: the slot allocation has to fit into one PB. None where none does.

    Lengths: head 20, station capability 15, routing 10, slot allocation 21 and two a station, three CSMA entries of 4 (Q/GDW 12087.42).
    """
    needed = 20 + 15 + 10 + 21 + 12 + 2 * entries
    usable = [tmi for tmi in BEACON_MODES if max_pbs(tmi, band) > 0]
    return next((tmi for tmi in usable if pb_body_bytes(tmi) - _CRC_BYTES >= needed), None)


@cache
def most_entries(share_s: float, band: int) -> int:
    """How many beacons of stations fit into ``share_s`` together with the three of the CCO."""
    fitting = 0
    for entries in range(MAX_OTHER_BEACONS + 1):
        tmi = beacon_mode(entries, band)
        if tmi is not None and (entries + 3) * beacon_slot_s(tmi, band) <= share_s:
            fitting = entries
    return fitting
