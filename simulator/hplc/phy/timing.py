"""How long a frame is on air, and the gaps between frames (Q/GDW 12087.42)."""

from __future__ import annotations

from simulator.hplc.assumptions import assumed, assumed_row
from simulator.hplc.phy.bands import FFT_SIZE, SAMPLE_HZ
from simulator.hplc.phy.modes import frame_symbols

CIFS_S = 400e-6                  # between a frame and what contends after it
BIFS_S = 400e-6                  # behind a beacon
RIFS_LEAST_S, RIFS_MOST_S = 400e-6, 2300e-6    # between a frame and its acknowledgement
EIFS_S = 20e-3                   # after a preamble without a frame control

_GUARD_S = assumed("phy.guard_samples") / SAMPLE_HZ
_FIRST_GUARD_S = assumed("phy.guard_first_two_samples") / SAMPLE_HZ
_FRAME_CONTROL_GUARD_S = assumed("phy.guard_frame_control_samples") / SAMPLE_HZ
SYMBOL_S = FFT_SIZE / SAMPLE_HZ + _GUARD_S     # a payload symbol from the third on; also the symbol in which back-off slots are counted


def frame_control_s(band: int) -> float:
    """Preamble and frame control: a whole frame without payload, such as a SACK."""
    symbols = assumed_row("phy.frame_control_symbols")[band]
    return assumed("phy.preamble_us") * 1e-6 + symbols * (FFT_SIZE / SAMPLE_HZ + _FRAME_CONTROL_GUARD_S)


def payload_s(tmi: int, band: int, pbs: int) -> float:
    """Payload alone, with the longer guard of its first two symbols. Raises ValueError for more PBs than the mode may carry."""
    symbols = frame_symbols(tmi, band, pbs)
    return symbols * SYMBOL_S + min(symbols, 2) * (_FIRST_GUARD_S - _GUARD_S)


def airtime_s(tmi: int, band: int, pbs: int) -> float:
    """Preamble, frame control and payload of ``pbs`` PBs (0 for a frame without payload), without gaps."""
    return frame_control_s(band) + payload_s(tmi, band, pbs)
