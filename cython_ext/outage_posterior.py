"""Posterior over what may have failed in a tree of meters: each node whole or on one phase, each meter alone, each relay, each bus.

Meters stand in the order of the tree (depth first), so that each node's own meters are one run; their delivery of last gasps has a chance
in common, over which a quadrature goes. Everything is O(meters x quadrature points). Kernel because an outage is judged anew with each
piece of evidence, several times where several faults are told apart, and an alarm of a thousand meters waits for it.

A circle of relays (a routing table read while it changed) is no error: what stands in it is not passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("outage_posterior")
COLUMNS = 4                                      # whole, then the phases a, b, c
COVERED, INNER, WHOLE, PHASE = -1, 0, 1, 2      # of ``OutagePosterior.choice``
_F64, _I32, _FLAG = np.dtype(np.float64), np.dtype(np.int32), np.dtype(np.bool_)     # to compare with a type takes a microsecond


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreeArrays:
    """m meters in the order of the tree, ``nodes`` nodes with parents before children, n meters of the archive.

    Attributes:
        order: shape (m,), int32; archive index. ``bus_of``: shape (n,), int32. ``n_buses``: how many.
        parent: shape (nodes,), int32; of node 0 it does not count.
        own_start, own_stop: shape (nodes,), int32; the run of meters that hang on the node itself.
        is_shadowed: shape (nodes,), bool; never chosen, because something below it has the same meters.
        placed: shape (m, 4), 0..1; chance that the meter truly belongs to its node, and to the phase of the column there.
        is_three: shape (m,), bool; lives on when one phase fails, and tells about it.
        meter_prior: shape (m,), log.
    """

    order: npt.NDArray[np.int32]
    bus_of: npt.NDArray[np.int32]
    n_buses: int
    parent: npt.NDArray[np.int32]
    own_start: npt.NDArray[np.int32]
    own_stop: npt.NDArray[np.int32]
    is_shadowed: npt.NDArray[np.bool_]
    placed: npt.NDArray[np.float64]
    is_three: npt.NDArray[np.bool_]
    meter_prior: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        """Raises ValueError: shapes or types do not fit, a child before its parent, a run or an index outside the meters."""
        nodes, m, n = len(self.parent), len(self.order), len(self.bus_of)
        _check((nodes,), _I32, parent=self.parent, own_start=self.own_start, own_stop=self.own_stop)
        _check((nodes,), _FLAG, is_shadowed=self.is_shadowed)
        _check((m,), _I32, order=self.order)
        _check((n,), _I32, bus_of=self.bus_of)
        _check((m, COLUMNS), _F64, placed=self.placed)
        _check((m,), _FLAG, is_three=self.is_three)
        _check((m,), _F64, meter_prior=self.meter_prior)
        if nodes == 0 or ((self.parent[1:] < 0) | (self.parent[1:] >= np.arange(1, nodes))).any():
            raise ValueError("parents must stand before their children")
        if (self.own_start < 0).any() or (self.own_stop > m).any() or (self.own_start > self.own_stop).any():
            raise ValueError(f"own_start and own_stop must be within the {m} meters")
        for name, array, size in (("order", self.order, n), ("bus_of", self.bus_of, self.n_buses)):
            if len(array) and not 0 <= array.min() <= array.max() < size:
                raise ValueError(f"{name} must be within 0..{size - 1}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trust:
    """What evidence weighs.

    Attributes:
        alive_ratio: shape (tries,); at r: P(r polls fail | dead) / P(they fail | alive); later ones count as the last.
        way_log: shape (tries,); at r: log of P(they fail | the way is broken) / P(they fail | alive). ``way_answered``: of an answer.
        stale: P(answer | dead) / P(answer | alive).
        false_gasp: chance of a last gasp of a meter that lives. ``floor``: least chance of one that came; ``most``: highest of any.
        unheard_chance: that nothing of a node that fails can be heard, because the conductor that carries the signal is broken.
        relay_chance: of all relays together. ``bus_prior``: log, of each bus.
        mean, point, share: shapes (rows,), (rows, points), (rows, points): the quadrature over the chance that a box has in common.
    """

    alive_ratio: npt.NDArray[np.float64]
    way_log: npt.NDArray[np.float64]
    way_answered: float
    stale: float
    false_gasp: float
    floor: float
    most: float
    unheard_chance: float
    relay_chance: float
    bus_prior: float
    mean: npt.NDArray[np.float64]
    point: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        """Raises ValueError: shapes or types do not fit, or a mean or unheard_chance is not inside 0..1."""
        _check(self.alive_ratio.shape, _F64, alive_ratio=self.alive_ratio, way_log=self.way_log)
        _check((len(self.mean),), _F64, mean=self.mean)
        _check((len(self.mean), self.point.shape[-1]), _F64, point=self.point, share=self.share)
        inside = [0 < value < 1 for value in (self.unheard_chance, *self.mean)]
        if not len(self.alive_ratio) or not len(self.mean) or not all(inside):
            raise ValueError("alive_ratio must not be empty, mean and unheard_chance must be inside 0..1")


class OutagePosterior:
    """Of one tree. Logs are relative to "every meter has supply and every way is alive".

    Attributes:
        mean_ratio: shape (m,), P(evidence of the meter | dead) / P(it | alive).
        node_log: shape (nodes, 4), log of what each node explains when it fails whole or on one phase, times its prior.
        meter_log: shape (m,), the same for each meter alone. ``relay_log``: shape (n,), for the way through each meter, -inf where it does
            not relay. ``bus_log``: shape (n_buses,).
        choice: shape (nodes,): the best set of faults in which none is below another: INNER = what is below it fails on its own or not at
            all, WHOLE, PHASE = that of its phases with the highest ``node_log`` (a second one only shows when the meters of the first are
            masked: they may all be of one phase and the archive wrong), COVERED = something above it was chosen.
        best: shape (nodes,), log of that best set at or below each node.
    """

    def __init__(self, tree: TreeArrays) -> None:
        nodes, m, n = len(tree.parent), len(tree.order), len(tree.bus_of)
        self._tree = tree
        self._flags = {name: getattr(tree, name).view(np.uint8) for name in ("is_shadowed", "is_three")}
        self._fixed, self._slope, self._row = np.zeros(m), np.zeros(m), np.zeros(nodes, _I32)
        self._poll, self._unheard = np.zeros(m), np.zeros((nodes, COLUMNS))
        self._inner, self._above, self._count = np.zeros(nodes), np.zeros((nodes, COLUMNS)), np.zeros(nodes, _I32)
        self._waiting, self._stack = np.zeros(n, _I32), np.zeros(n, _I32)
        self.mean_ratio, self.node_log, self.meter_log = np.zeros(m), np.zeros((nodes, COLUMNS)), np.zeros(m)
        self.relay_log, self.bus_log = np.zeros(n), np.zeros(tree.n_buses)
        self.best, self.choice = np.zeros(nodes), np.zeros(nodes, np.int8)

    def weigh(
        self, trust: Trust, *, gasped: npt.NDArray[np.bool_], gasp_chance: npt.NDArray[np.float64], polls_failed: npt.NDArray[np.int32],
        answered: npt.NDArray[np.bool_], masked: npt.NDArray[np.bool_], muted: npt.NDArray[np.bool_], via: npt.NDArray[np.int32],
        phase_ratio: npt.NDArray[np.float64], phase_log: npt.NDArray[np.float64], node_prior: npt.NDArray[np.float64],
    ) -> None:
        """Fill the attributes.

        Args:
            gasped, gasp_chance, polls_failed, answered, via: shape (n,), archive order; via below 0 = no relay.
            masked, muted: shape (n,); nothing of the first counts, of the second no poll does.
            phase_ratio: shape (m, 3); of a meter of three phases: P(what it tells | that phase is lost) / P(it | all alive).
            phase_log: shape (m, 3); log of what a phase lost at that meter alone explains, times its prior.
            node_prior: shape (nodes, 4), log, with the evidence that is of no meter.
        Raises:
            ValueError: shapes or types do not fit, or a relay is no meter.
        """
        tree, n, m = self._tree, len(self.relay_log), len(self.meter_log)
        _check((n,), _FLAG, gasped=gasped, answered=answered, masked=masked, muted=muted)
        _check((n,), _F64, gasp_chance=gasp_chance)
        _check((n,), _I32, polls_failed=polls_failed, via=via)
        _check((m, COLUMNS - 1), _F64, phase_ratio=phase_ratio, phase_log=phase_log)
        _check(self.node_log.shape, _F64, node_prior=node_prior)
        if n and int(via.max()) >= n:
            raise ValueError(f"via must be below {n}")
        _kernel.weigh(
            tree.order, tree.parent, tree.own_start, tree.own_stop, self._flags["is_shadowed"], tree.placed, self._flags["is_three"],
            tree.meter_prior, tree.bus_of, gasped.view(np.uint8), gasp_chance, polls_failed, answered.view(np.uint8),
            masked.view(np.uint8), muted.view(np.uint8), via, phase_ratio, phase_log, node_prior, trust.mean, trust.point, trust.share,
            trust.alive_ratio, trust.way_log, trust.stale, trust.way_answered, trust.false_gasp, trust.floor, trust.most,
            trust.unheard_chance, trust.relay_chance, trust.bus_prior, self._fixed, self._slope, self._poll, self._unheard, self.mean_ratio,
            self._row, self._inner, np.empty(trust.point.shape[1]), self._waiting, self._stack, self.node_log, self.meter_log,
            self.relay_log, self.bus_log, self.best, self.choice,
        )


@dataclass(slots=True, kw_only=True, eq=False)
class Chances:
    """Probabilities of all hypotheses, together 1; ``alive`` is that of none.

    ``node`` (nodes, 4), ``meter`` (m,), ``phase`` (m, 3), ``relay`` (n,), ``bus`` (n_buses,); ``dead`` (n,), of each meter to be dead.
    """

    node: npt.NDArray[np.float64]
    meter: npt.NDArray[np.float64]
    phase: npt.NDArray[np.float64]
    relay: npt.NDArray[np.float64]
    bus: npt.NDArray[np.float64]
    dead: npt.NDArray[np.float64]
    alive: float = 1.0


class ChanceOf:
    """From logs to probabilities, on one tree."""

    def __init__(self, tree: TreeArrays) -> None:
        nodes, n = len(tree.parent), len(tree.bus_of)
        self._tree, self._is_three = tree, tree.is_three.view(np.uint8)
        self._count, self._above = np.zeros(nodes, _I32), np.zeros((nodes, COLUMNS))
        self._waiting, self._stack = np.zeros(n, _I32), np.zeros(n, _I32)

    def hypotheses(
        self, concerned: npt.NDArray[np.bool_], via: npt.NDArray[np.int32], *, mean_ratio: npt.NDArray[np.float64],
        node_log: npt.NDArray[np.float64], meter_log: npt.NDArray[np.float64], phase_log: npt.NDArray[np.float64],
        relay_log: npt.NDArray[np.float64], bus_log: npt.NDArray[np.float64],
    ) -> Chances:
        """Of those that concern some of the meters ``concerned`` (shape (n,)); the others are left out.

        Args: as the attributes of OutagePosterior, ``phase_log`` and ``via`` as its ``weigh`` had them.
        Raises:
            ValueError: shapes or types do not fit, or a relay is no meter.
        """
        tree = self._tree
        nodes, m, n = len(tree.parent), len(tree.order), len(tree.bus_of)
        _check((n,), _FLAG, concerned=concerned)
        _check((n,), _I32, via=via)
        _check((m,), _F64, mean_ratio=mean_ratio, meter_log=meter_log)
        _check((nodes, COLUMNS), _F64, node_log=node_log)
        _check((m, COLUMNS - 1), _F64, phase_log=phase_log)
        _check((n,), _F64, relay_log=relay_log)
        _check((tree.n_buses,), _F64, bus_log=bus_log)
        if n and int(via.max()) >= n:
            raise ValueError(f"via must be below {n}")
        found = Chances(
            node=np.empty((nodes, COLUMNS)), meter=np.empty(m), phase=np.empty((m, COLUMNS - 1)), relay=np.empty(n),
            bus=np.empty(tree.n_buses), dead=np.empty(n),
        )
        found.alive = _kernel.chances(
            concerned.view(np.uint8), tree.order, tree.parent, tree.own_start, tree.own_stop, via, tree.bus_of, self._is_three, mean_ratio,
            tree.placed, node_log, meter_log, phase_log, relay_log, bus_log, self._count, self._waiting, self._stack, found.node,
            found.meter, found.phase, found.relay, found.bus, self._above, found.dead,
        )
        return found


def _check(shape: tuple[int, ...], kind: np.dtype[Any], **arrays: npt.NDArray[np.generic]) -> None:
    for name, array in arrays.items():
        if array.shape != shape or array.dtype != kind or not array.flags.c_contiguous:
            raise ValueError(f"{name} must be contiguous, of shape {shape} and {kind} elements")
