"""Arcing half cycles counted over the last half second and second: rings of 100 bits, many circuits in one call.

Kernel because counts are wanted after each of 100 half cycles a second of each circuit: 10 ns here, microseconds in the plain twin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("half_cycles")

LIKE, ARCING, MOVED, STEADY, MISSING, BACK, OTHER, UNSEEN = range(8)
N_RINGS = 5                                  # arcing; missing and not yet confirmed; moved; steady; returned
N05, N1, N_MOVED, N_STEADY, N_RETURNED, N_COUNTS = range(6)
SLOTS = 100                                  # half cycles of 10 ms in one second


def count_half_cycles(codes: npt.NDArray[np.int8], rings: npt.NDArray[np.uint64], out: npt.NDArray[np.int32]) -> None:
    """Push half cycles into the rings of their circuits and count after each.

    A half cycle without current (MISSING) may be an arc that did not strike again, or a switch. It counts as arcing, in its own slot, once
    current has come back arcing or BACK, and never when it comes back as it was (LIKE), lower (OTHER) or was not seen (UNSEEN).

    Args:
        codes: shape (n, w): for each circuit the next w half cycles: LIKE the reference; ARCING, or where the one of the same polarity
            before it arced as well, MOVED or STEADY against that one; MISSING; BACK (no arc and not less current than usual, of another
            shape: what follows an arc); OTHER (no arc: another load, or nothing to compare with); UNSEEN.
        rings: shape (n, 10), state, changed in place: low and high word of each ring, newest half cycle in bit 0.
        out: shape (n, w, 5), filled: N05 and N1 arcing half cycles of the last 50 and 100; of the last 100, N_MOVED those that MOVED or
            brought the current back after missing ones, and N_STEADY; N_RETURNED half cycles LIKE or BACK since the oldest arcing one.
    Raises:
        ValueError: shapes, types or codes do not fit.
    Source: 8 in 0.5 s of UL 1699, 14 and 9 in 1 s of GB 14287.4-2014 (detection.md 3).
    """
    if codes.ndim != 2 or rings.shape != (len(codes), 2 * N_RINGS) or out.shape != (*codes.shape, N_COUNTS):
        raise ValueError(f"codes (n, w) need rings (n, {2 * N_RINGS}) and out (n, w, {N_COUNTS})")
    if codes.dtype != np.int8 or rings.dtype != np.uint64 or out.dtype != np.int32:
        raise ValueError("codes must be int8, rings uint64, out int32")
    if codes.size and not (codes.min() >= LIKE and codes.max() <= UNSEEN):
        raise ValueError(f"codes must be {LIKE} to {UNSEEN}")
    _kernel.count_half_cycles(codes, rings, out)


def arcing_slots(rings: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which of the last 100 half cycles of one circuit arced, shape (100,), oldest first; ``rings`` has shape (10,)."""
    bits = int(rings[0]) | int(rings[1]) << 64
    return np.array([bits >> slot & 1 for slot in range(SLOTS - 1, -1, -1)], dtype=np.bool_)
