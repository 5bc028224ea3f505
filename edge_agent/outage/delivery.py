"""How likely the last gasp of a dead meter arrives, and how late: learned from outages that are settled."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive

_PRIOR_MEAN, _PRIOR_WEIGHT = 0.8, 4.0        # before anything is known: no public figure exists (outage.md 1.1); four meters outweigh it
_CONCENTRATIONS = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 50.0, 200.0])
_PRIOR_CONCENTRATION, _PRIOR_SPREAD = 5.0, 1.0          # log-normal over the grid; outage.md 1.4 simulates with 5
_BIN_S, _BINS = 2.0, 300
# outage.md 1.1: defaults of two families of modules, from the fault to the concentrator; half of each is an assumption
_WINDOWS_S = ((32.0, 52.0), (62.0, 82.0))
_DELAYS_WEIGHT, _DELAYS_MOST = 40.0, 2000.0             # what the defaults count; above the other, old delays are forgotten by halves
_UNSURE = 0.01                                          # of ``arrived_share`` at once: when it began is itself an estimate
_SAVED = 1


class Delivery:
    """Of one archive. A box is the node a meter hangs on; one that was never seen has the mean of the area."""

    def __init__(self, archive: Archive) -> None:
        self._area = archive.area
        self._boxes = tuple(sorted({meter.node for meter in archive.meters}))
        rank = {node: number for number, node in enumerate(self._boxes)}
        self._box_of = np.array([rank[meter.node] for meter in archive.meters], dtype=np.intp)
        self._dead, self._gasped = np.zeros(len(rank)), np.zeros(len(rank))
        self._log = -0.5 * (np.log(_CONCENTRATIONS / _PRIOR_CONCENTRATION) / _PRIOR_SPREAD) ** 2
        edges = _BIN_S * np.arange(_BINS + 1)
        self._delays = np.zeros(_BINS)
        for first_s, last_s in _WINDOWS_S:
            inside = np.clip(np.minimum(edges[1:], last_s) - np.maximum(edges[:-1], first_s), 0.0, None)
            self._delays += inside / (last_s - first_s) / len(_WINDOWS_S) * _DELAYS_WEIGHT

    def chance(self) -> npt.NDArray[np.float64]:
        """shape (n,), of each meter: that its last gasp arrives at all when it dies."""
        return self._of_boxes()[self._box_of]

    def concentration(self) -> float:
        """Of the Beta distribution from which boxes have their delivery: high where all are alike."""
        weight = np.exp(self._log - self._log.max())
        return float(np.exp((weight * np.log(_CONCENTRATIONS)).sum() / weight.sum()))

    def arrived_share(self, elapsed_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Which share of the last gasps that arrive at all have arrived after so many seconds; same shape."""
        below = np.concatenate(([0.0], np.cumsum(self._delays))) / self._delays.sum()
        share = np.interp(elapsed_s, _BIN_S * np.arange(_BINS + 1), below)
        found: npt.NDArray[np.float64] = _UNSURE + (1.0 - _UNSURE) * share
        return found

    def learn(self, dead: npt.NDArray[np.intp], gasped: npt.NDArray[np.bool_]) -> None:
        """After an outage: archive indices of meters that died and can send a last gasp, and whether one came, same shape.

        Raises:
            ValueError: shapes differ, or an index is outside the archive.
        """
        dead, gasped = np.asarray(dead, dtype=np.intp), np.asarray(gasped, dtype=np.bool_)
        if dead.shape != gasped.shape or dead.ndim != 1:
            raise ValueError(f"dead has shape {dead.shape}, gasped {gasped.shape}: both must be (k,)")
        if dead.size and not 0 <= dead.min() <= dead.max() < len(self._box_of):
            raise ValueError(f"dead must be within 0..{len(self._box_of) - 1}")
        count = np.bincount(self._box_of[dead], minlength=len(self._boxes))
        came = np.bincount(self._box_of[dead], gasped.astype(np.float64), len(self._boxes))
        expected = self._of_boxes()
        for box in np.flatnonzero(count >= 2):          # one meter tells nothing of how alike a box is
            mean = float(np.clip(expected[box], 0.02, 0.98))
            self._log += [_log_chance(int(came[box]), int(count[box]), mean, float(each)) for each in _CONCENTRATIONS]
        self._log -= self._log.max()
        self._dead += count
        self._gasped += came

    def learn_delays(self, seconds: npt.NDArray[np.float64]) -> None:
        """From the fault to the arrival, of last gasps of settled outages; negative or unknown ones are passed over."""
        seconds = np.asarray(seconds, dtype=np.float64)
        known = seconds[np.isfinite(seconds) & (seconds >= 0)]
        self._delays += np.bincount(np.minimum(known / _BIN_S, _BINS - 1).astype(np.intp), minlength=_BINS)
        while self._delays.sum() > _DELAYS_MOST:
            self._delays /= 2.0

    def save(self) -> bytes:
        """For ``load``; boxes by their paths, so that a changed archive keeps what it can."""
        body = json.dumps({
            "format": _SAVED, "area": self._area, "boxes": self._boxes, "dead": self._dead.tolist(), "gasped": self._gasped.tolist(),
            "log": self._log.tolist(), "delays": self._delays.tolist(),
        }, ensure_ascii=False).encode()
        return zlib.crc32(body).to_bytes(4, "big") + body

    def load(self, saved: bytes) -> None:
        """Take the state of ``save``; boxes that are no longer there are forgotten.

        Raises:
            ValueError: damaged, of another format, or of another area. Nothing is taken then.
        """
        if len(saved) < 4 or zlib.crc32(saved[4:]) != int.from_bytes(saved[:4], "big"):
            raise ValueError("saved delivery of last gasps is damaged")
        found: dict[str, Any] = json.loads(saved[4:])
        if found.get("format") != _SAVED or found.get("area") != self._area:
            raise ValueError(f"saved delivery is of area {found.get('area')!r}, format {found.get('format')!r}")
        log, delays = np.array(found["log"]), np.array(found["delays"])
        if log.shape != self._log.shape or delays.shape != self._delays.shape:
            raise ValueError("saved delivery of last gasps has other tables")
        self._log, self._delays = log, delays
        rank = {box: number for number, box in enumerate(self._boxes)}
        self._dead, self._gasped = np.zeros(len(rank)), np.zeros(len(rank))
        for box, dead, gasped in zip(found["boxes"], found["dead"], found["gasped"], strict=True):
            if box in rank:
                self._dead[rank[box]], self._gasped[rank[box]] = dead, gasped

    def _of_boxes(self) -> npt.NDArray[np.float64]:
        """Shrunk to the area as much as boxes are alike; the area is shrunk to the prior."""
        weight = self.concentration()
        # meters of one box are no independent witnesses of the area: n of them count as n (1 + weight) / (n + weight)
        effective = np.where(self._dead > 0, (1.0 + weight) / (self._dead + weight), 0.0)
        area = (_PRIOR_WEIGHT * _PRIOR_MEAN + (effective * self._gasped).sum()) / (_PRIOR_WEIGHT + (effective * self._dead).sum())
        found: npt.NDArray[np.float64] = (weight * area + self._gasped) / (weight + self._dead)
        return found


def _log_chance(came: int, count: int, mean: float, concentration: float) -> float:
    """log of the beta-binomial probability, without the number of ways: it is the same for all concentrations."""
    a, b = concentration * mean, concentration * (1.0 - mean)
    return _log_beta(a + came, b + count - came) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
