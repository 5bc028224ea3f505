"""From SINR to packet error: copies add up, information is averaged, the turbo code fails below a rate that depends on the PB's size.

PER = Q((I - I50) sqrt(n) / s) over n coded bits and the mean information I of one: steeper for larger PBs. I50 is where the recalled
anchors (Eb/N0 at PER 1e-3) put it. Recipe: mean mutual information, as is usual for turbo codes. Abstracted, not calibrated on silicon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from simulator.hplc.assumptions import assumed, assumed_row
from simulator.hplc.phy.bands import BANDS
from simulator.hplc.phy.information import bpsk_information, table_place
from simulator.hplc.phy.modes import MODES

Float32 = npt.NDArray[np.float32]
FRAME_CONTROL_BYTES = 16
_RATE = 0.5
_ANCHOR_Q = 3.090232             # Q of it is 1e-3
_Q_STEP, _Q_END = 1e-3, 8.0      # Q(8) = 6e-16


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A coded block as decoding sees it: a PB of some TMI, or the frame control (16 bytes)."""

    name: str
    data_bytes: int
    copies: int
    bits: int                    # per carrier: 1 BPSK, 2 QPSK

    @property
    def deviation(self) -> float:
        """Standard deviation of the error curve, in mutual information of a coded bit."""
        return assumed("decode.slope") / math.sqrt(self.data_bytes * 8 / _RATE)

    @property
    def half_information(self) -> float:
        """Information of a coded bit at which half of the blocks fail."""
        return _anchor_information(self.data_bytes) - _ANCHOR_Q * self.deviation


def pb_block(tmi: int) -> Block:
    mode = MODES[tmi]
    return Block(name=f"TMI {tmi}", data_bytes=mode.pb_bytes, copies=mode.copies, bits=mode.bits)


def frame_control_block() -> Block:
    return Block(name="frame control", data_bytes=FRAME_CONTROL_BYTES, copies=int(assumed("decode.frame_control_copies")), bits=2)


def anchor_ebn0_db(data_bytes: int) -> float:
    """Eb/N0 at a packet error of 1e-3. Raises ValueError for a size that no block has."""
    sizes = assumed_row("decode.pb_bytes")
    if data_bytes not in sizes:
        raise ValueError(f"{data_bytes} bytes: one of {', '.join(f'{size:g}' for size in sizes)} is possible")
    return assumed_row("decode.ebn0_db")[sizes.index(data_bytes)]


@cache       # every row of a table of links asks for it
def _anchor_information(data_bytes: int) -> float:
    return float(bpsk_information(_RATE * 10.0 ** (anchor_ebn0_db(data_bytes) / 10.0)))


def combined_places(snr: Float32, block: Block, band: int) -> Float32:
    """SNR of each coded bit once its copies are added (maximum ratio), as places in the table of information.

    Args:
        snr: (links, carriers), linear, of every carrier of the band.
    Returns:
        (links, carriers // copies): copies lie as far apart as the band allows, carriers that are left over stay empty.
    """
    groups = BANDS[band].carriers // block.copies
    parts = snr[:, : groups * block.copies].reshape(len(snr), block.copies, groups)
    return table_place(parts.sum(axis=1) * np.float32(1.0 / block.bits))


def failure(information: Float32, block: Block) -> Float32:
    """Chance that a block is lost at a mean information of a coded bit, any shape."""
    return gaussian_tail((information - np.float32(block.half_information)) * np.float32(1.0 / block.deviation))


def preamble_found(snr: Float32) -> Float32:
    """Chance that a preamble is detected at a mean SNR (linear), any shape."""
    snr_db = 10.0 * np.log10(np.maximum(snr, np.float32(1e-30)))
    return gaussian_tail((assumed("decode.preamble_db") - snr_db) / assumed("decode.preamble_spread_db"))


def gaussian_tail(x: npt.NDArray[np.floating]) -> Float32:
    """Q(x) from a table, to 4e-4 of its value near 0 and less than 1e-2 of it up to 8; beyond, that of its ends."""
    found: Float32 = _TAIL.take(((x + _Q_END) * (1.0 / _Q_STEP)).astype(np.int64), mode="clip")
    return found


_TAIL: Float32 = np.array([
    0.5 * math.erfc((-_Q_END + _Q_STEP * (place + 0.5)) / math.sqrt(2.0)) for place in range(round(2 * _Q_END / _Q_STEP))
], dtype=np.float32)
