"""The files of the set ``lv_area_week`` as series: 55 single-phase meters with the area meter, and the feeder with the explicit neutral."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from edge_agent.model import Archive, Meter, Role, Transformer
from simulator.scoring.score_set import read_json, read_numbers
from simulator.scoring.series import Series

BEGIN_UTC_MS = 1_790_000_000_000     # the set counts minutes only
NOMINAL_V = 240.0                    # the IEEE European feeder: 416 V between phases
_MINUTE_MS = 60_000
_PHASES = "abc"


def read_area(directory: Path) -> tuple[Series, dict[str, Any]]:
    """``meters.csv.gz``, ``area_meter.csv.gz`` and the truth of ``truth_area.json``. Meter k is "m<k>"; the area meter is the last.

    What an archive knows of a meter, its phase, is taken from the list ``meters`` of the truth file, nothing else of it.

    Raises:
        ConfigError: what is missing or does not fit.
    """
    truth = read_json(directory / "truth_area.json")
    phases = _grid_phases(directory / "truth_area.json", truth)
    path = directory / "meters.csv.gz"
    found = read_numbers(path, ("minute", "meter", "v", "i", "p_w", "q_var"))
    minutes, meters = found["minute"].astype(int), found["meter"].astype(int)
    if len(minutes) == 0 or minutes.min() < 0 or meters.min() < 0 or meters.max() >= len(phases):
        raise ConfigError([f"{path}: meters must be 0 to {len(phases) - 1}, as in truth_area.json, minutes 0 or more"])
    steps, n = int(minutes.max()) + 1, len(phases)
    columns = {}
    for column, name in (("voltage_v.a", "v"), ("current_a.a", "i"), ("active_power_w.a", "p_w"), ("reactive_power_var.a", "q_var")):
        values = np.full((steps, n + 1), np.nan)
        values[minutes, meters] = found[name]
        columns[column] = values
    columns["active_power_w"] = columns["active_power_w.a"].copy()
    _put_area_meter(columns, directory / "area_meter.csv.gz", steps, n)
    archive = Archive("lv-area-week", (
        *(_single(index, f"m{index}", phase) for index, phase in enumerate(phases)),
        Meter(id="area", index=n, profile="set", bus="set", role=Role.AREA, phases="abc", grid_phases="abc", nominal_voltage_v=NOMINAL_V),
    ), transformer=Transformer(rated_kva=800.0, nominal_voltage_v=NOMINAL_V))     # the feeder's transformer
    return Series(archive=archive, utc_ms=_times(steps), columns=columns), truth


def read_neutral_feeder(directory: Path) -> tuple[Series, dict[str, Any]]:
    """``neutral_feeder.csv.gz`` and ``truth_neutral.json``: twelve single-phase meters "m0" .. "m11", then the three-phase box meter "box".

    Raises:
        ConfigError: what is missing or does not fit.
    """
    truth = read_json(directory / "truth_neutral.json")
    given = truth.get("meter_phase")
    if not isinstance(given, list) or not given or not all(phase in (1, 2, 3) for phase in given):
        raise ConfigError([f"{directory / 'truth_neutral.json'}: meter_phase: expected a list of 1, 2 or 3, one for each meter"])
    n = len(given)
    box = tuple(f"box_{name}{phase}" for name in "vi" for phase in _PHASES)
    own = tuple(f"v{index}" for index in range(n)) + tuple(f"p{index}_w" for index in range(n))
    found = read_numbers(directory / "neutral_feeder.csv.gz", ("minute", *box, "box_in", *own))
    steps = len(found["minute"])
    columns = {f"{name}.{phase}": np.full((steps, n + 1), np.nan) for name in ("voltage_v", "current_a") for phase in _PHASES}
    columns["current_a.n"] = np.full((steps, n + 1), np.nan)
    columns["active_power_w.a"] = np.full((steps, n + 1), np.nan)
    for phase in _PHASES:
        columns[f"voltage_v.{phase}"][:, n] = found[f"box_v{phase}"]
        columns[f"current_a.{phase}"][:, n] = found[f"box_i{phase}"]
    columns["current_a.n"][:, n] = found["box_in"]
    for index in range(n):
        columns["voltage_v.a"][:, index], columns["active_power_w.a"][:, index] = found[f"v{index}"], found[f"p{index}_w"]
    archive = Archive("neutral-feeder", (
        *(_single(index, f"m{index}", _PHASES[phase - 1], nominal_v=230.0) for index, phase in enumerate(given)),
        Meter(id="box", index=n, profile="set", bus="set", node="feeder-1", phases="abc", grid_phases="abc", nominal_voltage_v=230.0),
    ))
    return Series(archive=archive, utc_ms=_times(steps), columns=columns), truth


def minute_of(at_utc_ms: int) -> float:
    """The set's minute of a finding."""
    return (at_utc_ms - BEGIN_UTC_MS) / _MINUTE_MS


def _single(index: int, name: str, grid_phase: str, nominal_v: float = NOMINAL_V) -> Meter:
    return Meter(
        id=name, index=index, profile="set", bus="set", node="feeder-1", phases="a", grid_phases=grid_phase, nominal_voltage_v=nominal_v,
    )


def _grid_phases(path: Path, truth: dict[str, Any]) -> list[str]:
    try:
        listed = {int(entry["meter"]): _PHASES[int(entry["phase"]) - 1] for entry in truth["meters"]}
        return [listed[index] for index in range(len(listed))]
    except (KeyError, TypeError, ValueError, IndexError) as exc:
        raise ConfigError([f"{path}: meters: expected objects with meter (0, 1, ...) and phase (1 to 3): {exc!r}"]) from exc


def _put_area_meter(columns: dict[str, npt.NDArray[np.float64]], path: Path, steps: int, place: int) -> None:
    names = [f"{name}{phase}{unit}" for name, unit in (("v", ""), ("i", ""), ("p", "_w"), ("q", "_var")) for phase in _PHASES]
    found = read_numbers(path, ("minute", *names))
    minutes = found["minute"].astype(int)
    if len(minutes) and not 0 <= minutes.min() <= minutes.max() < steps:
        raise ConfigError([f"{path}: minutes must be those of meters.csv.gz, 0 to {steps - 1}"])
    shown = ("voltage_v", "current_a", "active_power_w", "reactive_power_var")
    for column, (name, unit) in zip(shown, (("v", ""), ("i", ""), ("p", "_w"), ("q", "_var")), strict=True):
        for phase in _PHASES:
            values = columns.setdefault(f"{column}.{phase}", np.full((steps, place + 1), np.nan))
            values[minutes, place] = found[f"{name}{phase}{unit}"]
    columns["active_power_w"][:, place] = sum(columns[f"active_power_w.{phase}"][:, place] for phase in _PHASES)


def _times(steps: int) -> npt.NDArray[np.int64]:
    return BEGIN_UTC_MS + _MINUTE_MS * np.arange(steps, dtype=np.int64)
