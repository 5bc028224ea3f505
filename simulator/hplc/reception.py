"""What a receiver makes of the SNR of its carriers: preamble, frame control, PB, over noise that swings with the mains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.hplc.assumptions import assumed
from simulator.hplc.channel.impulses import erased_share
from simulator.hplc.channel.mains import Envelope, envelope, window_shares
from simulator.hplc.phy.decoding import Block, combined_places, failure, frame_control_block, pb_block, preamble_found
from simulator.hplc.phy.information import STEPS_PER_LOG, information_at
from simulator.hplc.phy.timing import SYMBOL_S, frame_control_s, payload_s

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Of each link, shape (links,). ``preamble``: chance to detect it; ``success``: by TMI, of a frame with one PB."""

    mean_snr_db: Float32
    preamble: Float32
    success: Mapping[int, Float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Decoding in one band at one noise level. ``windows``: of each block, how much of it may lie in the raised part of the half cycle."""

    band: int
    tmis: tuple[int, ...]
    noise_envelope: Envelope
    erased_share: float
    windows: Mapping[str, tuple[float, ...]]

    @classmethod
    def of(cls, band: int, tmis: tuple[int, ...], noise: str) -> Reception:
        swing = envelope(noise)
        windows = {pb_block(tmi).name: window_shares(payload_s(tmi, band, 1), swing.share) for tmi in tmis}
        head_s = frame_control_s(band) - assumed("phy.preamble_us") * 1e-6
        windows[frame_control_block().name] = window_shares(head_s, swing.share)
        return cls(band=band, tmis=tmis, noise_envelope=swing, erased_share=erased_share(noise, SYMBOL_S), windows=windows)

    def of_links(self, snr: Float32) -> Received:
        """``snr``: (links, carriers), linear, over the mean noise; 0 where there is no path."""
        mean, swing = snr.mean(axis=1), self.noise_envelope
        with np.errstate(divide="ignore"):
            mean_snr_db = np.log10(snr).mean(axis=1) * np.float32(10.0)
        preamble = (1.0 - swing.share) * preamble_found(mean / np.float32(swing.calm)) \
            + swing.share * preamble_found(mean / np.float32(swing.raised))
        blocks = {tmi: pb_block(tmi) for tmi in self.tmis}
        head = preamble * self._decoded(snr, frame_control_block(), {})
        places: dict[tuple[int, int], tuple[Float32, Float32]] = {}
        success = {tmi: (head * self._decoded(snr, block, places)).astype(np.float32) for tmi, block in blocks.items()}
        return Received(mean_snr_db=mean_snr_db, preamble=preamble.astype(np.float32), success=success)

    def _decoded(self, snr: Float32, block: Block, known: dict[tuple[int, int], tuple[Float32, Float32]]) -> Float32:
        """Chance that a block is decoded, its start anywhere in the half cycle. ``known``: information by copies and modulation."""
        kind = (block.copies, block.bits)
        if kind not in known:
            known[kind] = self._information(snr, block)
        calm, raised = known[kind]
        lost = [
            failure(np.float32(1.0 - self.erased_share) * ((1.0 - share) * calm + share * raised), block)
            for share in self.windows[block.name]
        ]
        decoded: Float32 = 1.0 - sum(lost[1:], start=lost[0]) / np.float32(len(lost))
        return decoded

    def _information(self, snr: Float32, block: Block) -> tuple[Float32, Float32]:
        """Mean information of a coded bit, in the calm and in the raised part of the half cycle."""
        places, swing = combined_places(snr, block, self.band), self.noise_envelope
        calm, raised = (
            information_at(places - np.float32(STEPS_PER_LOG * math.log(factor))).mean(axis=1) for factor in (swing.calm, swing.raised)
        )
        return calm, raised
