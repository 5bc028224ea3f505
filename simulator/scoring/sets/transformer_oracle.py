"""The thermal model of the transformer beside reference output: each row of each file that ``params.json`` names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.hot_spot import AGED_NORMAL_MIN, AGED_UPGRADED_MIN, FALL_K, HOT_SPOT_CEL, N_STATES, RISE_K, TOP_OIL_CEL
from edge_agent.detect.transformer_model import TransformerModel
from edge_agent.errors import ConfigError
from edge_agent.model.transformer import ThermalConstants
from simulator.cli.rows import Row
from simulator.scoring.score_set import Say, ScoreSet, read_json, read_numbers

Real = npt.NDArray[np.float64]

_COLUMNS = ("minute", "load_pu", "ambient_c", "top_oil_c", "hot_spot_c")
_SAME_NAME = {"oil_exponent": "x", "winding_exponent": "y", "tau_oil_min": "tau_o_min", "tau_winding_min": "tau_w_min",
              "k11": "k11", "k21": "k21", "k22": "k22", "loss_ratio": "loss_ratio_R"}
_GOAL_K, _GOAL_AGEING = 0.01, 1e-4


def score(directory: Path, say: Say) -> list[Row]:
    params = read_json(directory / "params.json")
    names = sorted(name for name in params if name.endswith(".csv"))
    if not names:
        raise ConfigError([f"{directory / 'params.json'}: names no .csv file"])
    rows: list[Row] = []
    for number, name in enumerate(names):
        constants = _constants(directory / "params.json", params, name)
        rows += _rows(name.removesuffix(".csv"), constants, _read(directory / name))
        say((number + 1) / len(names))
    return rows


def _constants(path: Path, params: dict[str, Any], name: str) -> ThermalConstants:
    """Of ``common`` and, over them, of the file. Raises ConfigError."""
    tables = [params.get("common", {}), params[name]]
    if not all(isinstance(table, dict) for table in tables):
        raise ConfigError([f"{path}: common and {name}: expected objects"])
    given = tables[0] | tables[1]
    try:
        values = {ours: float(given[theirs]) for ours, theirs in _SAME_NAME.items()}
        return ThermalConstants(
            **values,
            top_oil_rise_k=float(given["dtheta_or_k"]) + float(given.get("dtheta_or_surcharge_k", 0.0)),
            hot_spot_rise_k=float(given["gradient_k"]) * float(given.get("hot_spot_factor", 1.0)),
        )
    except KeyError as exc:
        raise ConfigError([f"{path}: {name}: {exc.args[0]} is given neither there nor in common"]) from exc
    except (TypeError, ValueError) as exc:
        raise ConfigError([f"{path}: {name}: {exc}"]) from exc


def _read(path: Path) -> dict[str, Real]:
    found = read_numbers(path, _COLUMNS)
    table = np.array([found[name] for name in _COLUMNS])
    wrong = np.flatnonzero(~np.isfinite(table).all(axis=0))
    if table.shape[1] < 2 or wrong.size:
        raise ConfigError([f"{path}: line {int(wrong[0]) + 2}: a value is missing" if wrong.size else f"{path}: needs two rows or more"])
    not_later = np.flatnonzero(np.diff(found["minute"]) <= 0)
    if not_later.size or found["minute"][0] < 0:
        line = int(not_later[0]) + 3 if not_later.size else 2
        raise ConfigError([f"{path}: line {line}: minute must rise, from 0 or later"])
    return found


def _rows(name: str, constants: ThermalConstants, given: dict[str, Real]) -> list[Row]:
    ours, euler = _recursion(constants, given), _euler(constants, given)
    rows = [Row(name=f"{name}: rows", figure=len(given["minute"]), unit="rows", goal="-", ok=True)]
    for word, column, place in (("top oil", "top_oil_c", TOP_OIL_CEL), ("hot spot", "hot_spot_c", HOT_SPOT_CEL)):
        error_k = float(np.abs(ours[:, place] - given[column]).max())
        rows.append(Row(name=f"{name}: {word}, largest error", figure=error_k, unit="K", goal=f"<= {_GOAL_K}", ok=error_k <= _GOAL_K))
    error_k = float(np.abs(euler - given["hot_spot_c"]).max())
    rows.append(Row(name=f"{name}: hot spot, largest error of the Euler form", figure=error_k, unit="K", goal="-", ok=True))
    step_min = np.diff(given["minute"])
    hot_cel = given["hot_spot_c"][1:]
    for paper, place, rate in (
        ("normal", AGED_NORMAL_MIN, 2.0 ** ((hot_cel - 98.0) / 6.0)),
        ("upgraded", AGED_UPGRADED_MIN, np.exp(15000.0 / 383.0 - 15000.0 / (hot_cel + 273.0))),
    ):
        reference_min = float((rate * step_min).sum())
        error = abs(float(ours[-1, place]) / reference_min - 1.0)
        rows += [
            Row(name=f"{name}: ageing, {paper} paper", figure=float(ours[-1, place]) / 1440.0, unit="days", goal="-", ok=True),
            Row(name=f"{name}: ageing, {paper} paper, error", figure=100.0 * error, unit="%", goal="<= 0.01", ok=error <= _GOAL_AGEING),
        ]
    return rows


def _recursion(constants: ThermalConstants, given: dict[str, Real]) -> Real:
    """The states after each row, shape (rows, N_STATES): the agent's model, from what the first row says."""
    model = TransformerModel(constants, 1)
    model.state[:] = 0.0
    model.state[TOP_OIL_CEL], model.state[HOT_SPOT_CEL] = given["top_oil_c"][0], given["hot_spot_c"][0]
    model.state[RISE_K], model.state[FALL_K] = given["hot_spot_c"][0] - given["top_oil_c"][0], 0.0
    states = np.empty((len(given["minute"]), N_STATES))
    for row, minute in enumerate(given["minute"].tolist()):
        taken_ms = np.array([round(60_000 * minute)])
        model.update(given["load_pu"][row : row + 1], given["ambient_c"][row : row + 1], taken_ms, max_gap_s=np.inf)
        states[row] = model.state[:, 0]
    return states


def _euler(c: ThermalConstants, given: dict[str, Real]) -> Real:
    """Hot spot after each row by the difference equations as the standard prints them: the baseline."""
    oil_cel, rise_k, fall_k = float(given["top_oil_c"][0]), float(given["hot_spot_c"][0] - given["top_oil_c"][0]), 0.0
    hot_cel = [oil_cel + rise_k]
    steps_min = np.diff(given["minute"])
    for load_pu, ambient_cel, step_min in zip(given["load_pu"][1:], given["ambient_c"][1:], steps_min, strict=True):
        ultimate_k = c.top_oil_rise_k * ((1.0 + c.loss_ratio * load_pu**2) / (1.0 + c.loss_ratio)) ** c.oil_exponent
        gradient_k = c.hot_spot_rise_k * abs(load_pu) ** c.winding_exponent
        oil_cel += step_min / (c.k11 * c.tau_oil_min) * (ambient_cel + ultimate_k - oil_cel)
        rise_k += step_min / (c.k22 * c.tau_winding_min) * (c.k21 * gradient_k - rise_k)
        fall_k += step_min * c.k22 / c.tau_oil_min * ((c.k21 - 1.0) * gradient_k - fall_k)
        hot_cel.append(oil_cel + rise_k - fall_k)
    return np.array(hot_cel)


SCORE = ScoreSet(name="transformer_oracle", summary="oil, hot spot and ageing beside a public package (IEC 60076-7)", score=score)
