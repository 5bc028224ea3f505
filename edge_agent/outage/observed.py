"""What is known of the meters while it is not yet clear what has failed: the input of the posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PHASE_BITS = {"a": 1, "b": 2, "c": 4}
UNKNOWN = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """Since the first sign of something unexplained; arrays in archive order, n = number of meters.

    Attributes:
        gasped: shape (n,), bool; a last gasp of it passed the filters and it has not answered since.
        gasp_chance: shape (n,), 0..1; that a last gasp would have come by now if the meter were dead: the learned delivery times the part
            of the delays that has passed. 0 where nothing can bring one (RS-485, no capacitor).
        polls_failed: shape (n,), int32; polls at different times without answer, since its last answer.
        answered: shape (n,), bool; it has answered since, and not failed again: it has supply.
        masked: shape (n,), bool; of it nothing can be said, or an outage that is settled explains it: it counts neither way.
        via: shape (n,), int32; archive index of the meter that relays for it, UNKNOWN = none, or not known.
        phase_lost: shape (n,), int8; bits (PHASE_BITS, of the grid) on which a living three-phase meter shows no voltage.
        phase_live: shape (n,), int8; bits on which a living meter shows voltage.
        mains: shape (3,), int8; the concentrator's own phases: 1 in, 0 out, UNKNOWN.
        load_drop_a: shape (3,), by how much the area meter's phase currents fell when it began; NaN = not known.
        load_drop_sd_a: shape (3,), standard deviation of that by loads that only come and go.
        last_current_a: shape (n, 3), last currents before it began, by phase of the grid; NaN = not known.
    """

    gasped: npt.NDArray[np.bool_]
    gasp_chance: npt.NDArray[np.float64]
    polls_failed: npt.NDArray[np.int32]
    answered: npt.NDArray[np.bool_]
    masked: npt.NDArray[np.bool_]
    via: npt.NDArray[np.int32]
    phase_lost: npt.NDArray[np.int8]
    phase_live: npt.NDArray[np.int8]
    mains: npt.NDArray[np.int8]
    load_drop_a: npt.NDArray[np.float64]
    load_drop_sd_a: npt.NDArray[np.float64]
    last_current_a: npt.NDArray[np.float64]

    @classmethod
    def nothing(cls, n_meters: int) -> Observed:
        """No evidence at all; arrays may be filled in."""
        return cls(
            gasped=np.zeros(n_meters, np.bool_), gasp_chance=np.zeros(n_meters), polls_failed=np.zeros(n_meters, np.int32),
            answered=np.zeros(n_meters, np.bool_), masked=np.zeros(n_meters, np.bool_), via=np.full(n_meters, UNKNOWN, np.int32),
            phase_lost=np.zeros(n_meters, np.int8), phase_live=np.zeros(n_meters, np.int8), mains=np.full(3, UNKNOWN, np.int8),
            load_drop_a=np.full(3, np.nan), load_drop_sd_a=np.full(3, np.nan), last_current_a=np.full((n_meters, 3), np.nan),
        )
