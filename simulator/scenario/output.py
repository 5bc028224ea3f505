"""A scenario's truth and readings as files, for people who bring their own detectors."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMNS
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.truth import Fault
from simulator.scenario.world import World

_DIGITS = 10


def write_truth(path: Path, scenario: Scenario, faults: list[Fault]) -> None:
    """JSON: the area (meters with place and phases) and every fault; times in seconds since the scenario began."""
    meters = [{"id": meter.id, "node": meter.node, "phases": meter.phases, "bus": meter.bus} for meter in scenario.area.meters]
    listed = [asdict(fault) | {"end_s": None if fault.end_s == float("inf") else fault.end_s} for fault in faults]
    content = {
        "scenario": scenario.name, "description": scenario.description, "seed": scenario.seed, "style": scenario.area.style,
        "transformer_kva": scenario.area.network.transformer.kva, "duration_s": scenario.duration_s, "meters": meters, "faults": listed,
    }
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write_records(path: Path, world: World, last_step: int) -> None:
    """CSV ``meter, kind, meter_clock_s``: what each meter remembers at the end, by its own clock."""
    from simulator.run.metering import Metering

    found = Metering(world).records(last_step)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["meter", "kind", "meter_clock_s"])
        for meter, records in found.items():
            rows.writerows([meter, record.kind, f"{record.at_s:.1f}"] for record in records)


class ReadingsFile:
    """CSV: one row for each answered poll: ``t_s, meter`` and every column that any meter gives; empty = not given."""

    def __init__(self, path: Path, world: World) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file)
        self._names = [*(meter.id for meter in world.area.meters), "area"]
        self._columns: list[int] | None = None

    def write(self, at_s: float, meter: int, values: npt.NDArray[np.float64], every: npt.NDArray[np.float64]) -> None:
        """``every``: values of all meters at this step, which decide on the columns of the file."""
        if self._columns is None:
            self._columns = np.flatnonzero(~np.isnan(every).all(axis=0)).tolist()
            self._rows.writerow(["t_s", "meter", *(COLUMNS[column] for column in self._columns)])
        row = values[self._columns].tolist()
        self._rows.writerow([f"{at_s:.3f}", self._names[meter], *("" if value != value else f"{value:.{_DIGITS}g}" for value in row)])

    def close(self) -> None:
        self._file.close()
