"""How far the neutral point has moved inside the triangle of the line voltages, from magnitudes alone.

Kernel because every new reading of every three-phase place needs two square roots and six products.
Source: 3 (a^4 + b^4 + c^4 + U^4) = (a^2 + b^2 + c^2 + U^2)^2 for a point at distances a, b, c from the corners of an equilateral triangle
of side U; detection.md section 2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("neutral")


def displace_neutral(
    voltage_v: npt.NDArray[np.float64], baseline_v: npt.NDArray[np.float64],
    shift_v: npt.NDArray[np.complex128], line_v: npt.NDArray[np.float64],
) -> None:
    """Solve both roots and keep the one whose line voltage is nearer the baseline (the larger one where both are as near).

    With ``a_k = exp(-2 pi j k / 3)`` and ``R = U / sqrt(3)`` the phase voltages are ``|R a_k - shift|``: a neutral drop caused by a current
    ``I`` in phase k of unity power factor is ``Z_N I a_k``.

    Args:
        voltage_v: shape (3, n), C order, magnitudes of phases a, b, c.
        baseline_v: shape (n,), the usual line voltage.
        shift_v: shape (n,), out; NaN where a voltage is no finite number or below 0, or where all are 0.
        line_v: shape (n,), out; U, NaN as ``shift_v``.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = baseline_v.shape[0]
    if voltage_v.shape != (3, n) or any(array.shape != (n,) for array in (shift_v, line_v)):
        raise ValueError(f"all arrays must have {n} elements, voltage_v three rows of them")
    if any(array.dtype != np.float64 for array in (voltage_v, baseline_v, line_v)) or shift_v.dtype != np.complex128:
        raise ValueError("voltages must be float64 elements, shift_v complex128 elements")
    _kernel.displace_neutral(voltage_v, baseline_v, shift_v.view(np.float64), line_v)


def displace_readings(
    values: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64], row_of: npt.NDArray[np.intp], meter: npt.NDArray[np.intp],
    baseline_v: npt.NDArray[np.float64], voltage_v: npt.NDArray[np.float64], last_ms: npt.NDArray[np.int64],
    shift_v: npt.NDArray[np.complex128], line_v: npt.NDArray[np.float64], *, together_ms: int, alert_v: float,
) -> int:
    """The same for the three-phase meters of an area, straight from its columns: what a tick costs while nothing is wrong.

    Args:
        values, taken_ms: shape (3, n_meters), C order, the voltages and when they were taken.
        row_of: shape (3, m), which row of a meter is which phase. meter: shape (m,), the column of each. Not checked against n_meters.
        baseline_v: shape (n,), n at least m, as the arrays that follow; the first m elements of all are used.
        voltage_v, last_ms, shift_v, line_v: out; shape (3, n) and (n,). A voltage is NaN where the three were not taken within
            ``together_ms``; ``last_ms`` is when the last was taken.
    Returns:
        How many shifts are above ``alert_v``.
    Raises:
        ValueError: shapes or types do not fit.
    """
    m, n = meter.shape[0], baseline_v.shape[0]
    fits = row_of.shape == (3, m) and m <= n and voltage_v.shape == (3, n) and values.shape == taken_ms.shape and values.shape[0] == 3
    if not fits or any(array.shape != (n,) for array in (last_ms, shift_v, line_v)):
        raise ValueError(f"row_of must have 3 x {m} elements, all others {n} elements, values and taken_ms three rows")
    if any(array.dtype != np.float64 for array in (values, baseline_v, voltage_v, line_v)) or shift_v.dtype != np.complex128:
        raise ValueError("voltages must be float64 elements, shift_v complex128 elements")
    if any(array.dtype != np.int64 for array in (taken_ms, last_ms)) or any(array.dtype != np.intp for array in (row_of, meter)):
        raise ValueError("times must be int64 elements, row_of and meter intp elements")
    alerts: int = _kernel.displace_readings(
        values, taken_ms, row_of, meter, baseline_v, voltage_v, last_ms, shift_v.view(np.float64), line_v, together_ms, alert_v
    )
    return alerts
