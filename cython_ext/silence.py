"""Which meters are silent: enough polls unanswered, for long enough, on a bus that is up.

Kernel because it is asked at every tick, nearly always to say "none".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("silence")


def mark_silent(
    polls_failed: npt.NDArray[np.int32], first_failed_ms: npt.NDArray[np.int64], reachable: npt.NDArray[np.bool_],
    silent: npt.NDArray[np.int8], now_ms: int, min_polls: int, min_ms: int,
) -> int:
    """Set ``silent`` (shape (n,), 0 or 1) and give the number of silent meters.

    Raises:
        ValueError: shapes do not fit.
    """
    n = silent.shape[0]
    if any(array.shape != (n,) for array in (polls_failed, first_failed_ms, reachable)):
        raise ValueError(f"all arrays must have {n} elements")
    count: int = _kernel.mark_silent(polls_failed, first_failed_ms, reachable.view(np.int8), silent, now_ms, min_polls, min_ms)
    return count
