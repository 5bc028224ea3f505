"""From frame and signs to what the posterior judges: since when, who answered, who could have been heard by now."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Role
from edge_agent.outage.area_load import AreaLoad
from edge_agent.outage.delivery import Delivery
from edge_agent.outage.mains import OUT, UNKNOWN, PhaseMains
from edge_agent.outage.observed import PHASE_BITS, Observed
from edge_agent.outage.settings import OutageSettings
from edge_agent.outage.signs import NEVER, Signs

_HOLD_UP_MS = 2000
_LATER = np.iinfo(np.int64).max
_VOLTAGES = [COLUMN_INDEX[f"voltage_v.{place}"] for place in "abc"]
_CURRENTS = [COLUMN_INDEX[f"current_a.{place}"] for place in "abc"]


class Observer:
    """``gasping``: shape (n,), whether a last gasp of the meter could reach the agent at all: it hangs on a power-line network."""

    def __init__(
        self, archive: Archive, settings: OutageSettings, delivery: Delivery, gasping: npt.NDArray[np.bool_], load: AreaLoad
    ) -> None:
        self._archive, self._settings, self._delivery, self._gasping, self._load = archive, settings, delivery, gasping, load
        feeders = sorted({meter.node.split("/")[0] for meter in archive.meters})
        self._feeder = np.array([feeders.index(meter.node.split("/")[0]) for meter in archive.meters], np.intp)
        self._n_feeders = len(feeders)
        self.is_customer = np.array([meter.role is Role.CUSTOMER for meter in archive.meters], np.bool_)
        # grid phase of each place of each meter as a bit, 0 where not known
        self._bits = np.zeros((3, len(archive.meters)), np.int8)
        self._grid_place = np.full((3, len(archive.meters)), -1, np.intp)
        for meter in archive.meters:
            for place, phase in enumerate(meter.grid_phases[:3]):
                self._bits[place, meter.index] = PHASE_BITS[phase]
                self._grid_place["abc".index(phase), meter.index] = place
        self._nominal_v = np.array([meter.nominal_voltage_v for meter in archive.meters])

    def sign_ms(self, frame: AreaFrame, signs: Signs) -> npt.NDArray[np.int64]:
        """Shape (n,): the earliest time at which what each meter shows may have happened; a large number where it shows nothing."""
        failed_ms = np.where(signs.polls_failed(frame) > 0, signs.first_failed_ms(frame), _LATER)
        gasped_ms = np.where(signs.gasped, signs.gasped_ms - round(1000 * self._settings.gasp_after_s), _LATER)
        return np.minimum(failed_ms, gasped_ms)

    def observe(
        self, frame: AreaFrame, signs: Signs, masked: npt.NDArray[np.bool_], mains: PhaseMains, told: str = ""
    ) -> Observed | None:
        """None where nothing is unexplained.

        ``masked``: of these meters nothing is asked and nothing is said. ``told``: letters of phases whose loss at the transformer is told;
        that the mains and living three-phase meters show it says nothing more.
        """
        failed = signs.polls_failed(frame)
        shows = ((failed > 0) | signs.gasped) & ~masked & self.is_customer
        supply = mains.now.copy()
        supply[[phase in told for phase in "abc"] & (supply == OUT)] = UNKNOWN
        out_ms = [since for since, now in zip(mains.since_ms, supply.tolist(), strict=True) if now == OUT]
        if not shows.any() and not out_ms:
            return None
        sign_ms = np.where(shows, self.sign_ms(frame, signs), _LATER)
        since_ms = np.full(self._n_feeders, _LATER)
        np.minimum.at(since_ms, self._feeder, sign_ms)
        # a meter may answer for a moment on what its power supply has stored
        began_ms = int(min(sign_ms.min(), *(at_ms + _HOLD_UP_MS for at_ms in out_ms), frame.now_utc_ms + 1))
        since_ms = np.where(since_ms == _LATER, began_ms, since_ms)[self._feeder]
        answered = (frame.answered_utc_ms >= since_ms) & (frame.answered_utc_ms != NEVER) & (failed == 0) & ~signs.gasped
        answered |= (signs.back_ms >= since_ms) & signs.is_back(frame)            # its module has said so
        lost, live = self._voltages(frame, since_ms, answered)
        lost &= ~np.int8(sum(PHASE_BITS[phase] for phase in told))
        drop_a, drop_sd_a = self._load.drop_since(began_ms)
        elapsed_s = np.maximum(0.0, (frame.now_utc_ms - since_ms) / 1000.0)
        chance = np.where(self._gasping, self._delivery.chance() * self._delivery.arrived_share(elapsed_s), 0.0)
        return Observed(
            gasped=signs.gasped & ~masked, gasp_chance=chance, polls_failed=failed, answered=answered,
            masked=masked, via=signs.via, phase_lost=lost, phase_live=live, mains=supply, load_drop_a=drop_a,
            load_drop_sd_a=drop_sd_a, last_current_a=self._currents(frame),
        )

    def _voltages(
        self, frame: AreaFrame, since_ms: npt.NDArray[np.int64], answered: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
        """Phases of the grid that living meters show to be lost, and to be there."""
        volts, fresh = frame.values[_VOLTAGES], (frame.taken_utc_ms[_VOLTAGES] >= since_ms) & answered
        with np.errstate(invalid="ignore"):
            is_lost = fresh & (volts < self._settings.out_ratio * self._nominal_v)
            is_live = fresh & (volts >= self._settings.in_ratio * self._nominal_v)
        lost = np.bitwise_or.reduce(np.where(is_lost, self._bits, 0), axis=0).astype(np.int8)
        live = np.bitwise_or.reduce(np.where(is_live, self._bits, 0), axis=0).astype(np.int8)
        return lost, live

    def _currents(self, frame: AreaFrame) -> npt.NDArray[np.float64]:
        """Last currents of the meters by phase of the grid, NaN where the meter has none there or has never told."""
        by_place = frame.values[_CURRENTS]
        meters = np.arange(by_place.shape[1])
        found = np.where(self._grid_place >= 0, by_place[np.maximum(self._grid_place, 0), meters], np.nan)
        return np.ascontiguousarray(found.T)

