"""Oil and winding of a transformer as they are and as they will be: the recursion of IEC 60076-7 and its closed form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.hot_spot import FALL_K, HOT_SPOT_CEL, N_STATES, RISE_K, TOP_OIL_CEL, update_hot_spot
from edge_agent.model.area_frame import NEVER
from edge_agent.model.transformer import ThermalConstants

_GRID_MIN = 0.5  # of the time to a limit; outage.md 4.4 gives its times on this grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A load to come and how long it lasts. ``oil_load_pu`` heats the oil, ``load_pu`` the winding."""

    load_pu: float
    oil_load_pu: float
    minutes: float


class TransformerModel:
    """``n`` phases, or transformers, of the same constants. ``state`` and ``seen_ms`` are all that it remembers."""

    def __init__(self, constants: ThermalConstants, n: int) -> None:
        self._constants = constants
        self._table = np.repeat(constants_column(constants), n, axis=1)
        self.state = np.full((N_STATES, n), np.nan)
        self.seen_ms = np.full(n, NEVER, dtype=np.int64)

    def start(self, place: int, *, load_pu: float, ambient_cel: float) -> None:
        """As after days of this load at this ambient; nothing aged."""
        top_oil_cel, rise_k, fall_k = self._steady(load_pu, load_pu, ambient_cel)
        self.state[:, place] = (top_oil_cel, rise_k, fall_k, top_oil_cel + rise_k - fall_k, 0.0, 0.0)

    def update(
        self, load_pu: npt.NDArray[np.float64], ambient_cel: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64], *,
        max_gap_s: float, oil_load_pu: npt.NDArray[np.float64] | None = None,
    ) -> int:
        """``update_hot_spot`` on this state: how many phases moved on in time. Without ``oil_load_pu`` each has oil of its own."""
        oil_load_pu = load_pu if oil_load_pu is None else oil_load_pu
        return update_hot_spot(load_pu, oil_load_pu, ambient_cel, taken_ms, self._table, self.state, self.seen_ms, max_gap_s)

    @property
    def hot_spot_cel(self) -> npt.NDArray[np.float64]:
        hot_spot_cel: npt.NDArray[np.float64] = self.state[HOT_SPOT_CEL]
        return hot_spot_cel

    def minutes_to(self, limit_cel: float, place: int, *, ambient_cel: float, spans: Iterable[Span]) -> float | None:
        """Until the hot spot reaches the limit with these loads, one after the other; None where it does not within them."""
        now = self.state[[TOP_OIL_CEL, RISE_K, FALL_K], place]
        if now[0] + now[1] - now[2] >= limit_cel:
            return 0.0
        passed_min = 0.0
        for span in spans:
            ultimate = np.array(self._steady(span.load_pu, span.oil_load_pu, ambient_cel))
            # none of the three can leave what lies between now and its end
            if max(now[0], ultimate[0]) + max(now[1], ultimate[1]) - min(now[2], ultimate[2]) >= limit_cel:
                minutes = _GRID_MIN * np.arange(1, round(span.minutes / _GRID_MIN) + 1, dtype=np.float64)
                path = self._after(now, ultimate, minutes)
                over = np.flatnonzero(path[0] + path[1] - path[2] >= limit_cel)
                if over.size:
                    return passed_min + float(minutes[over[0]])
            now = self._after(now, ultimate, np.array([span.minutes]))[:, 0]
            passed_min += span.minutes
        return None

    def _steady(self, load_pu: float, oil_load_pu: float, ambient_cel: float) -> tuple[float, float, float]:
        c = self._constants
        oil_cel = ambient_cel + c.top_oil_rise_k * ((1.0 + c.loss_ratio * oil_load_pu**2) / (1.0 + c.loss_ratio)) ** c.oil_exponent
        gradient_k = c.hot_spot_rise_k * abs(load_pu) ** c.winding_exponent
        return oil_cel, c.k21 * gradient_k, (c.k21 - 1.0) * gradient_k

    def _after(
        self, now: npt.NDArray[np.float64], ultimate: npt.NDArray[np.float64], minutes: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Top oil, rise and fall, shape (3, minutes): each goes to its end with its own time constant."""
        c = self._constants
        taus_min = np.array([c.k11 * c.tau_oil_min, c.k22 * c.tau_winding_min, c.tau_oil_min / c.k22])
        left: npt.NDArray[np.float64] = ultimate[:, None] + (now - ultimate)[:, None] * np.exp(-minutes / taus_min[:, None])
        return left


def constants_column(c: ThermalConstants) -> npt.NDArray[np.float64]:
    """Shape (N_CONSTANTS, 1), in the order of the rows in ``cython_ext.hot_spot``."""
    return np.array([
        c.top_oil_rise_k, c.hot_spot_rise_k, c.loss_ratio, c.oil_exponent, c.winding_exponent, c.tau_oil_min, c.tau_winding_min,
        c.k11, c.k21, c.k22,
    ])[:, None]  # fmt: skip
