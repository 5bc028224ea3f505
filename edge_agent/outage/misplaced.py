"""Meters that fall silent with an outage though the archive has them elsewhere: of some the archive is wrong (outage.md 9.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame, Role
from edge_agent.model.archive import node_and_parents
from edge_agent.outage.incident import Incident
from edge_agent.outage.settings import OutageSettings
from edge_agent.outage.signs import NEVER, Signs

_SOME = 0.25                    # of the meters beside it
_FEW, _FEW_SHARE = 2, 0.3       # more misfits than so many, or this share of an outage, are no errors of an archive


class Misplaced:
    """Finds them. That one meter alone loses its supply just then is ten thousand times less likely than a wrong line in the archive."""

    def __init__(self, archive: Archive, settings: OutageSettings) -> None:
        self._settings = settings
        self._above = [set(node_and_parents(meter.node)) for meter in archive.meters]
        self._is_customer = np.array([meter.role is Role.CUSTOMER for meter in archive.meters], np.bool_)
        boxes: dict[str, list[int]] = {}
        for meter in archive.meters:
            boxes.setdefault(meter.node, []).append(meter.index)
        self._beside = [np.array([other for other in boxes[meter.node] if other != meter.index], np.intp) for meter in archive.meters]

    def find(
        self, outages: Sequence[Incident], loose: npt.NDArray[np.bool_], explained: npt.NDArray[np.bool_], frame: AreaFrame, signs: Signs,
        failed: npt.NDArray[np.int32],
    ) -> list[tuple[Incident, set[int]]]:
        """Of each of these settled outages the meters of ``loose`` that went with it.

        Such a meter has last answered before that began, is silent by itself where the archive has it, and not because who relays for it
        is out: behind a dead relay it must have sent a last gasp in time, or others behind that relay have found another way. Of several
        outages it goes to the nearest.
        """
        is_sure = loose & self._is_customer & ((failed >= self._settings.confirm_polls) | signs.gasped)
        if not is_sure.any():
            return []
        early_ms = round(1000 * self._settings.together_s)
        shown_ms = np.where(signs.gasped, signs.gasped_ms, signs.first_failed_ms(frame))
        joined: dict[str, set[int]] = {one.id: set() for one in outages}
        for index in np.flatnonzero(is_sure).tolist():
            fitting = [
                one for one in outages
                if NEVER < frame.answered_utc_ms[index] <= one.began_ms and shown_ms[index] >= one.first_ms - early_ms
                and (
                    int(signs.via[index]) not in one.out or self._gasped_in_time(index, one, signs)
                    or self._is_way_open(int(signs.via[index]), one, frame, signs)
                )
            ]
            if fitting and self._is_alone(index, explained, failed, signs):
                joined[max(fitting, key=lambda one: self._nearness(index, one)).id].add(index)
        return [
            (one, joined[one.id]) for one in outages
            if joined[one.id] and len(joined[one.id]) + len(one.disagreeing) <= max(_FEW, _FEW_SHARE * len(one.members))
        ]

    def _is_alone(self, index: int, explained: npt.NDArray[np.bool_], failed: npt.NDArray[np.int32], signs: Signs) -> bool:
        """Whether hardly anybody beside it shows a sign that nothing explains: a box that is silent has a cause of its own."""
        others = self._beside[index]
        others = others[~explained[others]]
        shows = (failed[others] > 0) | signs.gasped[others]
        return not others.size or bool(shows.mean() <= _SOME)

    def _gasped_in_time(self, index: int, one: Incident, signs: Signs) -> bool:
        latest_ms = one.began_ms + one.uncertainty_ms + round(1000 * self._settings.gasp_within_s)
        return bool(signs.gasped[index]) and int(signs.gasped_ms[index]) <= latest_ms

    @staticmethod
    def _is_way_open(relay: int, one: Incident, frame: AreaFrame, signs: Signs) -> bool:
        """Whether anybody whom a dead relay served has answered since it died."""
        return bool((frame.answered_utc_ms[signs.via == relay] > one.began_ms + one.uncertainty_ms).any())

    def _nearness(self, index: int, one: Incident) -> tuple[int, int]:
        return len(self._above[index] & set(node_and_parents(one.best.node))), len(one.out)
