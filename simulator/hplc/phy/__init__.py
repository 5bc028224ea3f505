"""HPLC's physical layer, abstracted: bands, modes (TMI), times on air, and what is decoded at which SINR."""

from simulator.hplc.phy.bands import BANDS, Band, carrier_hz
from simulator.hplc.phy.modes import MODES, Mode, frame_symbols, max_pbs, pb_body_bytes, symbols_per_pb
from simulator.hplc.phy.timing import (
    BIFS_S,
    CIFS_S,
    EIFS_S,
    RIFS_LEAST_S,
    RIFS_MOST_S,
    SYMBOL_S,
    airtime_s,
    frame_control_s,
    payload_s,
)

__all__ = [
    "BANDS", "BIFS_S", "CIFS_S", "EIFS_S", "MODES", "RIFS_LEAST_S", "RIFS_MOST_S", "SYMBOL_S", "Band", "Mode", "airtime_s", "carrier_hz",
    "frame_control_s", "frame_symbols", "max_pbs", "payload_s", "pb_body_bytes", "symbols_per_pb",
]
