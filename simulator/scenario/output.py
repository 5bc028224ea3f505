"""A scenario's truth and readings as files, for people who bring their own detectors."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMNS
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.tables import TABLES, Table
from simulator.scenario.truth import Fault
from simulator.scenario.world import World


def write_truth(path: Path, scenario: Scenario, faults: list[Fault]) -> None:
    """JSON: the area (meters with place and phases) and every fault; times in seconds since the scenario began."""
    meters = [{"id": meter.id, "node": meter.node, "phases": meter.phases, "bus": meter.bus} for meter in scenario.area.meters]
    listed = [asdict(fault) | {"end_s": None if fault.end_s == float("inf") else fault.end_s} for fault in faults]
    content = {
        "scenario": scenario.name, "description": scenario.description, "seed": scenario.seed, "style": scenario.area.style,
        "transformer_kva": scenario.area.network.transformer.kva, "duration_s": scenario.duration_s, "meters": meters, "faults": listed,
    }
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write_records(directory: Path, world: World, last_step: int, *, form: str) -> None:
    """``records.FORM`` with ``meter, kind, meter_clock_s``: what each meter remembers at the end, by its own clock."""
    from simulator.run.metering import Metering

    table = TABLES[form](directory / f"records.{form}", ("meter", "kind", "meter_clock_s"), texts=("meter", "kind"))
    try:
        for meter, records in Metering(world).records(last_step).items():
            for record in records:
                table.write([meter, record.kind, round(record.at_s, 1)])
    finally:
        table.close()


class ReadingsFile:
    """``readings.FORM``, one row for each answered poll: ``t_s, meter`` and every column that any meter gives; empty = not given."""

    def __init__(self, directory: Path, world: World, *, form: str) -> None:
        self._path, self._form = directory / f"readings.{form}", form
        self._names = [*(meter.id for meter in world.area.meters), "area"]
        self._columns: list[int] = []
        self._table: Table | None = None

    def write(self, at_s: float, meter: int, values: npt.NDArray[np.float64], every: npt.NDArray[np.float64]) -> None:
        """``every``: values of all meters at this step, which decide on the columns of the file."""
        if self._table is None:
            self._columns = np.flatnonzero(~np.isnan(every).all(axis=0)).tolist()
            names = ("t_s", "meter", *(COLUMNS[column] for column in self._columns))
            self._table = TABLES[self._form](self._path, names, texts=("meter",))
        row = [None if value != value else value for value in values[self._columns].tolist()]
        self._table.write([round(at_s, 3), self._names[meter], *row])

    def close(self) -> None:
        if self._table is not None:
            self._table.close()
