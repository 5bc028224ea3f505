"""Random, mutated and truncated input: the number that every test run takes; ``make faults`` takes more."""

from __future__ import annotations

from benchmarks.faults.fuzz_dlt645 import fuzz

INPUTS, SEED = 200_000, 645


def test_no_input_raises_grows_or_swallows_a_good_frame():
    counts = fuzz(INPUTS, SEED)
    print(f"seed {SEED}: {counts}")
    assert counts.inputs == INPUTS == counts.recovered_frames + counts.overlapped_frames == counts.described_inputs + counts.refused_inputs
    assert counts.overlapped_frames < INPUTS / 1000
    assert counts.described_inputs > INPUTS / 20
    assert counts.decoded_frames > INPUTS / 20
    assert counts.longest_held_bytes < 212


def test_the_same_seed_gives_the_same_counts():
    assert fuzz(2_000, 7) == fuzz(2_000, 7)
