"""Saved state of detectors whose sensors only some meters have: the rows in use, not those of every meter of the area."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import load_arrays, save_arrays
from edge_agent.model import Archive

Arrays = Mapping[str, npt.NDArray[Any]]


def save_rows(version: int, archive: Archive, arrays: Arrays, used: npt.NDArray[np.bool_]) -> bytes:
    """``used`` says which rows (first axis) of all arrays are worth keeping."""
    rows = np.flatnonzero(used)
    kept = {name: np.ascontiguousarray(array[rows]) for name, array in arrays.items()}
    return json.dumps([rows.tolist(), save_arrays(version, archive, kept).decode()]).encode()


def load_rows(version: int, archive: Archive, arrays: Arrays, blank: Arrays, data: bytes) -> None:
    """Fill ``arrays`` from what ``save_rows`` gave; rows that were not kept become those of ``blank``.

    Raises:
        ValueError: damaged, of another version, or of other meters; nothing is changed.
    """
    n = len(next(iter(arrays.values())))
    try:
        rows, text = json.loads(data)
        places = [int(row) for row in rows]
        inner = text.encode()
    except (ValueError, TypeError, AttributeError) as exc:
        raise ValueError(f"saved state is damaged: {exc}") from exc
    if places != sorted(set(places)) or (places and not 0 <= places[0] <= places[-1] < n):
        raise ValueError("saved state is of other meters")
    loaded = {name: np.empty((len(places), *array.shape[1:]), dtype=array.dtype) for name, array in arrays.items()}
    load_arrays(version, archive, loaded, inner)
    for name, array in arrays.items():
        array[:] = blank[name]
        array[places] = loaded[name]
