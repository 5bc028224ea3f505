"""Named random streams: each asks for its own by name, so that a new load changes no other."""

from __future__ import annotations

import hashlib

import numpy as np


class Streams:
    """Generators made from the seed and a name alone: the same bytes in every process, in whatever order they are asked for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def named(self, name: str) -> np.random.Generator:
        digest = hashlib.sha256(f"{self._seed}/{name}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "big"))
