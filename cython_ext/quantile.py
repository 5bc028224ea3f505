"""A running quantile of the means of time bins: the natural level of a value that loads and faults only raise.

Exact over the last k bins in which there were values, so neither a pause nor a clock that was set changes what was learned. Kernel because
it runs over every meter each tick; a bin that closes sorts k values, everything else is one addition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("quantile")
NEVER = -1


class QuantileTracker:
    """``bins`` bins of ``bin_ms`` for each of ``n`` elements; ``share`` 0.1 is the 10th percentile.

    Attributes:
        quantile: shape (n,), NaN until the first bin has closed.
        filled: shape (n,), bins closed so far.
        closed: shape (n,), int8: 1 where the last ``update`` closed a bin.
    """

    def __init__(self, n: int, *, bins: int, bin_ms: int, share: float) -> None:
        """Raises ValueError: no bin, a bin without length, a share outside 0..1."""
        if bins < 1 or bin_ms < 1 or not 0 <= share <= 1:
            raise ValueError("bins and bin_ms must be at least 1, share within 0..1")
        self._share, self._bin_ms = share, bin_ms
        self.closed = np.zeros(n, dtype=np.int8)
        self._scratch = np.zeros(bins)
        self._seen_ms = np.full(n, NEVER, dtype=np.int64)
        self._bin_number = np.full(n, NEVER, dtype=np.int64)
        self._total, self._count = np.zeros(n), np.zeros(n, dtype=np.int64)
        self._ring, self.filled = np.full((n, bins), np.nan), np.zeros(n, dtype=np.int64)
        self.quantile = np.full(n, np.nan)

    def update(
        self, value: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64], is_held: npt.NDArray[np.int8]
    ) -> int:
        """Take the values that are new; those that are not finite, of no time or held back are not counted.

        Args:
            value, taken_ms, is_held: shape (n,), float64, int64, int8. A value of an earlier bin than the last one starts a bin anew.
        Returns:
            How many bins closed.
        Raises:
            ValueError: shapes or types do not fit.
        """
        shape = self.quantile.shape
        if value.shape != shape or taken_ms.shape != shape or is_held.shape != shape:
            raise ValueError(f"arrays must have {shape[0]} elements")
        if value.dtype != np.float64 or taken_ms.dtype != np.int64 or is_held.dtype != np.int8:
            raise ValueError("value must be float64 elements, taken_ms int64, is_held int8")
        closed: int = _kernel.update_quantile(
            value, taken_ms, is_held, self._seen_ms, self._bin_number, self._total, self._count, self._ring, self.filled, self.quantile,
            self.closed, self._scratch, self._share, self._bin_ms,
        )
        return closed

    def forget(self, elements: npt.NDArray[np.intp]) -> None:
        """Start these anew."""
        for array, blank in (
            (self._seen_ms, NEVER), (self._bin_number, NEVER), (self._total, 0), (self._count, 0), (self._ring, np.nan), (self.filled, 0),
            (self.quantile, np.nan),
        ):  # fmt: skip
            array[elements] = blank

    def state(self) -> Mapping[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]]:
        """The arrays to save, first axis n; what is written into them is the state."""
        return {
            "seen_ms": self._seen_ms, "bin_number": self._bin_number, "total": self._total, "count": self._count, "ring": self._ring,
            "filled": self.filled, "quantile": self.quantile,
        }
