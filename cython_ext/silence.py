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
    """Set ``silent`` (0 or 1) and give the number of silent meters.

    Args:
        polls_failed, first_failed_ms, reachable: shape (n,), as in the area frame. A first failure after ``now_ms`` means that the clock
            was set back: then the number of polls decides alone.
        silent: shape (n,), int8, written.

    Raises:
        ValueError: shapes or types do not fit.
    """
    n = silent.shape[0]
    if any(array.shape != (n,) for array in (polls_failed, first_failed_ms, reachable)):
        raise ValueError(f"all arrays must have {n} elements")
    if polls_failed.dtype != np.int32 or first_failed_ms.dtype != np.int64 or reachable.dtype != np.bool_ or silent.dtype != np.int8:
        raise ValueError("polls_failed must be int32 elements, first_failed_ms int64, reachable bool, silent int8")
    count: int = _kernel.mark_silent(polls_failed, first_failed_ms, reachable.view(np.int8), silent, now_ms, min_polls, min_ms)
    return count
