"""What the voltage of a service is compared with: its neighbours on the same phase, or the meter at the transformer, or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.bin_means import NO_BIN
from cython_ext.peer_median import peer_median
from edge_agent.detect.service_places import UNKNOWN, ServicePlaces

Floats = npt.NDArray[np.float64]

_UNDECIDED, _PEERS, _AREA, _ALONE = range(4)
_TRIAL_PAIRS = 96             # a day of readings each 15 min, one and a half hours of minutes
_PHASE_PAIRS_MOST = 2000      # a phase that is not plain by then stays unknown
_PLAIN = 0.8                  # the right phase leaves clearly less variance than the next best
_KEPT = 32                    # bins of the area meter: more than the longest gap
_MIN_PEERS, _MIN_SHARE = 3, 0.6
_LOSS_SHARE = 0.9             # with fewer meters than that the difference to the area meter is no loss
_CLIP_V2 = 4.0                # a large step of the own load says nothing about the phase


class ServiceReference:
    """What a service is compared with is chosen once, after ``_TRIAL_PAIRS`` steps: a change of reference would look like a change of R."""

    def __init__(self, places: ServicePlaces) -> None:
        self._places = places
        m = len(places)
        self.state: dict[str, npt.NDArray[Any]] = {
            "mode": np.full(m, _UNDECIDED, dtype=np.int8), "grid_phase": places.grid_phase.copy(),
            "pairs": np.zeros(m, dtype=np.int32), "with_peers": np.zeros(m, dtype=np.int32), "with_area": np.zeros(m, dtype=np.int32),
            "phase_square": np.zeros((3, m)),
            "area_bin": np.full(_KEPT, NO_BIN, dtype=np.int64),
            "area_v": np.full((3, _KEPT), np.nan), "area_w": np.full((4, _KEPT), np.nan),
        }
        self._grouped = self.state["grid_phase"].copy()
        self._groups = places.groups(self._grouped)
        self._work, self._median = np.zeros(m), np.zeros(m)

    @property
    def is_alone(self) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.state["mode"] == _ALONE
        return found

    def forget(self, services: npt.NDArray[np.intp]) -> None:
        """The choice is made anew; a phase that was learned is learned again."""
        self.state["mode"][services] = _UNDECIDED
        self.state["grid_phase"][services] = self._places.grid_phase[services]
        for name in ("pairs", "with_peers", "with_area"):
            self.state[name][services] = 0
        self.state["phase_square"][:, services] = 0.0

    def keep_area(self, number: int, area_v: Floats, area_w: Floats) -> None:
        slot = number % _KEPT
        self.state["area_bin"][slot] = number
        self.state["area_v"][:, slot], self.state["area_w"][:, slot] = area_v, area_w

    def steps_v(
        self, number: int, v_step_v: Floats, gap: npt.NDArray[np.int64], is_usual: npt.NDArray[np.bool_]
    ) -> Floats:
        """The reference's step beside each service's, NaN where it has none now or none was chosen yet; 0 where it stands alone."""
        state = self.state
        if not np.array_equal(self._grouped, state["grid_phase"]):
            self._grouped = state["grid_phase"].copy()
            self._groups = self._places.groups(self._grouped)
        peer_median(
            np.where(is_usual, v_step_v, np.nan), self._groups, self._work, self._median, min_peers=_MIN_PEERS, min_share=_MIN_SHARE
        )
        area_steps_v = self._area_steps_v(number, gap)
        phase = state["grid_phase"]
        area_v = np.where(phase == UNKNOWN, np.nan, np.take_along_axis(area_steps_v, np.maximum(phase, 0)[None].astype(np.intp), axis=0)[0])
        if (state["mode"] == _UNDECIDED).any():
            self._choose(v_step_v, area_v, area_steps_v)
        mode = state["mode"]
        found: Floats = np.where(mode == _PEERS, self._median, np.where(mode == _AREA, area_v, np.where(mode == _ALONE, 0.0, np.nan)))
        found[np.abs(found) > 0.05 * self._places.nominal_v] = np.nan        # a tap step, a fault: no load did that
        return found

    def loss_w(self, number: int, gap: int, power_step_w: Floats, is_usual: npt.NDArray[np.bool_]) -> Floats:
        """Step of what the area meter saw and the customers' meters did not, of the service's phase where it can be told."""
        state, slot, before = self.state, number % _KEPT, (number - gap) % _KEPT
        m = len(self._places)
        if state["area_bin"][before] != number - gap:
            return np.full(m, np.nan)
        area_w = state["area_w"][:, slot] - state["area_w"][:, before]
        known_w = np.where(is_usual, power_step_w, 0.0)
        phase = state["grid_phase"]
        if (phase == UNKNOWN).any() or not np.isfinite(area_w[:3]).all():
            is_enough = is_usual.sum() >= _LOSS_SHARE * m
            return np.where(is_usual, area_w[3] - known_w.sum(), np.nan) if is_enough else np.full(m, np.nan)
        counts = np.bincount(phase, minlength=3), np.bincount(phase[is_usual], minlength=3)
        losses_w: Floats = area_w[:3] - np.bincount(phase, weights=known_w, minlength=3)
        losses_w[counts[1] < _LOSS_SHARE * counts[0]] = np.nan
        return np.where(is_usual, losses_w[phase], np.nan)

    def _area_steps_v(self, number: int, gap: npt.NDArray[np.int64]) -> Floats:
        """Shape (3, m): the step of each phase at the transformer over the same bins as the service's."""
        state = self.state
        before = number - gap
        slot = before % _KEPT
        steps_v: Floats = state["area_v"][:, number % _KEPT][:, None] - state["area_v"][:, slot]
        steps_v[:, state["area_bin"][slot] != before] = np.nan
        return steps_v

    def _choose(self, v_step_v: Floats, area_v: Floats, area_steps_v: Floats) -> None:
        state = self.state
        is_pair = np.isfinite(v_step_v) & (state["mode"] == _UNDECIDED)
        state["pairs"] += is_pair
        state["with_peers"] += is_pair & np.isfinite(self._median)
        state["with_area"] += is_pair & np.isfinite(area_steps_v).all(axis=0)
        is_unknown = is_pair & (state["grid_phase"] == UNKNOWN)
        if is_unknown.any():
            self._learn_phase(is_unknown, v_step_v, area_steps_v)
        is_tried = is_pair & (state["pairs"] >= _TRIAL_PAIRS)
        is_learning = (state["grid_phase"] == UNKNOWN) & (2 * state["with_area"] >= state["pairs"]) & (state["pairs"] < _PHASE_PAIRS_MOST)
        is_settled = is_tried & ~is_learning
        is_known = state["grid_phase"] != UNKNOWN
        has_peers, has_area = 2 * state["with_peers"] >= state["pairs"], 2 * state["with_area"] >= state["pairs"]
        chosen = np.where(is_known & has_peers, _PEERS, np.where(is_known & has_area, _AREA, _ALONE))
        np.copyto(state["mode"], chosen.astype(np.int8), where=is_settled)

    def _learn_phase(self, is_unknown: npt.NDArray[np.bool_], v_step_v: Floats, area_steps_v: Floats) -> None:
        """The phase whose steps at the transformer leave the least of the service's own."""
        state = self.state
        squares = np.minimum((v_step_v - area_steps_v) ** 2, _CLIP_V2)
        state["phase_square"] += np.where(is_unknown & np.isfinite(squares).all(axis=0), squares, 0.0)
        best, second = np.sort(state["phase_square"], axis=0)[:2]
        is_plain = is_unknown & (state["with_area"] >= _TRIAL_PAIRS) & (best < _PLAIN * second)
        if is_plain.any():
            np.copyto(state["grid_phase"], state["phase_square"].argmin(axis=0).astype(np.int8), where=is_plain)
            for name in ("pairs", "with_peers", "with_area"):
                state[name][is_plain] = 0          # neighbours are found only now
