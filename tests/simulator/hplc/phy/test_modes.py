"""Symbol counts, PB counts and times against the published tables and an air capture."""

from __future__ import annotations

import pytest

from simulator.hplc.phy import BANDS, CIFS_S, MODES, SYMBOL_S, airtime_s, carrier_hz, frame_symbols, max_pbs, payload_s, pb_body_bytes
from simulator.hplc.phy import symbols_per_pb as symbols

# TMI: PB bytes, symbols a PB in bands 0..3, milliseconds of payload in bands 0..3
PRINTED = {
    0: (520, (41, 130, 190, 347), (2.13, 6.71, 9.80, 17.89)),
    1: (520, (21, 64, 95, 174), (1.10, 3.31, 4.91, 8.98)),
    2: (136, (14, 42, 64, 121), (0.74, 2.18, 3.31, 6.25)),
    3: (136, (59, 198, 272, 544), (3.06, 10.22, 14.03, 28.04)),
    4: (136, (38, 121, 182, 311), (1.97, 6.25, 9.39, 16.04)),
    5: (136, (30, 99, 136, 272), (1.56, 5.12, 7.02, 14.03)),
    6: (136, (19, 61, 91, 156), (0.99, 3.16, 4.70, 8.05)),
    7: (520, (144, 463, 694, 1189), (7.43, 23.87, 35.77, 61.27)),
    8: (520, (82, 260, 379, 694), (4.24, 13.41, 19.54, 35.77)),
    9: (520, (72, 232, 347, 595), (3.72, 11.97, 17.89, 30.67)),
    10: (520, (41, 128, 190, 347), (2.13, 6.61, 9.80, 17.89)),
    11: (264, (37, 118, 176, 302), (1.92, 6.09, 9.08, 15.57)),
    12: (264, (73, 235, 352, 604), (3.78, 12.12, 18.15, 31.13)),
    13: (72, (10, 32, 48, 83), (0.53, 1.66, 2.49, 4.29)),
    14: (72, (20, 64, 96, 165), (1.05, 3.31, 4.96, 8.52)),
}
PRINTED_PBS = """
4 4 4 4 4 4 4 3 4 4 4 4 4 4 4
3 4 4 2 4 4 4 1 1 2 3 4 2 4 4
2 4 4 1 2 3 4 0 1 1 2 2 1 4 4
1 2 3 0 1 1 2 0 0 0 1 1 0 4 2
"""


@pytest.mark.parametrize("tmi", PRINTED)
def test_symbols_of_a_pb_are_those_of_the_table(tmi: int):
    assert tuple(symbols(tmi, band) for band in range(4)) == PRINTED[tmi][1]


@pytest.mark.parametrize("tmi", PRINTED)
def test_time_of_a_pb_is_that_of_the_table(tmi: int):
    for band in range(4):
        if max_pbs(tmi, band):
            assert payload_s(tmi, band, 1) * 1000 == pytest.approx(PRINTED[tmi][2][band], abs=0.0051)


def test_most_pbs_of_a_frame_are_those_printed_also_where_no_rule_gives_them():
    printed = [[int(number) for number in line.split()] for line in PRINTED_PBS.strip().splitlines()]
    assert [[max_pbs(tmi, band) for tmi in range(15)] for band in range(4)] == printed


def test_the_rule_of_511_symbols_misses_exactly_three_cells_of_band_3():
    by_rule = {
        (band, tmi): max([n for n in range(1, 5) if n * symbols(tmi, band) <= 511], default=0) for band in range(4) for tmi in range(15)
    }
    assert {cell for cell, n in by_rule.items() if n != max_pbs(cell[1], cell[0])} == {(3, 2), (3, 6), (3, 14)}


def test_a_captured_frame_of_band_2_lasts_as_its_own_length_field_says():
    # published State Grid capture: TMI 4, 182 symbols, frame length 979 units of 10 us, which is payload and CIFS
    assert frame_symbols(4, 2, 1) == 182
    assert round((payload_s(4, 2, 1) + CIFS_S) / 10e-6) == 979


def test_bands_have_the_carriers_that_their_range_asks_for():
    printed_mhz = {0: (1.953, 11.96), 1: (2.441, 5.615), 2: (0.781, 2.930), 3: (1.758, 2.930)}
    for band, (low, high) in printed_mhz.items():
        hz = carrier_hz(band)
        assert hz[0] == pytest.approx(low * 1e6, abs=500)
        assert hz[-1] == pytest.approx(high * 1e6, abs=5000)
        assert len(hz) == BANDS[band].carriers
    assert [band.carriers for band in BANDS] == [411, 131, 89, 49]


def test_a_frame_without_payload_is_preamble_and_frame_control():
    # band 2: 532.5 us + 18 symbols of (1024 + 458) samples at 25 MHz
    assert airtime_s(4, 2, 0) == pytest.approx(532.5e-6 + 18 * 1482 / 25e6)


def test_a_payload_symbol_is_1288_samples():
    assert pytest.approx(51.52e-6) == SYMBOL_S


def test_a_frame_of_more_pbs_than_the_table_allows_is_refused():
    with pytest.raises(ValueError, match="0 to 2 PBs"):
        frame_symbols(4, 2, 3)


def test_bodies_of_pbs_are_what_head_and_check_sum_leave():
    assert {MODES[tmi].pb_bytes: pb_body_bytes(tmi) for tmi in PRINTED} == {520: 516, 136: 132, 264: 260, 72: 68}
    assert {tmi: MODES[tmi].pb_bytes for tmi in PRINTED} == {tmi: row[0] for tmi, row in PRINTED.items()}
