"""The detector contract.

Pure: no clock, randomness or I/O; the input is not changed; what other meters do makes no difference to a meter's own findings (but where
meters are judged as a group). The same frames give the same findings; state saved at any point and loaded again gives what an
uninterrupted run gives; a finding is never dated before its evidence.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame, Finding, Place, Waveform

Condition = tuple[str, Place]      # finding kind and place: what an event is known by


class Detector(Protocol):
    """State of one detector over all meters of an area."""

    def update(self, frame: AreaFrame) -> list[Finding]:
        """Look at the area at ``frame.now_utc_ms``; silence counts by it."""
        ...

    def conditions(self) -> set[Condition]:
        """What it has told as begun and not as ended: only for these may an end be expected."""
        ...

    def save(self) -> bytes: ...

    def load(self, data: bytes) -> None:
        """Raises ValueError for what ``save`` of this version and this archive did not write; the state is then unchanged."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorType:
    """How to make one. ``settings`` is a frozen dataclass whose fields are the keys of ``[detect.NAME]``."""

    name: str
    settings: type
    build: Callable[[Archive, Any], Detector]


class WaveformDetector(Protocol):
    """State of one detector over all circuits whose current is sampled. The contract is the same, with windows in the place of frames."""

    def take(self, waveform: Waveform) -> list[Finding]:
        """Look at one window; windows come in any order and any number of times."""
        ...

    def relearn(self, meters: Sequence[int]) -> None:
        """By an operator's command: forget what was learned of these meters; what is told of them ends with their next window."""
        ...

    def conditions(self) -> set[Condition]: ...

    def save(self) -> bytes: ...

    def load(self, data: bytes) -> None:
        """Raises ValueError as that of ``Detector``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformDetectorType:
    """As ``DetectorType``, in ``detect/waveform``; the settings are those of ``[detect.NAME]`` too."""

    name: str
    settings: type
    build: Callable[[Archive, Any], WaveformDetector]


def save_arrays(version: int, archive: Archive, arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    """Arrays of one element (or one column) for each meter, with what they belong to."""
    content = {name: [array.dtype.str, list(array.shape), base64.b64encode(array.tobytes()).decode()] for name, array in arrays.items()}
    return json.dumps([version, [meter.id for meter in archive.meters], content]).encode()


def load_arrays(version: int, archive: Archive, arrays: dict[str, npt.NDArray[Any]], data: bytes) -> None:
    """Fill ``arrays`` from what ``save_arrays`` gave.

    Raises:
        ValueError: damaged, of another version, or of other meters; nothing is changed.
    """
    try:
        found_version, meters, content = json.loads(data)
        decoded = {name: (dtype, tuple(shape), base64.b64decode(text)) for name, (dtype, shape, text) in content.items()}
    except (ValueError, TypeError, AttributeError) as exc:
        raise ValueError(f"saved state is damaged: {exc}") from exc
    if found_version != version or meters != [meter.id for meter in archive.meters] or set(decoded) != set(arrays):
        raise ValueError("saved state is of another version or of other meters")
    loaded = {}
    for name, (dtype, shape, raw) in decoded.items():
        if dtype != arrays[name].dtype.str or shape != arrays[name].shape or len(raw) != arrays[name].nbytes:
            raise ValueError(f"saved state of {name} has another form")
        loaded[name] = np.frombuffer(raw, dtype=dtype).reshape(shape)
    for name, array in loaded.items():
        arrays[name][:] = array
