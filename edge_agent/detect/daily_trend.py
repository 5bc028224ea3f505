"""A slope over days that a few odd days cannot make: Theil and Sen's, and only where the order of the days bears it out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

DAYS = 8                 # values a day apart: they span seven days
_LEAST_ORDER = 16        # Mann-Kendall S for 8 values: p = 0.031 one-sided (Kendall, table of S)
_EARLIER, _LATER = np.triu_indices(DAYS, 1)


def theil_sen(days: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Median of the slopes of all pairs, per day.

    Args:
        days: shape (m, DAYS), oldest first.
    Returns:
        shape (m,).
    """
    slopes: npt.NDArray[np.float64] = np.median((days[:, _LATER] - days[:, _EARLIER]) / (_LATER - _EARLIER), axis=1)
    return slopes


def is_rising(days: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether later days are higher more often than chance makes them (Mann-Kendall, 5 %). Shape as ``theil_sen``."""
    order = np.sign(days[:, _LATER] - days[:, _EARLIER]).sum(axis=1)
    rising: npt.NDArray[np.bool_] = order >= _LEAST_ORDER
    return rising


class DailyValues:
    """The last ``DAYS`` daily values of each element."""

    def __init__(self, n: int) -> None:
        self.state: dict[str, npt.NDArray[Any]] = {"days": np.full((n, DAYS), np.nan)}

    def push(self, elements: npt.NDArray[np.intp], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Add a day. Gives the slope of each of these per day; 0 where days are missing or do not bear out a rise."""
        days = self.state["days"]
        days[elements, :-1] = days[elements, 1:]
        days[elements, -1] = values
        own = days[elements]
        slopes = np.zeros(len(elements))
        whole = np.flatnonzero(~np.isnan(own).any(axis=1))
        if len(whole):
            slopes[whole] = np.where(is_rising(own[whole]), theil_sen(own[whole]), 0.0)
        return slopes

    def forget(self, elements: npt.NDArray[np.intp]) -> None:
        self.state["days"][elements] = np.nan
