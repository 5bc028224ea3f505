"""Each kernel against the same loop in C, on the same arrays, in alternating runs; what a call costs; a tick of all detectors.

python -m benchmarks.kernels.run [--elements 200000] [--runs 15] [--json]
"""

from __future__ import annotations

import argparse
import ctypes
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import cython_ext
from benchmarks.kernels.pairs import compiled, find_modules, pointer
from benchmarks.kernels.tick import tick_rows
from cython_ext.band import update_band
from cython_ext.crc16 import crc16_modbus
from cython_ext.crc32c import crc32c
from cython_ext.registers import FIELD, KINDS, RegisterFields
from cython_ext.silence import mark_silent
from cython_ext.thermal import update_thermal
from simulator.cli.rows import Row, print_rows

RATIO_GOAL = 1.5
_I64, _I32, _F64 = ctypes.c_int64, ctypes.c_int32, ctypes.c_double
_PERIOD_MS = 60_000


def compiled_loops(directory: Path) -> ctypes.CDLL:
    loops = compiled(Path(__file__).with_name("loops.c"), directory)
    loops.crc16_prepare()
    loops.crc32c_prepare()
    return loops


class Work:
    """Arrays of ``n`` elements that a kernel and its loop in C take turns on; every run brings new values."""

    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        chance = np.random.default_rng(1)
        self.n, self.loops, self.now_ms = n, loops, 0
        self.value = chance.normal(220.0, 12.0, n)
        self.current = np.abs(chance.normal(20.0, 15.0, n))
        self.taken = np.zeros(n, dtype=np.int64)
        self.limits = np.array([np.full(n, limit) for limit in (198.0, 235.4, 200.0, 233.4, 110.0)])
        self.reference = np.full(n, 25.0)
        self.seen, self.since, self.begun = (np.full(n, -1, dtype=np.int64) for _ in range(3))
        self.side, self.pending, self.code, self.level, self.silent = (np.zeros(n, dtype=np.int8) for _ in range(5))
        self.heat = np.zeros(n)
        self.failed = chance.integers(0, 4, n, dtype=np.int32)
        self.first = chance.integers(-1, 1_000_000, n)
        self.reachable = np.ones(n, dtype=np.bool_)
        self.data = chance.bytes(n)
        self.fields = np.zeros(n, dtype=FIELD)
        self.fields["kind"], self.fields["high_word_first"], self.fields["low"], self.fields["high"] = KINDS.index("f32"), 1, -1e9, 1e9
        self.fields["numerator"] = self.fields["denominator"] = 1.0
        self.fields["offset"], self.fields["column"] = 4 * np.arange(n), np.arange(n)
        self.registers = chance.normal(220.0, 12.0, n).astype(">f4").tobytes()
        self.block = RegisterFields(self.fields, size_bytes=4 * n, n_values=n)
        self.decoded = np.zeros(n)

    def fresh(self) -> None:
        self.now_ms += _PERIOD_MS
        self.taken[:] = self.now_ms

    def pairs(self) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
        """name -> (kernel, loop in C)."""
        w, loops, n = self, self.loops, ctypes.c_ssize_t(self.n)
        thresholds = (0.85, 0.9, 1.0)
        return {
            "band": (
                lambda: update_band(
                    w.value, w.taken, w.limits, w.seen, w.since, w.begun, w.side, w.pending, w.code, 180_000, 180_000, 900_000
                ),
                lambda: loops.band(
                    n,
                    *map(pointer, (w.value, w.taken, w.limits, w.seen, w.since, w.begun, w.side, w.pending, w.code)),
                    _I64(180_000),
                    _I64(180_000),
                    _I64(900_000),
                ),
            ),
            "thermal": (
                lambda: update_thermal(w.current, w.taken, w.reference, w.heat, w.seen, w.level, w.code, 600.0, 900.0, thresholds),
                lambda: loops.thermal(
                    n,
                    *map(pointer, (w.current, w.taken, w.reference, w.heat, w.seen, w.level, w.code)),
                    *map(_F64, (600.0, 900.0, *thresholds)),
                ),
            ),
            "silence": (
                lambda: mark_silent(w.failed, w.first, w.reachable, w.silent, w.now_ms, 3, 30_000),
                lambda: loops.silence(n, *map(pointer, (w.failed, w.first, w.reachable, w.silent)), _I64(w.now_ms), _I32(3), _I64(30_000)),
            ),
            "registers": (
                lambda: w.block.decode(w.registers, w.decoded),
                lambda: loops.registers(n, ctypes.c_char_p(w.registers), *map(pointer, (w.fields, w.decoded, w.code))),
            ),
            "crc16": (lambda: crc16_modbus(w.data), lambda: loops.crc16(n, ctypes.c_char_p(w.data))),
            "crc32c": (lambda: crc32c(w.data), lambda: loops.crc32c(n, ctypes.c_char_p(w.data))),
        }


def cpu_s(call: Callable[[], object]) -> float:
    began = time.process_time_ns()
    call()
    return (time.process_time_ns() - began) / 1e9


def kernel_rows(loops: ctypes.CDLL, elements: int, runs: int) -> list[Row]:
    work, small = Work(elements, loops), Work(1, loops)
    small_pairs = small.pairs()
    rows = []
    for name, (kernel, loop) in work.pairs().items():
        rows += _ratio_rows(name, work.fresh, kernel, loop, small_pairs[name][0], elements, runs)
    return rows


def found_rows(directory: Path, elements: int, runs: int) -> list[Row]:
    """Of the modules of this folder that bring a kernel."""
    rows: list[Row] = []
    for name, module in find_modules().items():
        loops = compiled(Path(module.__file__ or "").with_suffix(".c"), directory)
        pair, small = module.make(elements, loops), module.make(1, loops)
        rows += _ratio_rows(name, pair.fresh, pair.kernel, pair.loop, small.kernel, elements, runs)
        if hasattr(module, "peers"):
            rows += module.peers(runs)
    return rows


def _ratio_rows(
    name: str, fresh: Callable[[], None], kernel: Callable[[], object], loop: Callable[[], object], on_one: Callable[[], object],
    elements: int, runs: int,
) -> list[Row]:
    ours, plain = [], []
    for _ in range(runs):
        fresh()
        ours.append(cpu_s(kernel))
        fresh()
        plain.append(cpu_s(loop))
    ratio = statistics.median(ours) / statistics.median(plain)
    began = time.perf_counter()
    for _ in range(2000):
        on_one()
    call_us = (time.perf_counter() - began) / 2000 * 1e6
    return [
        Row(name=f"{name}: kernel / C loop", figure=ratio, unit="ratio", goal=f"<= {RATIO_GOAL}", ok=ratio <= RATIO_GOAL),
        Row(name=f"{name}: per element", figure=statistics.median(ours) / elements * 1e9, unit="ns", goal="-", ok=True),
        Row(name=f"{name}: call on one element", figure=call_us, unit="us", goal="-", ok=True),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not cython_ext.COMPILED:
        print("the kernels are not compiled here (HPLC_EDGE_PURE=1): nothing to compare", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        rows = kernel_rows(compiled_loops(Path(directory)), arguments.elements, arguments.runs)
        rows += found_rows(Path(directory), arguments.elements, arguments.runs)
    return print_rows([*rows, *tick_rows(arguments.runs)], as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
