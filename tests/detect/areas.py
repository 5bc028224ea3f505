"""Small areas and frames for detector tests."""

from __future__ import annotations

import numpy as np

from edge_agent.model import COLUMN_INDEX, N_COLUMNS, Archive, AreaFrame, Meter, Sample, SampleFlag, TimeSource

T0 = 1_790_000_000_000


def archive(n: int = 12, *, nodes: tuple[str, ...] = ("f1/b1", "f1/b2", "f2/b1"), **changes: object) -> Archive:
    """``n`` meters, in turn on ``nodes``."""
    return Archive("area-1", tuple(
        Meter(id=f"m{index}", index=index, profile="p", bus="b", node=nodes[index % len(nodes)], rated_current_a=60.0, **changes)  # type: ignore[arg-type]
        for index in range(n)
    ))


def sample(meter: int, at_s: float, **columns: float) -> Sample:
    """``voltage_v__a=220.0`` is the column ``voltage_v.a``."""
    values = np.full(N_COLUMNS, np.nan)
    for name, value in columns.items():
        values[COLUMN_INDEX[name.replace("__", ".")]] = value
    return Sample(meter=meter, taken_utc_ms=T0 + int(1000 * at_s), time_source=TimeSource.NTP, values=values, flags=SampleFlag.NONE)


def frame(n: int) -> AreaFrame:
    return AreaFrame.empty(n, T0)


def at(seconds: float) -> int:
    return T0 + int(1000 * seconds)
