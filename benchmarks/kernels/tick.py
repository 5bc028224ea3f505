"""A tick of all detectors: 1000 three-phase meters that have all just answered, and what fewer and more meters cost."""

from __future__ import annotations

import statistics
import time

import numpy as np

from edge_agent.detect import find_detectors
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Meter, Role, Transformer
from simulator.cli.rows import Row

GOAL_MS, METERS = 2.0, 1000
_NOISE = 0.003                 # of a current from second to second
_SWITCHED_A_DAY = 100          # loads of one meter; 1 to 9 A each
SIZES = (100, 1000, 10_000)


def _archive(n: int) -> Archive:
    meters = [
        Meter(id=f"m{index}", index=index, profile="p", bus="b", node=f"feeder-{index % 4}/branch-{index % 16}/box-{index % 96}",
              phases="abc", grid_phases="abc", rated_current_a=60.0)
        for index in range(n)
    ]
    meters.append(Meter(id="area", index=n, profile="p", bus="b", role=Role.AREA, phases="abc", grid_phases="abc", rated_current_a=1000.0))
    return Archive("bench", tuple(meters), transformer=Transformer(rated_kva=630.0))


def tick_ms(n: int, ticks: int) -> float:
    """CPU of one tick, mean, with what is done once a minute; voltages and currents move, loads are switched."""
    archive = _archive(n)
    detectors = [found.build(archive, found.settings()) for found in find_detectors().values()]
    frame, chance = AreaFrame.empty(n + 1), np.random.default_rng(1)
    rows = {name: [COLUMN_INDEX[f"{name}.{phase}"] for phase in "abc"] for name in ("voltage_v", "current_a", "active_power_w")}
    current = chance.uniform(2.0, 10.0, (3, n + 1))
    current[:, n] = 300.0
    times = []
    for number in range(1, ticks):
        frame.now_utc_ms = number * 1000
        frame.taken_utc_ms[:] = frame.answered_utc_ms[:] = frame.now_utc_ms
        voltage = 220.0 + chance.normal(0.0, 0.3, (3, n + 1))
        frame.values[rows["voltage_v"]] = voltage
        for place in chance.integers(0, n, chance.poisson(n * _SWITCHED_A_DAY / 86_400.0)).tolist():
            current[chance.integers(3), place] = chance.uniform(1.0, 10.0)
        frame.values[rows["current_a"]] = now = current * chance.normal(1.0, _NOISE, (3, n + 1))
        frame.values[rows["active_power_w"]] = voltage * now
        frame.values[COLUMN_INDEX["active_power_w"]] = (voltage * now).sum(axis=0)
        began = time.process_time_ns()
        for detector in detectors:
            detector.update(frame)
        times.append((time.process_time_ns() - began) / 1e6)
    return statistics.fmean(times)


def tick_rows(runs: int) -> list[Row]:
    count, rows = len(find_detectors()), []
    for n in SIZES:
        figure = tick_ms(n, 20 * runs)
        is_judged = n == METERS
        rows.append(Row(
            name=f"{count} detectors, {n} three-phase meters", figure=figure, unit="ms CPU a tick",
            goal=f"<= {GOAL_MS}" if is_judged else "-", ok=not is_judged or figure <= GOAL_MS,
        ))
    return rows
