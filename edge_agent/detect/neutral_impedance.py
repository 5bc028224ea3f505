"""What the neutral of each place costs per ampere: steps of the shift explained by steps of the currents, now and as it used to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.complex_rls import standard_error, update_complex_rls
from edge_agent.detect.neutral_places import AXES, Real

SUM = 3  # rows 0 to 2 are the phases, row 3 is their vector sum
_ROWS = 4
_NOISE_V = 0.1  # resolution of voltages
_CLIP = 3.0  # standard deviations, detection.md 1 method B
_DOMINANT = 4.0  # a step belongs to one phase where it is so many times those of the others
_LEAST_STEPS = np.array([[8.0], [8.0], [8.0], [15.0]])  # detection.md 2: windows of at least 15 accepted steps


class NeutralImpedance:
    """Complex ohms of each place, four rows: of single-phase steps on a, b and c, and of all steps against the vector sum.

    Row k is ``Z_N + 2/3 Z_k``: a joint in one phase raises its own row alone, a joint in the neutral raises all (from the derivative of
    ``shift = -1/(3R) sum a_k (V_k^2 - mean)``: a drop in phase k moves it by 2/3 of the drop along a_k). The sum of the rows' steps is what
    detection.md 2 calls Z_N.
    """

    def __init__(self, n: int, *, steps_kept: float, least_step_a: float) -> None:
        self._n, self._keep, self._least_a = n, 1.0 - 1.0 / steps_kept, least_step_a
        shape = (_ROWS, n)
        self.state: dict[str, npt.NDArray[Any]] = {
            "ohm": np.zeros(shape, dtype=np.complex128), "energy": np.zeros(shape), "weight": np.zeros(shape), "squares": np.zeros(shape),
            "usual_ohm": np.zeros(shape, dtype=np.complex128), "usual_energy": np.zeros(shape), "usual_weight": np.zeros(shape),
            "usual_squares": np.zeros(shape),
        }  # fmt: skip

    def take(self, shift_step_v: npt.NDArray[np.complex128], current_step_a: Real, is_learning: npt.NDArray[np.bool_]) -> None:
        """``shift_step_v``: shape (n,); ``current_step_a``: shape (3, n); NaN is no step. ``is_learning``: it also counts as usual."""
        sizes = np.abs(current_step_a)
        largest = sizes.max(axis=0)
        is_alone = sizes * (1.0 + _DOMINANT) > _DOMINANT * sizes.sum(axis=0)
        x = np.empty((_ROWS, self._n), dtype=np.complex128)
        x[:SUM] = AXES[:, None] * np.where(is_alone & (sizes == largest), current_step_a, 0.0)
        x[SUM] = (AXES[:, None] * current_step_a).sum(axis=0)
        y = np.tile(shift_step_v, _ROWS)
        self._update("", y, x, self._keep)
        x[:, ~is_learning] = 0.0
        self._update("usual_", y, x, 1.0)

    def age(self, is_new: npt.NDArray[np.bool_], lives: Real) -> None:
        """What was taken so far counts less by exp(-lives); what is usual does not age."""
        kept = np.exp(-lives[is_new])
        for name in ("energy", "weight", "squares"):
            self.state[name][:, is_new] *= kept

    def rises(self, error_ohm: float) -> tuple[Real, Real]:
        """How much the real part is above the usual one, and its standard error; shape (4, n); infinite error where too little is known."""
        state = self.state
        now, usual = self._errors(""), self._errors("usual_")
        error = np.sqrt(now**2 + usual**2 + error_ohm**2)
        error[(state["weight"] < _LEAST_STEPS) | (state["usual_weight"] < _LEAST_STEPS)] = np.inf
        rise: Real = np.real(state["ohm"] - state["usual_ohm"])
        return rise, error

    def usual_error(self) -> Real:
        """Standard error of the usual impedance against the vector sum, shape (n,), infinite where too little is known."""
        error: Real = self._errors("usual_")[SUM]
        error[self.state["usual_weight"][SUM] < _LEAST_STEPS[SUM]] = np.inf
        return error

    def forget(self, places: npt.NDArray[np.intp]) -> None:
        for array in self.state.values():
            array[:, places] = 0.0

    def _update(self, which: str, y: npt.NDArray[np.complex128], x: npt.NDArray[np.complex128], keep: float) -> None:
        ohm, energy, weight, squares = (self.state[which + name].reshape(-1) for name in ("ohm", "energy", "weight", "squares"))
        update_complex_rls(
            y, x.reshape(-1), ohm, energy, weight, squares, least_x=self._least_a, keep=keep, clip=_CLIP, noise=_NOISE_V
        )

    def _errors(self, which: str) -> Real:
        arrays = (self.state[which + name].reshape(-1) for name in ("energy", "weight", "squares"))
        return standard_error(*arrays).reshape(_ROWS, self._n)
