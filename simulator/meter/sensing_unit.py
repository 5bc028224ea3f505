"""A simulated sensing unit: samples circuits in steps of its converter, and gives frames as the agent's waveform source reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge_agent.wire.waveform import WaveformFrame, encode

_COUNTS = 32_767


class SensedCircuit(Protocol):
    """An ``ArcingCircuit``, a ``SensedService``: whose current a sensor is around."""

    mains_hz: float

    def samples(self, count: int, rate_hz: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSettings:
    """Windows of ``cycles`` whole cycles, one each ``every_s``; 0 = without a pause between them."""

    rate_hz: float = 25_600.0
    cycles: int = 10
    every_s: float = 0.0
    range_a: float = 65.5                # the greatest current that it can tell: 2 mA for one count
    range_v: float = 655.0
    noise_a: float = 0.005               # of sensor and converter, rms
    has_voltage: bool = True


class SensingUnit:
    """Channel k senses ``circuits[k]``. With a pause between windows, the circuits stand still meanwhile."""

    def __init__(
        self, circuits: Sequence[SensedCircuit], chance: np.random.Generator, settings: UnitSettings | None = None, *, begin_utc_ms: int
    ) -> None:
        self._circuits, self._chance, self._settings, self._begin_utc_ms = circuits, chance, settings or UnitSettings(), begin_utc_ms

    def frames(self, windows: int) -> Iterator[bytes]:
        """All channels of each of so many windows, in order of time."""
        for frame in self.windows(windows):
            yield encode(frame)

    def windows(self, windows: int) -> Iterator[WaveformFrame]:
        settings = self._settings
        every_s = [settings.every_s or settings.cycles / circuit.mains_hz for circuit in self._circuits]
        for number in range(windows):
            for channel, circuit in enumerate(self._circuits):
                count = round(settings.rate_hz * settings.cycles / circuit.mains_hz)
                current_a, voltage_v = circuit.samples(count, settings.rate_hz)
                current_a += self._chance.normal(0.0, settings.noise_a, count)
                yield WaveformFrame(
                    channel=channel, sequence=number, taken_utc_ms=self._begin_utc_ms + round(1000 * number * every_s[channel]),
                    time_source="ntp", rate_hz=settings.rate_hz, mains_hz=circuit.mains_hz,
                    amperes_per_count=settings.range_a / _COUNTS,
                    volts_per_count=settings.range_v / _COUNTS if settings.has_voltage else 0.0,
                    current=_counts(current_a, settings.range_a),
                    voltage=_counts(voltage_v, settings.range_v) if settings.has_voltage else None,
                )


def _counts(values: npt.NDArray[np.float64], whole: float) -> npt.NDArray[np.int16]:
    return np.clip(np.rint(values / whole * _COUNTS), -_COUNTS, _COUNTS).astype(np.int16)
