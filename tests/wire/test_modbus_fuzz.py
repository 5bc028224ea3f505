"""Damaged input to the Modbus decoders: the number that every test run takes; ``make faults`` takes more."""

from benchmarks.faults.fuzz_modbus import fuzz

INPUTS, SEED = 200_000, 502


def test_no_input_raises_grows_or_swallows_a_good_frame():
    counts = fuzz(INPUTS, SEED)
    print(f"seed {SEED}: {counts}")
    assert counts.inputs == counts.recovered_frames == INPUTS
    assert counts.decoded_frames > INPUTS / 20
    assert counts.longest_held_bytes <= 1024
