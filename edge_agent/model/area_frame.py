"""All meters at one tick: what detectors run over, one call per detector, whatever the number of meters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.model.columns import N_COLUMNS
from edge_agent.model.sample import Sample

NEVER = -1


@dataclass(slots=True, eq=False)
class AreaFrame:
    """Struct of arrays, n = number of meters, all in archive order.

    Attributes:
        now_utc_ms: the tick.
        values: shape (N_COLUMNS, n), last value given, NaN = never given. ``values[COLUMN_INDEX["voltage_v.a"]]`` is contiguous.
        taken_utc_ms: shape (N_COLUMNS, n), when that value was taken; NEVER = not yet. ``now_utc_ms - taken_utc_ms`` is its age.
        answered_utc_ms: shape (n,), last answer of any kind; NEVER = none yet.
        polls_failed: shape (n,), polls without answer since the last answer.
        first_failed_utc_ms: shape (n,), first of these failures; NEVER = none.
        reachable: shape (n,), False while the bus of the meter is down: its silence then says nothing.
        supply_v: shape (3,), the concentrator's own mains, NaN = not measured or stale.
    """

    now_utc_ms: int
    values: npt.NDArray[np.float64]
    taken_utc_ms: npt.NDArray[np.int64]
    answered_utc_ms: npt.NDArray[np.int64]
    polls_failed: npt.NDArray[np.int32]
    first_failed_utc_ms: npt.NDArray[np.int64]
    reachable: npt.NDArray[np.bool_]
    supply_v: npt.NDArray[np.float64]

    @classmethod
    def empty(cls, n_meters: int, now_utc_ms: int = 0) -> AreaFrame:
        """Nothing read yet; every bus reachable; supply not measured."""
        return cls(
            now_utc_ms=now_utc_ms,
            values=np.full((N_COLUMNS, n_meters), np.nan),
            taken_utc_ms=np.full((N_COLUMNS, n_meters), NEVER, dtype=np.int64),
            answered_utc_ms=np.full(n_meters, NEVER, dtype=np.int64),
            polls_failed=np.zeros(n_meters, dtype=np.int32),
            first_failed_utc_ms=np.full(n_meters, NEVER, dtype=np.int64),
            reachable=np.ones(n_meters, dtype=np.bool_),
            supply_v=np.full(3, np.nan),
        )

    @property
    def n_meters(self) -> int:
        return int(self.answered_utc_ms.shape[0])

    def tick(self, now_utc_ms: int) -> None:
        """It is ``now_utc_ms``. When the clock was set back, answers move with it: one from the future would count as an answer to come."""
        set_by_ms = now_utc_ms - self.now_utc_ms
        if set_by_ms < 0:
            np.maximum(self.answered_utc_ms + set_by_ms, NEVER, out=self.answered_utc_ms)
        self.now_utc_ms = now_utc_ms

    def take(self, sample: Sample) -> None:
        """Put one answer into its column of meters; values not given keep their last value and age."""
        meter, given = sample.meter, sample.values == sample.values
        np.copyto(self.values[:, meter], sample.values, where=given)
        np.copyto(self.taken_utc_ms[:, meter], sample.taken_utc_ms, where=given)
        self.answered_utc_ms[meter] = sample.taken_utc_ms
        self.polls_failed[meter] = 0
        self.first_failed_utc_ms[meter] = NEVER

    def poll_failed(self, meter: int, at_utc_ms: int) -> None:
        """Count one unanswered poll."""
        if self.polls_failed[meter] == 0:
            self.first_failed_utc_ms[meter] = at_utc_ms
        self.polls_failed[meter] += 1
