"""What a circuit's half cycles look like when it is quiet, learned from the circuit itself; every half cycle is held against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.half_cycles import ARCING, BACK, LIKE, MISSING, MOVED, OTHER, STEADY, UNSEEN
from cython_ext.waveform_features import CURVATURE, FLAT_SHARE, FORM, KURTOSIS, MAX_STEP, RMS

USED = (RMS, FORM, KURTOSIS, FLAT_SHARE, MAX_STEP, CURVATURE)      # columns of the kernel's features that are held against the reference
_LEVEL, _SHAPES, _STRIKES = 0, slice(1, 4), slice(4, 6)            # the same in ``USED``: height, form, sharp edges
_KEPT = 10               # quiet half cycles of each polarity: 20 in all, detection.md 3
_FIRST = 5               # of each polarity: 10 in all are a reference, detection.md 3
_RUN = 20                # half cycles that differ from the reference but not from each other are a new load: 0.2 s
_GONE = 50               # half cycles without any current: switched off
_LONGEST_RUN = 100       # 1 s without one half cycle like the reference: a new load, however restless
# A spread is never taken smaller than this part of its middle: noise and rounding of the sensing unit, 12 bit and better
_LEAST_SPREAD = np.array([0.003, 0.001, 0.001, 0.0, 0.02, 0.02])
_LEAST_FLAT_SPREAD = 0.01      # the flat share is a count of samples: two of 200
_MISSING_BELOW = 0.1     # of the usual rms there is no current: an arc that does not strike leaves leakage of filters only
_MOST_A = 1e5            # rms: no circuit behind a low-voltage transformer carries more
_DROP_Z = _SHAPE_Z = 6.0       # spreads; 1.5 MAD is about one sigma of noise
_STRIKE_Z = 10.0
_SETTLED_Z = 3.0         # quiet half cycles of one polarity differ by less from one to the next; so do most of a new load
_SETTLED_SHARE = 0.3     # of quiet half cycles 0.1 to 0.2 differ by more, of arcs 0.5 and more (arc_sim, all loads)


class HalfCycleReference:
    """Middle and spread (1.5 MAD) of the last quiet half cycles of each polarity, and the run of those that differ.

    ``arrays`` is the whole state, changed in place.
    """

    def __init__(self, *, min_current_a: float, min_drop_ratio: float) -> None:
        self._min_current_a, self._min_drop_ratio = min_current_a, min_drop_ratio
        wide = len(USED)
        self.arrays: dict[str, npt.NDArray[Any]] = {
            "quiet": np.zeros((2, _KEPT, wide)),
            "quiet_count": np.zeros(2, dtype=np.int64),
            "middle": np.zeros((2, wide)),
            "spread": np.ones((2, wide)),
            "recent": np.zeros((_RUN, wide)),
            "recent_polarity": np.zeros(_RUN, dtype=np.int64),
            "run": np.zeros(2, dtype=np.int64),          # half cycles that differ without a break; those of them without current
            "before": np.zeros((2, wide)),               # the last two half cycles
            "before_code": np.full(2, UNSEEN, dtype=np.int8),
            "is_known": np.zeros(1, dtype=np.int8),
        }

    @property
    def is_known(self) -> bool:
        return bool(self.arrays["is_known"][0])

    @property
    def current_a(self) -> float:
        """Usual rms of the stronger polarity; 0 when nothing is known."""
        return float(self.arrays["middle"][:, _LEVEL].max()) if self.is_known else 0.0

    def judge(self, features: npt.NDArray[np.float64], polarity: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        """Codes of half cycles in order; ``features`` shape (w, 6), columns ``USED``, ``polarity`` shape (w,), 0 or 1."""
        codes = np.full(len(features), OTHER, dtype=np.int8)
        usable = np.isfinite(features).all(axis=1) & (features[:, _LEVEL] <= _MOST_A)
        if self.is_known:
            middle, spread = self.arrays["middle"][polarity], self.arrays["spread"][polarity]
            with np.errstate(invalid="ignore"):
                z = (features - middle) / spread
            level = features[:, _LEVEL] / np.maximum(middle[:, _LEVEL], 1e-12) - 1.0
            shape_z, strike_z = np.abs(z[:, _SHAPES]).max(axis=1), z[:, _STRIKES].max(axis=1)
            steady = np.maximum(self._min_drop_ratio, _DROP_Z * spread[:, _LEVEL] / np.maximum(middle[:, _LEVEL], 1e-12))
            codes[level > -steady] = BACK
            codes[(np.abs(level) < steady) & (shape_z < _SHAPE_Z)] = LIKE
            # an arc takes voltage from the load: less current, of another shape; or it strikes late, and more flows after a pause
            bent = np.maximum(shape_z, strike_z) >= _SHAPE_Z
            codes[(level <= -steady) & bent] = ARCING
            codes[(level >= steady) & (strike_z >= _STRIKE_Z)] = ARCING
            codes[level < _MISSING_BELOW - 1.0] = MISSING
            codes[middle[:, _LEVEL] < self._min_current_a] = OTHER      # the polarity that a half-wave load leaves out
        codes[~usable] = UNSEEN
        return self._compared(features, polarity, codes)

    def learn(self, features: npt.NDArray[np.float64], polarity: npt.NDArray[np.int64], codes: npt.NDArray[np.int8], *, hold: bool) -> bool:
        """Take in what ``judge`` gave; ``hold`` keeps the reference as it is. True when the circuit carries another load now."""
        state = self.arrays
        run = state["run"]
        state["before"][:] = np.concatenate([state["before"], features])[-2:]
        state["before_code"][:] = np.concatenate([state["before_code"], codes])[-2:]
        for row, pole, code in zip(features, polarity.tolist(), codes.tolist(), strict=True):
            if code == UNSEEN:
                continue
            if code == LIKE:
                run[:] = 0
                if not hold:
                    state["quiet"][pole, state["quiet_count"][pole] % _KEPT] = row
                    state["quiet_count"][pole] += 1
                continue
            run += 1, code == MISSING
            state["recent"][:-1], state["recent_polarity"][:-1] = state["recent"][1:], state["recent_polarity"][1:]
            state["recent"][-1], state["recent_polarity"][-1] = row, pole
        if run[0] == 0 and not hold and self.is_known:
            self._work_out()
        return self._take_new_load(hold=hold)

    def forget(self) -> None:
        """Begin anew with the next half cycle."""
        self.arrays["is_known"][:] = 0
        self.arrays["quiet_count"][:] = 0
        self.arrays["run"][:] = 0

    def break_run(self) -> None:
        """Time was not seen: what comes does not follow on what was."""
        self.arrays["run"][:] = 0
        self.arrays["before_code"][:] = UNSEEN

    def _compared(
        self, features: npt.NDArray[np.float64], polarity: npt.NDArray[np.int64], codes: npt.NDArray[np.int8]
    ) -> npt.NDArray[np.int8]:
        """ARCING turned into MOVED or STEADY where the half cycle of the same polarity before was an arc as well.

        Arcs differ from one half cycle to the next, since where and when they strike is chance; another load repeats itself.
        """
        if not (codes == ARCING).any():
            return codes
        before = np.concatenate([self.arrays["before"], features])[:-2]
        before_code = np.concatenate([self.arrays["before_code"], codes])[:-2]
        moved = self._has_moved(features, before, polarity)
        found = codes.copy()
        follows = (codes == ARCING) & (before_code >= ARCING) & (before_code <= STEADY)
        found[follows] = np.where(moved[follows], MOVED, STEADY)
        found[(codes == ARCING) & (before_code == MISSING)] = MOVED
        return found

    def _take_new_load(self, *, hold: bool) -> bool:
        run, missing = self.arrays["run"].tolist()
        if not self.is_known:
            return run >= 2 * _FIRST and self._restart(min(run, _RUN))
        if hold or run < _RUN:
            return False
        if missing >= min(run, _RUN):
            if missing >= _GONE:
                self.forget()
                return True
            return False
        return (run >= _LONGEST_RUN or self._is_settled()) and self._restart(_RUN)

    def _is_settled(self) -> bool:
        """Whether most half cycles of the run are like the ones of the same polarity before them, as closely as quiet ones are."""
        recent, polarity = self.arrays["recent"], self.arrays["recent_polarity"]
        return bool(self._has_moved(recent[2:], recent[:-2], polarity[2:]).mean() < _SETTLED_SHARE)

    def _has_moved(
        self, features: npt.NDArray[np.float64], before: npt.NDArray[np.float64], polarity: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Which half cycles differ from those before them in any feature by more than quiet ones do."""
        middle, spread = self.arrays["middle"][polarity], self.arrays["spread"][polarity]
        with np.errstate(invalid="ignore"):
            # a ratio to a smaller current is less steady in proportion: noise does not go with the load
            scale = np.maximum(np.minimum(features, before) / np.maximum(middle, 1e-12), 1.0)
            moved: npt.NDArray[np.bool_] = (np.abs(features - before) / (spread * scale)).max(axis=1) > _SETTLED_Z
        return moved

    def _restart(self, count: int) -> bool:
        """The last ``count`` half cycles become the reference, if there are enough of both polarities and they carry current."""
        state = self.arrays
        rows, poles = state["recent"][-count:].copy(), state["recent_polarity"][-count:].copy()
        chosen = [rows[poles == pole][-_KEPT:] for pole in (0, 1)]
        if min(map(len, chosen)) < _FIRST:
            return False
        if max(float(np.median(half[:, _LEVEL])) for half in chosen) < self._min_current_a:
            self.forget()
            return True
        for pole, half in enumerate(chosen):
            state["quiet"][pole, : len(half)], state["quiet_count"][pole] = half, len(half)
        state["is_known"][:] = 1
        state["run"][:] = 0
        self._work_out()
        return True

    def _work_out(self) -> None:
        for pole in (0, 1):
            quiet = self.arrays["quiet"][pole, : min(int(self.arrays["quiet_count"][pole]), _KEPT)]
            middle = _median(quiet)
            spread = np.maximum(1.5 * _median(np.abs(quiet - middle)), _LEAST_SPREAD * np.abs(middle))
            spread[3] = max(spread[3], _LEAST_FLAT_SPREAD)
            self.arrays["middle"][pole], self.arrays["spread"][pole] = middle, np.maximum(spread, 1e-9)


def _median(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of each column. For ten rows ``np.median`` takes ten times as long, most of it before it begins."""
    ordered, count = np.sort(rows, axis=0), len(rows)
    return np.asarray((ordered[(count - 1) // 2] + ordered[count // 2]) / 2)
