"""What an edit of the grid does to the wires: contacts that leak, conductors that are gone, and how phases reach each other.

An ``open`` edit may say ``how``: "contact" (breaker, fuse, relay: the conductor goes on behind a gap, over which the signal leaks) or
"cut" (the conductor is gone). The grid needs no such key, so where it is missing this rule holds: devices open phases, or phases
together with the neutral; so a neutral that is opened while a phase of the branch stays closed was cut, and everything else is a contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from simulator.grid.edits import Edit, apply_edits
from simulator.grid.network import PHASES, Branch, Network
from simulator.hplc.assumptions import assumed, assumed_row
from simulator.hplc.channel.tree import Modules, Tree, common_depth
from simulator.load.streams import Streams

Real = npt.NDArray[np.float64]
HOW = ("contact", "cut")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """The conductors of a tree as they stand.

    Attributes:
        passes: (buses, 3), share of a phase's power that passes the opening of the edge; 1 where nothing is open.
        is_fed: (buses, 3), the phase at a bus has supply.
    """

    passes: Real
    is_fed: npt.NDArray[np.bool_]


def wires_of(network: Network, tree: Tree, edits: Sequence[Edit], streams: Streams) -> Wires:
    """Raises ConfigError for an edit that cannot be made or a ``how`` that is unknown."""
    after = apply_edits(network, [_as_the_grid_takes_it(edit) for edit in edits])
    edited = {branch.id: branch for branch in after.branches}
    said = _said(edits, edited)
    passes = np.ones((len(tree.buses), 3))
    is_fed = np.ones((len(tree.buses), 3), dtype=np.bool_)
    is_fed[0] = np.full(3, len(after.hv_opened) < 2)      # with two phases open no winding is in a closed loop
    for bus in range(1, len(tree.buses)):
        edge = tree.edges[bus]
        assert edge is not None
        branch = edited[edge.id]
        is_fed[bus] = is_fed[tree.parent[bus]] & _feeds(branch)
        if branch.opened:
            passes[bus] = _passes(branch, said.get(branch.id, {}), streams)
    return Wires(passes=passes, is_fed=is_fed)


def coupling(tree: Tree, modules: Modules, wires: Wires, streams: Streams) -> Real:
    """Share of power that phases and openings leave between each two modules, (modules, modules), symmetric, at most 1.

    On every edge a little goes over from phase to phase (far-end crosstalk, growing with the length of the common run), and at the bus
    where the ways of two modules meet (near-end crosstalk; at the transformer through its windings).
    """
    reached = _upwards(tree, modules, wires)
    total = reached.sum(axis=2)
    near = _near_crosstalk(tree, streams)
    depth = common_depth(tree, modules.bus)
    result = np.zeros(depth.shape)
    for at in range(reached.shape[1]):
        meets = depth == at
        share = near[tree.ancestors[modules.bus, at]][:, None]
        here = (1.0 - 3.0 * share) * (reached[:, at] @ reached[:, at].T) + share * np.outer(total[:, at], total[:, at])
        result[meets] = here[meets]
    return result


def is_fed(modules: Modules, wires: Wires) -> npt.NDArray[np.bool_]:
    """(modules,): at least one phase of a module has supply."""
    fed: npt.NDArray[np.bool_] = np.any(wires.is_fed[modules.bus] & (modules.phase_power > 0), axis=1)
    return fed


def _as_the_grid_takes_it(edit: Edit) -> Edit:
    if isinstance(edit, Mapping) and edit.get("op") == "open":
        return {key: value for key, value in edit.items() if key != "how"}
    return edit


def _said(edits: Iterable[Edit], branches: dict[str, Branch]) -> dict[str, dict[str, str]]:
    """Branch -> conductor -> how it was opened, where an edit says so. The later edit counts."""
    said: dict[str, dict[str, str]] = {}
    for edit in edits:
        if edit.get("op") == "open" and "how" in edit:
            if edit["how"] not in HOW:
                raise ConfigError([f"open {edit['branch']}: how = {edit['how']!r}; {' or '.join(HOW)} is possible"])
            conductors = edit.get("conductors", branches[edit["branch"]].conductors)
            said.setdefault(edit["branch"], {}).update(dict.fromkeys(conductors, edit["how"]))
    return said


def _passes(branch: Branch, said: dict[str, str], streams: Streams) -> Real:
    low, high = assumed_row("channel.open_contact_db")
    leak = 10.0 ** (-streams.named(f"hplc/contact/{branch.id}").uniform(low, high) / 10.0)
    closed = [phase for phase in PHASES if phase in branch.conductors and phase not in branch.opened]

    def share(conductor: str) -> float:
        if conductor not in branch.opened:
            return 1.0
        is_cut = said.get(conductor, "cut" if conductor == "N" and closed else "contact") == "cut"
        if is_cut and conductor == "N" and len(closed) > 1:
            return float(10.0 ** (-assumed("channel.neutral_cut_db") / 10.0))     # the other phases carry it back
        return 0.0 if is_cut else float(leak)

    neutral = share("N") if "N" in branch.conductors else 1.0
    return np.array([min(share(phase), neutral) if phase in branch.conductors else 1.0 for phase in PHASES])


def _feeds(branch: Branch) -> npt.NDArray[np.bool_]:
    closed = np.array([phase in branch.conductors and phase not in branch.opened for phase in PHASES])
    without_return = "N" in branch.opened and closed.sum() < 2
    fed: npt.NDArray[np.bool_] = closed & ~np.bool_(without_return)
    return fed


def _upwards(tree: Tree, modules: Modules, wires: Wires) -> Real:
    """Power of each module on the phases at each bus above it: (modules, depths, 3), zero below the module."""
    reached = np.zeros((len(modules.bus), tree.ancestors.shape[1], 3))
    at, power = modules.bus.copy(), modules.phase_power.copy()
    rows, depth = np.arange(len(at)), tree.depth
    far = _far_crosstalk(tree)
    reached[rows, depth[at]] = power
    goes_on = at > 0
    cut_below = np.array([edge is not None and edge.from_bus == bus for edge, bus in zip(tree.edges, tree.buses, strict=True)])
    while goes_on.any():
        rows, here = rows[goes_on], at[goes_on]
        now = power[goes_on]
        openings = wires.passes[here]
        now = np.where(cut_below[here][:, None], now * openings, now)     # an opening is at the from end of its branch
        on = tree.has_phase[here]
        share = far[here][:, None]
        now = np.where(on, (1.0 - on.sum(axis=1, keepdims=True) * share) * now + share * now.sum(axis=1, keepdims=True), 0.0)
        now = np.where(cut_below[here][:, None], now, now * openings)
        at, power = tree.parent[here], now
        reached[rows, depth[at]] = power
        goes_on = at > 0
    return reached


def _far_crosstalk(tree: Tree) -> Real:
    """Share that goes over to each other phase along an edge, (buses,)."""
    most = 10.0 ** (-assumed("channel.far_crosstalk_db") / 10.0)
    length_m = np.array([edge.length_m if edge is not None else 0.0 for edge in tree.edges])
    share: Real = most * (1.0 - np.exp(-length_m / assumed("channel.far_crosstalk_m")))
    return share


def _near_crosstalk(tree: Tree, streams: Streams) -> Real:
    """Share that goes over to each other phase at a bus, (buses,); the transformer is the first."""
    chance = streams.named("hplc/near_crosstalk")
    low_db, high_db = assumed_row("channel.near_crosstalk_db")
    loss_db = chance.uniform(low_db, high_db, size=len(tree.buses))
    low_db, high_db = assumed_row("channel.transformer_crosstalk_db")
    loss_db[0] = chance.uniform(low_db, high_db)
    share: Real = 10.0 ** (-loss_db / 10.0)
    return share
