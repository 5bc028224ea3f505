"""Oil and winding of transformers: what past loads have left in each, by the difference equations of IEC 60076-7.

Kernel because each phase of each transformer needs three exponentials, two powers and two ageing rates for each new load.
Source: IEC 60076-7:2018, 8.2.3, in the form that is exact for a load and an ambient that are constant within a step; the standard's own
is Euler's, which is off by 1 K at 1 min and by 7 K at 5 min for a winding of 4 min.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("hot_spot")

# rows of ``constants``
TOP_OIL_RISE_K, HOT_SPOT_RISE_K, LOSS_RATIO, OIL_EXPONENT, WINDING_EXPONENT, TAU_OIL_MIN, TAU_WINDING_MIN, K11, K21, K22 = range(10)
N_CONSTANTS = 10
# rows of ``state``; the hot spot is TOP_OIL_CEL + RISE_K - FALL_K
TOP_OIL_CEL, RISE_K, FALL_K, HOT_SPOT_CEL, AGED_NORMAL_MIN, AGED_UPGRADED_MIN = range(6)
N_STATES = 6

MAX_LOAD_PU, MAX_AMBIENT_CEL = 10.0, 90.0


def update_hot_spot(
    load_pu: npt.NDArray[np.float64], oil_load_pu: npt.NDArray[np.float64], ambient_cel: npt.NDArray[np.float64],
    taken_ms: npt.NDArray[np.int64], constants: npt.NDArray[np.float64], state: npt.NDArray[np.float64],
    seen_ms: npt.NDArray[np.int64], max_gap_s: float,
) -> int:
    """Take the loads that are new (``taken_ms`` differs from ``seen_ms``); the first one only starts the clock.

    Load and ambient act over the whole step that ends with them, at most ``max_gap_s``; a step back of the clock lets no time pass.
    With K the size of the load (feed-in heats as well), K_o of the load that heats the oil, R the loss ratio, e(t) = 1 - exp(-t)::

        top oil <- top oil + e(dt / (k11 tau_o)) (ambient + rise_o ((1 + R K_o^2) / (1 + R))^x - top oil)
        rise    <- rise + e(dt / (k22 tau_w)) (k21 rise_h K^y - rise)
        fall    <- fall + e(dt k22 / tau_o) ((k21 - 1) rise_h K^y - fall)
        aged    <- aged + V dt,  V = 2^((hot - 98) / 6) of normal paper, exp(15000 / 383 - 15000 / (hot + 273)) of upgraded paper

    Args:
        load_pu, oil_load_pu, ambient_cel, taken_ms: shape (n,); the two loads are the same where each winding has oil of its own,
            for phases in one tank the second is the root mean square of the phases. Times below 0 are skipped, and so is what no
            transformer sees: no number, a load beyond MAX_LOAD_PU (a short circuit, which a fuse clears), an ambient beyond
            MAX_AMBIENT_CEL either way.
        constants: shape (N_CONSTANTS, n), rows as named above.
        state: shape (N_STATES, n), rows as named above, changed in place.
        seen_ms: shape (n,), state, below 0 = none yet.
    Returns:
        How many elements moved on in time.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = load_pu.shape[0]
    if any(array.shape != (n,) for array in (load_pu, oil_load_pu, ambient_cel, taken_ms, seen_ms)):
        raise ValueError(f"load_pu, oil_load_pu, ambient_cel, taken_ms and seen_ms must have {n} elements")
    if constants.shape != (N_CONSTANTS, n) or state.shape != (N_STATES, n):
        raise ValueError(f"constants must have shape ({N_CONSTANTS}, {n}), state ({N_STATES}, {n})")
    if any(array.dtype != np.float64 for array in (load_pu, oil_load_pu, ambient_cel, constants, state)):
        raise ValueError("load_pu, oil_load_pu, ambient_cel, constants and state must be float64 elements")
    if taken_ms.dtype != np.int64 or seen_ms.dtype != np.int64:
        raise ValueError("times must be int64 elements")
    moved: int = _kernel.update_hot_spot(load_pu, oil_load_pu, ambient_cel, taken_ms, constants, state, seen_ms, max_gap_s)
    return moved
