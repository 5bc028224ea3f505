"""What to ask next: the meters whose answer tells most about what has failed, no more than the budget allows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame

_LONGEST_ANSWER_MS = 90_000      # a coordinator gives a read up after that
_FEW = 2                 # suspects whose second question is kept in hand where questions are numbered
_CERTAIN = 1e-4          # p (1 - p) below which an answer would change nothing
_LATELY_MS = 30_000      # a bus of which anybody has answered since then is up


class Questions:
    """Chooses meters for a presence read. A meter is not asked again before ``again_s``: polls at one moment are one piece of evidence.

    ``most``: questions for one unclear situation, 0 = no limit; it starts anew with ``nothing_is_unclear``.
    """

    def __init__(self, archive: Archive, *, most: int, at_once: int, again_s: float) -> None:
        self._most, self._at_once, self._again_ms = most, at_once, round(1000 * again_s)
        nodes = [meter.node for meter in archive.meters]
        self._box = np.array([sorted(set(nodes)).index(node) for node in nodes], np.intp)
        buses = sorted({meter.bus for meter in archive.meters})
        self._buses = [np.flatnonzero([meter.bus == bus for meter in archive.meters]) for bus in buses]
        self._asked_ms = np.full(len(nodes), np.iinfo(np.int64).min // 2, np.int64)
        self._asked_failed = np.zeros(len(nodes), np.int32)      # polls that had failed when it was asked
        self._asked = 0
        self._is_proof_asked = [False] * len(self._buses)

    def nothing_is_unclear(self) -> None:
        self._asked = 0
        self._is_proof_asked = [False] * len(self._buses)

    def choose(
        self, frame: AreaFrame, *, suspects: npt.NDArray[np.bool_], failed: npt.NDArray[np.int32], enough_failed: int,
        answered: npt.NDArray[np.bool_], dead: npt.NDArray[np.float64], may_be_asked: npt.NDArray[np.bool_],
    ) -> list[int]:
        """Archive indices, the most telling first.

        First those that are suspected and have not failed often enough to be believed, one of each box before the second of any; then the
        meters whose supply is most in doubt, again one witness of each box first. Who has answered since, or has failed often enough,
        tells nothing new.
        """
        self._asked_ms = np.minimum(self._asked_ms, frame.now_utc_ms)
        waits = self._waits(frame, failed)
        are_few = 0 < int((suspects & ~answered).sum()) <= _FEW
        if are_few and not self._most:
            enough_failed += 1             # in a large area two failed reads of one meter may still be chance
        open_question = may_be_asked & ~answered & (failed < enough_failed) & ~waits
        open_question &= frame.now_utc_ms - self._asked_ms >= self._again_ms
        doubt = dead * (1.0 - dead)
        wanted = np.flatnonzero(open_question & (suspects | (doubt > _CERTAIN)))
        if not wanted.size:
            return []
        left = self._at_once - int(waits.sum())
        if self._most:
            left = min(left, self._most - self._asked)
        if left <= 0:
            return []
        # what is asked beside one or two suspects must not use up what it takes to believe that they are dead
        room, n_suspects = left, int(suspects[wanted].sum())
        is_counted = self._most and are_few
        if is_counted:
            again = int(np.maximum(enough_failed - failed - 1, 0)[suspects & ~answered].sum())
            room = max(0, min(left, self._most - self._asked - again) - n_suspects)
        proofs = self._proofs(frame, suspects, may_be_asked & ~suspects & ~waits, dead, min(room, left // 2))
        left -= len(proofs)
        wanted = wanted[~np.isin(wanted, proofs)]
        if is_counted:
            first = suspects[wanted]
            others = wanted[~first][np.argsort(-doubt[wanted[~first]], kind="stable")]
            wanted = np.r_[wanted[first], others[: room - len(proofs)]]
        order = wanted[np.lexsort((-doubt[wanted], ~suspects[wanted]))]
        turn = _turn_in_box(self._box[order])
        chosen: list[int] = order[np.lexsort((np.arange(order.size), turn))][:left].tolist()
        chosen[1:1] = proofs
        self._asked_ms[chosen] = frame.now_utc_ms
        self._asked_failed[chosen] = failed[chosen]
        self._asked += len(chosen)
        return chosen

    def _proofs(
        self, frame: AreaFrame, suspects: npt.NDArray[np.bool_], may_be_asked: npt.NDArray[np.bool_], dead: npt.NDArray[np.float64],
        most: int,
    ) -> list[int]:
        """Of each bus with a suspect that nobody has answered on lately, who is most likely to live: else a bus that is down looks like a
        dead place wherever it is asked. Once for each unclear situation; ``most`` at a time."""
        found = list[int]()
        for number, bus in enumerate(self._buses):
            others = bus[may_be_asked[bus]]
            is_heard = frame.now_utc_ms - int(frame.answered_utc_ms[bus].max()) < _LATELY_MS
            if suspects[bus].any() and others.size and not is_heard and not self._is_proof_asked[number] and len(found) < most:
                self._is_proof_asked[number] = True
                found.append(int(others[np.argmin(dead[others])]))
        return found

    def _waits(self, frame: AreaFrame, failed: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Who was asked and has neither answered nor failed: a bus that waits for the dead has no room for the living."""
        waits: npt.NDArray[np.bool_] = (
            (frame.now_utc_ms - self._asked_ms < _LONGEST_ANSWER_MS) & (frame.answered_utc_ms < self._asked_ms)
            & (failed == self._asked_failed)
        )
        return waits

    def again(
        self, meters: Iterable[int], frame: AreaFrame, failed: npt.NDArray[np.int32], may_be_asked: npt.NDArray[np.bool_]
    ) -> list[int]:
        """Of these, those that may be asked now whether they are back: who was asked longest ago first, and nobody who still is."""
        waits = self._waits(frame, failed)
        left = max(0, self._at_once - int(waits.sum()))
        due = [
            index for index in meters
            if may_be_asked[index] and not waits[index] and frame.now_utc_ms - int(self._asked_ms[index]) >= self._again_ms
        ]
        chosen = sorted(due, key=lambda index: (int(self._asked_ms[index]), index))[:left]
        self._asked_ms[chosen] = frame.now_utc_ms
        self._asked_failed[chosen] = failed[chosen]
        return chosen


def _turn_in_box(boxes: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """For each element how many before it are of the same box."""
    order = np.argsort(boxes, kind="stable")
    ranked = boxes[order]
    first = np.r_[True, ranked[1:] != ranked[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(ranked.size), 0))
    turn = np.empty(boxes.size, np.intp)
    turn[order] = np.arange(ranked.size) - start
    return turn
