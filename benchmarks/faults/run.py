"""Millions of damaged frames through every codec.

    python -m benchmarks.faults.run [--inputs 10000000] [--seed 1] [--json]

Each codec takes ``inputs`` random, mutated and truncated inputs; what they did wrong ends the run with the bytes that did it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from benchmarks.faults import fuzz_dlt645, fuzz_gdw10376_2, fuzz_modbus
from simulator.cli.rows import Row, print_rows

_AT_ONCE = 100_000
_SEEDS_APART = 1_000_000      # pieces of a run and runs of another seed never take the same inputs
CODECS = ("modbus", "dlt645", "gdw10376.2")


def lost_frames(codec: str, inputs: int, seed: int) -> int:
    """Good frames that junk before them swallowed. Anything worse raises."""
    if codec == "modbus":
        found = fuzz_modbus.fuzz(inputs, seed)
        return found.inputs - found.recovered_frames
    if codec == "dlt645":
        counts = fuzz_dlt645.fuzz(inputs, seed)
        return counts.inputs - counts.recovered_frames - counts.overlapped_frames
    return fuzz_gdw10376_2.fuzz(inputs, seed).lost_frames


def _pieces(inputs: int, seed: int) -> Iterator[tuple[str, int, int]]:
    for number, begin in enumerate(range(0, inputs, _AT_ONCE)):
        for codec in CODECS:
            yield codec, min(_AT_ONCE, inputs - begin), seed * _SEEDS_APART + number


def measure(inputs: int, seed: int, say: Callable[[float], None]) -> list[Row]:
    lost = dict.fromkeys(CODECS, 0)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        asked = {pool.submit(lost_frames, *piece): piece[0] for piece in _pieces(inputs, seed)}
        for done, future in enumerate(as_completed(asked), 1):
            lost[asked[future]] += future.result()
            say(done / len(asked))
    return [
        row for codec, count in lost.items() for row in (
            Row(name=f"{codec}: damaged inputs", figure=inputs, unit="inputs", goal="-", ok=True),
            Row(name=f"{codec}: good frames lost", figure=count, unit="frames", goal="= 0", ok=count == 0),
        )
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    def say(share: float) -> None:
        if sys.stderr.isatty():
            print(f"\r{share:5.0%}", end="" if share < 1.0 else "\n", file=sys.stderr, flush=True)

    return print_rows(measure(arguments.inputs, arguments.seed, say), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
