"""Basic TMIs: PB size, copies, modulation; OFDM symbols of a PB and how many PBs a frame may carry.

Copies and modulation of all fifteen, and the printed numbers of PBs: the published tables of a State Grid protocol analyser (Q/GDW 12087,
2022); a second, independent decoder agrees for eight of the modes. Extended TMIs (16QAM, rate 16/18) are left out: their definition was
not found.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.hplc.phy.bands import BANDS

PB_OVERHEAD_BYTES = 4            # one byte of head, CRC-24 behind the body (Q/GDW 12087.42)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """``bits``: per carrier, 1 = BPSK, 2 = QPSK; code rate 1/2 throughout."""

    tmi: int
    pb_bytes: int
    copies: int
    bits: int


MODES = tuple(
    Mode(tmi=tmi, pb_bytes=pb_bytes, copies=copies, bits=bits)
    for tmi, (pb_bytes, copies, bits) in enumerate((
        (520, 4, 2), (520, 2, 2), (136, 5, 2), (136, 11, 1), (136, 7, 1), (136, 11, 2), (136, 7, 2), (520, 7, 1),
        (520, 4, 1), (520, 7, 2), (520, 2, 1), (264, 7, 2), (264, 7, 1), (72, 7, 2), (72, 7, 1),
    ))
)
# As printed, bands 0..3 by TMI 0..14; 0 = the mode cannot be used. "As many as fit into 511 symbols" misses three cells of band 3.
_MAX_PBS = (
    (4, 4, 4, 4, 4, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4),
    (3, 4, 4, 2, 4, 4, 4, 1, 1, 2, 3, 4, 2, 4, 4),
    (2, 4, 4, 1, 2, 3, 4, 0, 1, 1, 2, 2, 1, 4, 4),
    (1, 2, 3, 0, 1, 1, 2, 0, 0, 0, 1, 1, 0, 4, 2),
)


def symbols_per_pb(tmi: int, band: int) -> int:
    """OFDM symbols of one PB: its coded bits over what a symbol carries once each bit is sent ``copies`` times."""
    mode = MODES[tmi]
    coded_bits = mode.pb_bytes * 8 * 2
    return -(-coded_bits // (BANDS[band].carriers // mode.copies * mode.bits))


def max_pbs(tmi: int, band: int) -> int:
    """Most PBs in one frame; 0 where the mode cannot be used in the band."""
    return _MAX_PBS[band][tmi]


def frame_symbols(tmi: int, band: int, pbs: int) -> int:
    """Payload symbols of a frame of ``pbs`` PBs (0: frame control only). Raises ValueError for more PBs than the table allows."""
    if not 0 <= pbs <= max_pbs(tmi, band):
        raise ValueError(f"TMI {tmi} in band {band}: 0 to {max_pbs(tmi, band)} PBs, not {pbs}")
    return pbs * symbols_per_pb(tmi, band)


def pb_body_bytes(tmi: int) -> int:
    """Bytes of the body of a PB: what is left of it after head and check sum."""
    return MODES[tmi].pb_bytes - PB_OVERHEAD_BYTES
