"""Evidence as likelihood ratios: how much more likely it is of a meter that is dead than of one that has supply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.outage_posterior import Trust
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.locate_tree import THREE_PHASES, LocateTree
from edge_agent.outage.observed import PHASE_BITS, Observed

ROWS, POINTS = 64, 8
_MOST_TRIES = 12                  # more failed polls say no more: the module is mute long before
_MOST_CHANCE = 0.999
_HEALED_CHANCE = 0.3              # per try, that the network has routed around a dead relay; tries are minutes apart by then (assumption)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quadrature:
    """Of Beta distributions with means on a grid: ``mean`` (rows,), ``point`` and ``share`` (rows, points)."""

    mean: npt.NDArray[np.float64]
    point: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]


class Tries:
    """What failed polls weigh: for r of them, shape (most tries + 1,).

    ``alive_ratio``: P(they fail | dead) / P(they fail | alive), where a living meter fails by chance or because its module is mute for
    longer; ``chance_log``: log of the part of the latter in which no module is mute. ``way_log``: log of P(they fail | the way to the meter
    is broken) / P(they fail | alive).
    """

    def __init__(self, n_customers: int, settings: LocateSettings) -> None:
        by_chance = (1.0 - settings.poll_success) ** np.arange(_MOST_TRIES + 1)
        mute = settings.comm_chance * settings.module_share / max(1, n_customers)
        alive = (1.0 - mute) * by_chance + mute
        self.alive_ratio = np.asarray(1.0 / alive, dtype=np.float64)
        self.chance_log = np.log((1.0 - mute) * by_chance / alive)
        self.way_log = np.log((1.0 - settings.reroute_chance) / alive + settings.reroute_chance)
        self.alive_ratio[0], self.chance_log[0], self.way_log[0] = 1.0, 0.0, 0.0


def trust(n_customers: int, n_buses: int, concentration: float, settings: LocateSettings) -> Trust:
    """What evidence weighs in an area of this size."""
    tries, quadrature = Tries(n_customers, settings), beta_quadrature(concentration)
    return Trust(
        alive_ratio=tries.alive_ratio, way_log=tries.way_log, way_answered=float(np.log(settings.reroute_chance)),
        stale=settings.stale_answer, false_gasp=settings.false_gasp, floor=settings.gasp_floor, most=_MOST_CHANCE,
        unheard_chance=settings.unheard_share, relay_chance=settings.comm_chance * settings.relay_share,
        bus_prior=float(np.log(settings.comm_chance * settings.bus_share / max(1, n_buses))), mean=quadrature.mean,
        point=quadrature.point, share=quadrature.share,
    )


def beta_quadrature(concentration: float) -> Quadrature:
    """Gauss-Jacobi points, exact for a box of 2 * POINTS - 1 meters; with infinite ``concentration`` every box has the mean.

    Source: Golub, Welsch, Calculation of Gauss quadrature rules (1969): eigenvalues of the matrix of the recurrence.
    """
    mean = (np.arange(ROWS) + 0.5) / ROWS
    if not np.isfinite(concentration):
        return Quadrature(mean=mean, point=np.repeat(mean[:, None], POINTS, axis=1), share=np.full((ROWS, POINTS), 1.0 / POINTS))
    low, high = concentration * (1.0 - mean) - 1.0, concentration * mean - 1.0      # exponents of (1 - x) and (1 + x) on -1..1
    total = low + high
    matrix = np.zeros((ROWS, POINTS, POINTS))
    matrix[:, 0, 0] = (high - low) / (total + 2.0)
    for k in range(1, POINTS):
        twice = 2.0 * k + total
        matrix[:, k, k] = (high**2 - low**2) / (twice * (twice + 2.0))
        if k == 1:                   # the general term is 0 / 0 where low + high = -1
            square = 4.0 * (1.0 + low) * (1.0 + high) / ((2.0 + total) ** 2 * (3.0 + total))
        else:
            square = 4.0 * k * (k + low) * (k + high) * (k + total) / (twice**2 * (twice + 1.0) * (twice - 1.0))
        matrix[:, k, k - 1] = matrix[:, k - 1, k] = np.sqrt(square)
    values, vectors = np.linalg.eigh(matrix)
    share = np.ascontiguousarray(vectors[:, 0, :] ** 2)
    return Quadrature(mean=mean, point=np.ascontiguousarray((values + 1.0) / 2.0), share=share / share.sum(axis=1, keepdims=True))


class EvidenceOf:
    """What one ``Observed`` says beside last gasps and polls, and of what.

    ``phase_ratio``: shape (m, 3), tree order; of meters of three phases: P(the voltages they show | that phase is lost) / P(they | it is
    not); ``phase_log``: the same times the prior of a phase lost at that meter alone, log; ``has_bits``: some are not 1.
    ``area_log``: shape (4,), of an outage of the whole area, or a phase.
    """

    def __init__(self, tree: LocateTree, tries: Tries, settings: LocateSettings, observed: Observed) -> None:
        self._tree, self._tries, self._settings, self.observed = tree, tries, settings, observed
        self.has_bits = bool((observed.phase_lost | observed.phase_live).any())
        self.phase_ratio, self.phase_log = tree.no_phase_ratio, tree.no_phase_log
        if self.has_bits:
            self._read_bits()
        self.area_log = self._area_log()

    def by_chance_log(self) -> npt.NDArray[np.float64]:
        """shape (n,): log of the probability that the failed polls of a living meter are chance, no mute module."""
        failed = np.clip(self.observed.polls_failed, 0, _MOST_TRIES)
        chance: npt.NDArray[np.float64] = np.where(self.observed.answered, 0.0, self._tries.chance_log[failed])
        return chance

    def excused_log(self) -> npt.NDArray[np.float64]:
        """shape (n,): log of P(polls fail | alive) to the same behind a dead relay, where each try may already find another way."""
        failed = np.clip(self.observed.polls_failed, 0, None)
        alive = 1.0 / self._tries.alive_ratio[np.minimum(failed, _MOST_TRIES)]
        excused: npt.NDArray[np.float64] = np.log(alive) - np.log(alive + 0.5 * (1.0 - _HEALED_CHANCE) ** failed)
        return excused

    def way_log(self, meter: int) -> float:
        """log of P(polls of the meter | its way is broken) / P(they | it is alive)."""
        if self.observed.answered[meter]:
            return float(np.log(self._settings.reroute_chance))
        return float(self._tries.way_log[min(int(self.observed.polls_failed[meter]), _MOST_TRIES)])

    def _area_log(self) -> npt.NDArray[np.float64]:
        """shape (4,): what the concentrator's own supply and meters at the transformer say of an outage of the whole area, or a phase."""
        settings, found = self._settings, np.zeros(1 + len(PHASE_BITS))
        mains = self.observed.mains.tolist()
        against = float(np.log(settings.mains_error))
        if 1 in mains:
            found[0] = against
        elif 0 in mains:
            found[0] = -against
        for column, state in enumerate(mains, start=1):
            if state == 1:
                found[column] = against
            elif state == 0 and set(mains) != {0}:      # all out: the concentrator's own supply explains that better than one phase does
                found[column] = -against
        for meter in self._tree.area_meters:
            if self.observed.masked[meter]:
                continue
            failed = min(int(self.observed.polls_failed[meter]), _MOST_TRIES)
            found[0] += np.log(settings.stale_answer if self.observed.answered[meter] else self._tries.alive_ratio[failed])
            for column, bit in enumerate(PHASE_BITS.values(), start=1):
                if self.observed.phase_live[meter] & bit:
                    found[column] += np.log(settings.stale_answer)
                elif self.observed.phase_lost[meter] & bit:
                    found[column] -= np.log(settings.phase_bit_error)
        return found

    def load_log(self, counted: npt.NDArray[np.bool_], explained_a: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """shape (nodes, 4): what the area meter says for each node, of the ``counted`` meters (tree order) that show a sign of loss.

        Whether the current of all of them is gone or still there is one piece of evidence: each meter has the part of it that it has of the
        current, so that a place and the places below it together never say the same thing twice.

        ``explained_a``: shape (3,), what other faults already explain of the drop.
        """
        tree, settings, observed = self._tree, self._settings, self.observed
        current_a = observed.last_current_a[tree.order]
        shows = counted & ((observed.polls_failed > 0) | observed.gasped)[tree.order]
        found = np.zeros((len(tree.nodes), 1 + len(PHASE_BITS)))
        for column in range(1, found.shape[1]):
            drop_a = observed.load_drop_a[column - 1] - explained_a[column - 1]
            known = np.isfinite(current_a[:, column - 1])
            if not np.isfinite(drop_a) or not known.any():
                continue
            may_be_on = (tree.phase == column) | (tree.phase == THREE_PHASES)
            typical_a = float(current_a[known & may_be_on, column - 1].mean()) if (known & may_be_on).any() else 0.0
            one_a = np.where(known, current_a[:, column - 1], np.where(may_be_on, typical_a, 0.0)) * shows
            lost_a, guessed = float(one_a.sum()), int((~known & may_be_on & shows).sum())
            if lost_a <= 0.0:
                continue
            own = max(float(np.nan_to_num(observed.load_drop_sd_a[column - 1])), 0.1) ** 2
            variance = own + guessed * typical_a**2 + (settings.load_spread * lost_a) ** 2
            log = 0.5 * (drop_a**2 / own - (drop_a - lost_a) ** 2 / variance - np.log(variance / own))
            limit = np.log(settings.load_odds)
            found[:, column] = _below(tree, one_a * (min(max(log, -limit), limit) / lost_a))
        found[:, 0] = found[:, 1:].sum(axis=1)
        return found

    def _read_bits(self) -> None:
        tree, observed = self._tree, self.observed
        ratio = np.ones_like(tree.no_phase_ratio)
        lost, live = observed.phase_lost[tree.order], observed.phase_live[tree.order]
        for column, bit in enumerate(PHASE_BITS.values()):
            is_lost, is_live = (lost & bit) > 0, (live & bit) > 0
            ratio[is_lost & ~is_live, column] = 1.0 / self._settings.phase_bit_error
            ratio[is_live & ~is_lost, column] = self._settings.stale_answer
        ratio[~tree.is_three | observed.masked[tree.order]] = 1.0
        self.phase_ratio = ratio
        self.phase_log = np.where(tree.is_three[:, None], tree.meter_phase_prior + np.log(ratio), -np.inf)


def _below(tree: LocateTree, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sum over the run of each node."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    total: npt.NDArray[np.float64] = sums[tree.stop] - sums[tree.start]
    return total
