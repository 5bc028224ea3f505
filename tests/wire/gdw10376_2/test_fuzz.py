"""Damaged, cut, joined and invented frames by the hundred thousand: frames, counts and FrameError come out, nothing else."""

from benchmarks.faults.fuzz_gdw10376_2 import fuzz
from edge_agent.wire.gdw10376_2 import BUFFER_LIMIT

SEED = 20261125


def test_200000_bad_inputs_harm_nothing():
    counts = fuzz(200_000, SEED)
    print(f"seed {SEED}: {counts}")
    assert counts.inputs == 200_000
    assert counts.lost_frames == 0
    assert counts.most_held_bytes <= BUFFER_LIMIT
    # The inputs reach what they are meant to reach: whole frames, broken ones, good and bad data of known functions.
    assert min(counts.frames, counts.refused_frames, counts.described_frames, counts.refused_units, counts.checksum_errors) > 5_000


def test_the_same_seed_gives_the_same_counts():
    assert fuzz(500, 7) == fuzz(500, 7)
