"""Slopes over the last blocks of hours, ending now and beginning at each block: a change lies where they differ most from before."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.impedance import N_SUMS, Slope, slope_of, update_impedance

N_BLOCKS = 14                 # of three hours: 42 h, longer than the 36 h in which a joint must be found
_MEMORY_STEPS = 200.0         # of the slope that residuals are taken from: two days of a usual home
_SCALE_STEP = 0.05


class SlopeWindows:
    """Sums of update_impedance in blocks, the newest first. ``state``: arrays to save."""

    def __init__(self, m: int, *, scale: float, scale_min: float) -> None:
        self._scale, self._scale_min = scale, scale_min
        self.state: dict[str, npt.NDArray[Any]] = {
            "centre": np.zeros((2, m)), "scale": np.full(m, scale), "now": np.zeros((N_SUMS, m)),
            "blocks": np.zeros((N_BLOCKS, N_SUMS, m), dtype=np.float32),
        }

    def step(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], x_min: npt.NDArray[np.float64]) -> None:
        state = self.state
        update_impedance(
            x, y, x_min, state["centre"], state["scale"], state["now"],
            memory_steps=_MEMORY_STEPS, scale_step=_SCALE_STEP, scale_min=self._scale_min,
        )

    def close_block(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The sums of the block that is now complete, and of the one that leaves; shape (N_SUMS, m) both."""
        state = self.state
        newest, oldest = state["now"].copy(), state["blocks"][-1].astype(float)
        state["blocks"][1:] = state["blocks"][:-1].copy()
        state["blocks"][0] = newest
        state["now"][:] = 0.0
        return newest, oldest

    def forget(self, services: npt.NDArray[np.intp]) -> None:
        state = self.state
        state["centre"][:, services] = state["now"][:, services] = 0.0
        state["scale"][services] = self._scale
        self.forget_blocks(services)

    def forget_blocks(self, services: npt.NDArray[np.intp]) -> None:
        self.state["blocks"][:, :, services] = 0.0

    def slope_now(self) -> npt.NDArray[np.float64]:
        """The slope that follows, shape (m,), NaN before the first step."""
        xx, xy = self.state["centre"]
        found: npt.NDArray[np.float64] = np.divide(xy, xx, out=np.full_like(xx, np.nan), where=xx > 0.0)
        return found

    def last(self) -> Slope:
        """Of the newest block, the newest two, ...: shape (N_BLOCKS, m)."""
        return slope_of(np.moveaxis(np.cumsum(self.state["blocks"], axis=0, dtype=float), 1, 0))

    def each(self) -> Slope:
        """Of each block alone, shape (N_BLOCKS, m)."""
        return slope_of(np.moveaxis(self.state["blocks"].astype(float), 1, 0))
