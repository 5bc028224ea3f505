"""How long things take on one band, gaps included, asked for so often that each is worked out once."""

from __future__ import annotations

from functools import cache

from simulator.hplc.mac.assumptions import DETECTION_SYMBOLS, SACK_GAP_S
from simulator.hplc.mac.frames import Frame
from simulator.hplc.phy import BIFS_S, CIFS_S, EIFS_S, SYMBOL_S, airtime_s, frame_control_s

DETECTION_S = DETECTION_SYMBOLS * SYMBOL_S


@cache
def head_s(band: int) -> float:
    """Preamble and frame control; also a SACK, which has no payload."""
    return frame_control_s(band)


@cache
def frame_s(tmi: int, band: int, pbs: int) -> float:
    """A frame from the first preamble symbol to the last of its payload."""
    return airtime_s(tmi, band, pbs)


@cache
def acknowledgement_s(band: int) -> float:
    """From the end of a unicast frame to where the next contention may begin."""
    return SACK_GAP_S + head_s(band) + CIFS_S


def exchange_s(frame: Frame, band: int, pbs: int) -> float:
    """A frame and all that belongs to it: what its own length field reserves, preamble and frame control added."""
    return frame_s(frame.tmi, band, pbs) + (CIFS_S if frame.is_broadcast else acknowledgement_s(band))


def beacon_slot_s(tmi: int, band: int) -> float:
    """One beacon (a single PB) and the gap behind it."""
    return frame_s(tmi, band, 1) + BIFS_S


@cache
def unread_s(band: int) -> float:
    """How long a node stays silent from a preamble whose frame control it could not read."""
    return head_s(band) + EIFS_S
