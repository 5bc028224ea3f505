"""One list of events from which any step follows: a coarse step is the exact mean of the fine ones in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]


class _Borders(NamedTuple):
    """Where a segment begins or ends, and W, var, J and J reactive there: between two borders the power stands still."""

    times: Real
    powers: list[Real]
    energies: list[Real]


class LoadProfile:
    """Segments of constant power, overlapping as they like; times in seconds since the scenario began.

    Args:
        begin_s, end_s, p_w, q_var: shape (n,); what a segment adds between its begin and its end.
    Raises:
        ValueError: lengths differ, a number is not finite, or a segment ends before it begins.
    """

    def __init__(self, begin_s: npt.ArrayLike, end_s: npt.ArrayLike, p_w: npt.ArrayLike, q_var: npt.ArrayLike) -> None:
        rows = [np.asarray(values, dtype=float) for values in (begin_s, end_s, p_w, q_var)]
        if any(row.shape != rows[0].shape or row.ndim != 1 for row in rows):
            raise ValueError("begin_s, end_s, p_w and q_var must be rows of one length")
        self._segments: Real = np.stack(rows)
        if not np.isfinite(self._segments).all():
            raise ValueError("times and powers must be finite")
        if (rows[1] < rows[0]).any():
            raise ValueError(f"segment {int(np.argmax(rows[1] < rows[0]))} ends before it begins")
        self._borders: _Borders | None = None       # most profiles are only parts of a sum, and are never asked

    def _sorted(self) -> _Borders:
        begin, end, p, q = self._segments
        at = np.concatenate([begin, end])
        order = np.argsort(at, kind="stable")
        times: Real = at[order]
        powers = [np.cumsum(np.concatenate([values, -values])[order]) for values in (p, q)]
        spans = np.diff(times)
        energies = [np.concatenate([[0.0], np.cumsum(power[:-1] * spans)]) if len(power) else power for power in powers]
        return _Borders(times, powers, energies)

    def mean_power(self, from_s: float, step_s: float, n: int) -> tuple[Real, Real]:
        """Mean W and var over each of ``n`` steps from ``from_s`` on, shape (n,) both."""
        edges = from_s + step_s * np.arange(n + 1)
        if not len(self._segments[0]):
            return np.zeros(n), np.zeros(n)
        if self._borders is None:
            self._borders = self._sorted()
        times, powers, energies = self._borders
        place = np.searchsorted(times, edges, side="right") - 1
        known = np.maximum(place, 0)
        since = np.where(place >= 0, edges - times[known], 0.0)
        p_w, q_var = (
            np.diff(np.where(place >= 0, energy[known] + power[known] * since, 0.0)) / step_s
            for power, energy in zip(powers, energies, strict=True)
        )
        return p_w, q_var

    @classmethod
    def sum(cls, profiles: Iterable[LoadProfile]) -> LoadProfile:
        """All of them together."""
        parts = [profile._segments for profile in profiles]
        return cls(*(np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))))

    @classmethod
    def of_power(
        cls, begin_s: npt.ArrayLike, length_s: npt.ArrayLike, p_w: npt.ArrayLike, power_factor: float | Real = 1.0
    ) -> LoadProfile:
        """Segments by their length, reactive power by a lagging power factor; scalars stand for every segment."""
        begin = np.asarray(begin_s, dtype=float)
        p = np.zeros(begin.shape) + np.asarray(p_w, dtype=float)
        return cls(begin, begin + length_s, p, np.abs(p) * np.sqrt(1.0 / power_factor**2 - 1.0))
