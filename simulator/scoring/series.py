"""Columns of an area over time, and a detector run over them as the agent runs it: frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.detect import Detector
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Finding
from edge_agent.model.area_frame import NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """``utc_ms``: shape (t,), rising. ``columns``: column name -> shape (t, n_meters), NaN where a meter gave nothing at that time."""

    archive: Archive
    utc_ms: npt.NDArray[np.int64]
    columns: Mapping[str, npt.NDArray[np.float64]]

    def __post_init__(self) -> None:
        shape = (len(self.utc_ms), len(self.archive.meters))
        for name, values in self.columns.items():
            if values.shape != shape:
                raise ValueError(f"column {name} has shape {values.shape}, not {shape}")

    def frames(self) -> Iterator[AreaFrame]:
        """The same frame object, brought up to date for each time, as the agent keeps it."""
        frame = AreaFrame.empty(len(self.archive.meters), int(self.utc_ms[0]))
        places = np.array([COLUMN_INDEX[name] for name in self.columns])
        values = np.stack(list(self.columns.values()), axis=1)
        for at_ms, row in zip(self.utc_ms.tolist(), values, strict=True):
            given = ~np.isnan(row)
            frame.now_utc_ms = at_ms
            frame.values[places] = np.where(given, row, frame.values[places])
            frame.taken_utc_ms[places] = np.where(given, at_ms, frame.taken_utc_ms[places])
            answered = given.any(axis=0)
            frame.answered_utc_ms[answered] = at_ms
            frame.polls_failed[answered] = 0
            frame.first_failed_utc_ms[answered] = NEVER
            frame.polls_failed[~answered] += 1
            started = ~answered & (frame.first_failed_utc_ms == NEVER)
            frame.first_failed_utc_ms[started] = at_ms
            yield frame


def run_detectors(
    series: Series, detectors: Sequence[Detector], say: Callable[[float], None] = lambda share: None
) -> list[Finding]:
    """All findings in the order in which they were told; ``say`` is told the share that is done."""
    found: list[Finding] = []
    steps = len(series.utc_ms)
    for number, frame in enumerate(series.frames()):
        for detector in detectors:
            found += detector.update(frame)
        if number % 1000 == 0:
            say(number / steps)
    return found
