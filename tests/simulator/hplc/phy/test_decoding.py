"""Order and spacing of modes on a flat channel, found by searching the SNR at which half of the blocks fail."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import special

from simulator.hplc.phy import BANDS, MODES
from simulator.hplc.phy.decoding import Block, combined_places, failure, frame_control_block, gaussian_tail, pb_block
from simulator.hplc.phy.information import information_at

ANCHORS_DB = {72: 2.8, 136: 2.5, 264: 2.2, 520: 1.8}      # Eb/N0 at a packet error of 1e-3


def packet_error(snr_db: float, block: Block, band: int = 2) -> float:
    snr = np.full((1, BANDS[band].carriers), 10 ** (snr_db / 10), dtype=np.float32)
    return float(failure(information_at(combined_places(snr, block, band)).mean(axis=1), block)[0])


def needed_db(tmi: int) -> float:
    low, high = -20.0, 20.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if packet_error(middle, pb_block(tmi)) > 0.5 else (low, middle)
    return high


@pytest.mark.parametrize("tmi", range(15))
def test_a_pb_fails_once_in_a_thousand_at_its_anchor(tmi: int):
    mode = MODES[tmi]
    snr_db = ANCHORS_DB[mode.pb_bytes] + 10 * math.log10(0.5 * mode.bits / mode.copies)      # Eb/N0 x information bits a carrier
    assert 4e-4 < packet_error(snr_db, pb_block(tmi)) < 2.5e-3


def test_modes_of_one_pb_size_and_modulation_lie_apart_by_their_copies():
    for one, other in itertools.combinations(MODES, 2):
        if (one.pb_bytes, one.bits) == (other.pb_bytes, other.bits):
            spacing_db = 10 * math.log10(one.copies / other.copies)
            assert needed_db(other.tmi) - needed_db(one.tmi) == pytest.approx(spacing_db, abs=0.03)


def test_qpsk_needs_three_db_more_than_bpsk_with_as_many_copies():
    for bpsk, qpsk in ((8, 0), (10, 1), (3, 5), (4, 6), (7, 9), (12, 11), (14, 13)):
        assert needed_db(qpsk) - needed_db(bpsk) == pytest.approx(10 * math.log10(2), abs=0.03)


def test_modes_come_in_the_order_of_what_they_need():
    # most robust first: copies per bit of the constellation, then among equals the larger PB, whose code is the better one
    expected = sorted(range(15), key=lambda tmi: (-MODES[tmi].copies / MODES[tmi].bits, ANCHORS_DB[MODES[tmi].pb_bytes]))
    assert sorted(range(15), key=needed_db) == expected or _equal_but_for_ties(expected)


def _equal_but_for_ties(expected: list[int]) -> bool:
    found = [needed_db(tmi) for tmi in expected]
    return all(later > earlier - 0.03 for earlier, later in itertools.pairwise(found))


def test_the_frame_control_fails_once_in_a_thousand_at_its_anchor_and_so_limits_the_most_robust_modes():
    # 16 bytes at 3.2 dB, twelve copies of QPSK: -7.6 dB, above what TMI 3, 4, 7, 12 need
    snr_db = 3.2 + 10 * math.log10(0.5 * 2 / 12)
    assert 4e-4 < packet_error(snr_db, frame_control_block()) < 2.5e-3
    assert [tmi for tmi in range(15) if needed_db(tmi) < snr_db - 1.0] == [3, 4, 7, 12, 14]


def test_packet_error_only_falls_with_snr():
    for tmi in range(15):
        errors = [packet_error(snr_db, pb_block(tmi)) for snr_db in np.arange(-15, 12, 0.25)]
        assert errors[0] > 0.999
        assert errors[-1] < 1e-6
        assert all(np.diff(errors) <= 0)


def test_copies_rescue_a_block_from_notches_that_two_copies_do_not_survive():
    snr = np.full((1, 89), 10 ** (4.0 / 10), dtype=np.float32)
    snr[0, :20] = snr[0, 44:64] = 1e-6         # TMI 1 sends a bit on carriers k and k + 44
    lost = {tmi: float(failure(information_at(combined_places(snr, pb_block(tmi), 2)).mean(axis=1), pb_block(tmi))[0]) for tmi in (4, 1)}
    assert lost[4] < 1e-3
    assert lost[1] > 0.99


def test_the_tail_is_that_of_the_normal_distribution():
    x = np.linspace(-6, 6, 2001)
    assert gaussian_tail(x) == pytest.approx(special.ndtr(-x), rel=1e-2)
