"""The posterior over a tree of boxes of eight; beside it all of it from evidence to judgement, of 100, 1000 and 5000 meters."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from benchmarks.kernels.pairs import pointer
from cython_ext.outage_posterior import COLUMNS, OutagePosterior, TreeArrays, Trust
from edge_agent.model import Archive, Meter
from edge_agent.outage.locate import Locator
from edge_agent.outage.locate_evidence import EvidenceOf, Tries, trust
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.locate_tree import LocateTree
from edge_agent.outage.locate_view import Weigher
from edge_agent.outage.observed import Observed
from simulator.cli.rows import Row

_PER_BOX, _BOXES, _TRIES = 8, 10, 12
_GOAL_MS, _CONCENTRATION = 1.0, 5.0
_SIZES, _INDICES = "n m nodes buses tries rows points", "order parent own_start own_stop bus_of failed via"
_FLAGS = "shadowed three gasped answered masked muted"
_INPUTS = "placed meter_prior gasp_chance phase_ratio phase_log node_prior mean point share alive_ratio way_log"
_SCALARS = "stale way_answered false_gasp floor most unheard_chance relay_chance bus_prior"
_OUTPUTS = "fixed slope poll_ratio unheard mean_ratio inner product node_log meter_log relay_log bus_log best"
_PLACES = "row waiting stack choice"


class _Struct(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_ssize_t) for name in _SIZES.split()),
        *((name, ctypes.c_void_p) for name in f"{_INDICES} {_FLAGS} {_INPUTS}".split()),
        *((name, ctypes.c_double) for name in _SCALARS.split()),
        *((name, ctypes.c_void_p) for name in f"{_OUTPUTS} {_PLACES}".split()),
    ]  # fmt: skip


def _tree(n: int) -> TreeArrays:
    """Area, branches of ten boxes, boxes of eight."""
    boxes = max(1, n // _PER_BOX)
    parent, own = [0], [0]
    for first in range(0, boxes, _BOXES):
        parent.append(0)
        own.append(0)
        branch = len(parent) - 1
        for box in range(first, min(first + _BOXES, boxes)):
            parent.append(branch)
            own.append(_PER_BOX if box < boxes - 1 else n - _PER_BOX * (boxes - 1))
    stop = np.cumsum(own).astype(np.int32)
    return TreeArrays(
        order=np.arange(n, dtype=np.int32), bus_of=np.zeros(n, np.int32), n_buses=1, parent=np.array(parent, np.int32),
        own_start=(stop - np.array(own)).astype(np.int32), own_stop=stop, is_shadowed=np.zeros(len(own), np.bool_),
        placed=np.full((n, COLUMNS), 0.95), is_three=np.arange(n) % 20 == 0, meter_prior=np.full(n, -13.0),
    )


class _Work:
    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._chance, self._n, self._loops, self._tree = np.random.default_rng(1), n, loops, _tree(n)
        self._trust = trust(n, 1, 5.0, LocateSettings())
        self._ours, nodes = OutagePosterior(self._tree), len(self._tree.parent)
        self._given: dict[str, npt.NDArray] = {
            "gasped": np.zeros(n, np.bool_), "gasp_chance": np.full(n, 0.8), "polls_failed": np.zeros(n, np.int32),
            "answered": np.zeros(n, np.bool_), "masked": np.zeros(n, np.bool_), "muted": np.zeros(n, np.bool_),
            "via": np.arange(n, dtype=np.int32) // 4 - 1, "phase_ratio": np.ones((n, COLUMNS - 1)),
            "phase_log": np.full((n, COLUMNS - 1), -20.0), "node_prior": np.full((nodes, COLUMNS), -10.0),
        }
        self._kept = self._arrays(nodes)
        self._struct = self._filled()

    def fresh(self) -> None:
        chance = self._chance
        self._given["gasped"][:] = chance.random(self._n) < 0.1
        self._given["polls_failed"][:] = chance.integers(0, 3, self._n)
        self._given["answered"][:] = ~self._given["gasped"] & (chance.random(self._n) < 0.3)

    def kernel(self) -> object:
        return self._ours.weigh(self._trust, **self._given)

    def loop(self) -> object:
        return self._loops.outage_posterior(ctypes.byref(self._struct))

    def _arrays(self, nodes: int) -> dict[str, npt.NDArray]:
        """Everything the loop in C reads and writes beside what is given, by its names."""
        n, tree, given, trusted = self._n, self._tree, self._given, self._trust
        shapes = {"unheard": (nodes, COLUMNS), "node_log": (nodes, COLUMNS), "inner": (nodes,), "best": (nodes,), "bus_log": (1,)}
        found = {name: np.zeros(shapes.get(name, (n,))) for name in _OUTPUTS.split()}
        found["product"] = np.zeros(trusted.point.shape[1])
        found |= {"row": np.zeros(nodes, np.int32), "choice": np.zeros(nodes, np.int8)}
        found |= {name: np.zeros(n, np.int32) for name in ("waiting", "stack")}
        found |= {"failed": given["polls_failed"], "shadowed": tree.is_shadowed, "three": tree.is_three}
        for name in f"{_INDICES} {_FLAGS} {_INPUTS}".split():
            if name not in found:
                found[name] = _named(name, given, tree, trusted)
        return found

    def _filled(self) -> _Struct:
        trusted, sizes = self._trust, (self._n, self._n, len(self._tree.parent), 1, len(self._trust.way_log), *self._trust.point.shape)
        values = dict(zip(_SIZES.split(), sizes, strict=True))
        return _Struct(
            **values, **{name: pointer(array) for name, array in self._kept.items()},
            **{name: getattr(trusted, name) for name in _SCALARS.split()},
        )


def _named(name: str, given: dict[str, npt.NDArray], tree: TreeArrays, trusted: Trust) -> npt.NDArray:
    if name in given:
        return given[name]
    found: npt.NDArray = getattr(tree, name) if hasattr(tree, name) else getattr(trusted, name)
    return found


def make(n: int, loops: ctypes.CDLL) -> _Work:
    return _Work(n, loops)


def peers(runs: int) -> list[Row]:
    """A box without supply and a stray silent meter elsewhere, Python included.

    The probabilities of all hypotheses from what was observed, and a whole judgement, which weighs them anew without what each fault
    explains: it finds several faults at once.
    """
    rows = []
    for n in (100, 1000, 5000):
        archive, observed = _area(n)
        locator = Locator(archive)
        for what, call in (
            ("probabilities of all hypotheses over", _weighing(archive, observed)),
            ("a whole judgement of", partial(locator.judge, observed, concentration=_CONCENTRATION)),
        ):
            call()
            best = min(_spent_ms(call) for _ in range(max(20, 10 * runs)))
            is_gated = n == 1000 and what.startswith("probabilities")
            goal = f"<= {_GOAL_MS:g}" if is_gated else "-"
            name = f"outage_posterior: {what} {n} meters, fastest of many"
            rows.append(Row(name=name, figure=best, unit="ms", goal=goal, ok=not is_gated or best <= _GOAL_MS))
    return rows


def _weighing(archive: Archive, observed: Observed) -> Callable[[], object]:
    settings = LocateSettings()
    tree = LocateTree(archive, settings)
    weigher, tries = Weigher(tree, settings), Tries(len(tree.order), settings)
    trusted = trust(len(tree.order), len(tree.buses), _CONCENTRATION, settings)
    nobody, everybody = np.zeros(tree.n_meters, np.bool_), np.ones(tree.n_meters, np.bool_)

    def weigh() -> object:
        evidence = EvidenceOf(tree, tries, settings, observed)
        view = weigher.view(evidence, trusted, masked=nobody, muted=nobody, explained_a=np.zeros(3))
        return weigher.chances(view, observed.via, everybody)

    return weigh


def _area(n: int) -> tuple[Archive, Observed]:
    meters = [
        Meter(
            id=str(i), index=i, profile="any", bus="hplc", node=f"f{i // 160}/b{i // 40}/x{i // 8}", phases="a" if i % 20 else "abc",
            grid_phases="abc"[i % 3] if i % 20 else "abc",
        )
        for i in range(n)
    ]
    observed = Observed.nothing(n)
    observed.gasp_chance[:] = 0.8
    observed.gasped[40:46] = True
    observed.polls_failed[[41, 47, n - 1]] = 2
    observed.via[:] = np.arange(n) // 4 - 1
    return Archive("A", meters), observed


def _spent_ms(call: Callable[[], object]) -> float:
    began = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - began) / 1e6
