"""Nodes and the admittance matrix: every (bus, conductor), the high-voltage side, and which of them have supply at all."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix
from scipy.sparse.csgraph import connected_components

from simulator.grid.ieee_feeder import of_sequence
from simulator.grid.network import EARTH, PHASES, SQRT3, Branch, Network

SOURCE_BUS, HV_BUS = "\N{LEFT ANGLE BRACKET}source\N{RIGHT ANGLE BRACKET}", "\N{LEFT ANGLE BRACKET}hv\N{RIGHT ANGLE BRACKET}"
# What a part of the network stands on that nothing joins to earth: the insulation of an unearthed transformer side (1 Mohm), and far
# less, below anything that loads do, for what hangs on nothing but loads behind a cut. Only voltages to earth feel it. And what splits an
# open high-voltage phase between its two units when nothing is drawn: 5 mW, far less than the core that the model leaves out.
INSULATION_S, STRAY_S, SPLIT_S = 1e-6, 1e-10, 1e-7
Node = tuple[str, str]
ComplexVector = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True, kw_only=True)
class Equations:
    """``admittance`` @ V = ``injection`` + what the loads inject, over the nodes that have a way to the reference.

    Attributes:
        index: node -> row; nodes without supply, and solidly earthed ones, are missing and read 0.
        tied: nodes that closed conductors (not loads) join to the transformer.
    """

    admittance: csc_matrix
    injection: ComplexVector
    index: dict[Node, int]
    tied: frozenset[Node]


def make_equations(network: Network) -> Equations:
    """Stamp everything but the loads."""
    earthed = {(shunt.bus, shunt.conductor) for shunt in network.shunts if shunt.ohm == 0.0}
    nodes = [(bus, phase) for bus in (SOURCE_BUS, HV_BUS) for phase in PHASES]
    nodes += [(bus, conductor) for bus, conductors in network.buses.items() for conductor in conductors]
    if network.transformer.vector_group == "Yyn0":
        nodes.append((HV_BUS, "N"))
    joined = list(_closed(network))
    tied = _reached(joined, {(SOURCE_BUS, phase) for phase in PHASES})
    # over loads a cut conductor is still fed; what nothing reaches has no supply and is taken out
    ports = [((load.bus, load.phase), (load.bus, load.to)) for load in network.loads if load.to != EARTH]
    fed = _reached([*joined, *ports], {(SOURCE_BUS, phase) for phase in PHASES})
    index = {node: row for row, node in enumerate(node for node in nodes if node in fed and node not in earthed)}
    rows: list[int] = []
    columns: list[int] = []
    values: list[complex] = []

    def stamp(block_nodes: list[Node], block: npt.NDArray[np.complex128]) -> None:
        places = [index.get(node) for node in block_nodes]
        for row, numbers in zip(places, block.tolist(), strict=True):
            for column, number in zip(places, numbers, strict=True):
                if row is not None and column is not None and number:
                    rows.append(row)
                    columns.append(column)
                    values.append(number)

    for block_nodes, block in _blocks(network):
        stamp(block_nodes, block)
    if network.hv_opened:      # without load nothing else says how the open phase is split between its two units
        lv = network.transformer.lv_bus
        for phase in PHASES:
            stamp([(lv, phase), (lv, "N")], SPLIT_S * np.array([[1, -1], [-1, 1]], dtype=np.complex128))
    for node in _without_reference(network, index, joined, earthed):
        stamp([node], np.array([[INSULATION_S if node[0] == network.transformer.lv_bus else STRAY_S]], dtype=np.complex128))
    n = len(index)
    injection = np.zeros(n, dtype=np.complex128)
    with np.errstate(all="ignore"):      # a source that is not finite is found by whoever solves
        injection[[index[SOURCE_BUS, phase] for phase in PHASES]] = source_admittance(network) @ source_volts(network)
    return Equations(
        admittance=csc_matrix((values, (rows, columns)), shape=(n, n), dtype=np.complex128), injection=injection, index=index,
        tied=frozenset(tied),
    )


def source_volts(network: Network) -> ComplexVector:
    """The electromotive force of the three phases to earth."""
    source = network.source
    size_v = 1000.0 * source.kv * source.pu / SQRT3
    return np.array([cmath.rect(size_v, math.radians(source.angle_deg - 120.0 * place)) for place in range(3)])


def source_admittance(network: Network) -> npt.NDArray[np.complex128]:
    """Phase matrix of the source's own impedance, inverted."""
    return np.linalg.inv(of_sequence(network.source.z1_ohm, network.source.z0_ohm)).astype(np.complex128)


def hv_node(network: Network, phase: str) -> Node:
    """The transformer's terminal of a phase; without a link between them it is the source's."""
    return (HV_BUS if network.source.link_ohm or phase in network.hv_opened else SOURCE_BUS), phase


def windings(network: Network) -> Iterator[tuple[str, Node, Node]]:
    """Of each low-voltage phase: the two nodes between which its high-voltage winding lies."""
    group = network.transformer.vector_group
    for place, phase in enumerate(PHASES):
        # a winding from A to B gives what leads A by 30 degrees, one from A to C what lags it
        end = (HV_BUS, "N") if group == "Yyn0" else hv_node(network, PHASES[(place + (1 if group == "Dyn11" else 2)) % 3])
        yield phase, hv_node(network, phase), end


def split_phases(network: Network) -> set[str]:
    """Low-voltage phases whose unit hangs on an open high-voltage phase: what is on one decides the voltage of the other."""
    return {phase for phase, begin, end in windings(network) if network.hv_opened & {begin[1], end[1]}}


def turns_ratio(network: Network) -> float:
    """High- to low-voltage turns of one unit."""
    transformer = network.transformer
    hv = transformer.kv_hv / (SQRT3 if transformer.vector_group == "Yyn0" else 1.0)
    return hv / (transformer.kv_lv / SQRT3)


def leakage_s(network: Network) -> complex:
    """Admittance of one unit's leakage impedance, seen from the low-voltage side."""
    transformer = network.transformer
    base_ohm = 1000.0 * transformer.kv_lv**2 / transformer.kva
    return 1.0 / (complex(transformer.r_percent, transformer.x_percent) / 100.0 * base_ohm)


def core_s(network: Network) -> complex:
    """Admittance for the zero sequence of a Yyn0 transformer, per phase, from the low-voltage side."""
    transformer = network.transformer
    return 1.0 / complex(0.0, transformer.x0_percent / 100.0 * 1000.0 * transformer.kv_lv**2 / transformer.kva)


def branch_admittance(branch: Branch) -> tuple[tuple[str, ...], npt.NDArray[np.complex128]]:
    """The conductors that are closed, and the inverse of their matrix. An open conductor carries no current and induces none."""
    closed = [place for place, conductor in enumerate(branch.conductors) if conductor not in branch.opened]
    inverse = np.linalg.inv(branch.z_ohm[np.ix_(closed, closed)]).astype(np.complex128)
    return tuple(branch.conductors[place] for place in closed), inverse


def _blocks(network: Network) -> Iterator[tuple[list[Node], npt.NDArray[np.complex128]]]:
    yield [(SOURCE_BUS, phase) for phase in PHASES], source_admittance(network)
    for phase in PHASES:
        if phase not in network.hv_opened and network.source.link_ohm:
            joint = np.array([[1, -1], [-1, 1]], dtype=np.complex128)
            yield [(SOURCE_BUS, phase), (HV_BUS, phase)], joint / network.source.link_ohm
    ratio, unit_s = turns_ratio(network), leakage_s(network)
    lv = network.transformer.lv_bus
    winding = np.array([1.0, -1.0, -1.0 / ratio, 1.0 / ratio])
    for phase, begin, end in windings(network):
        yield [(lv, phase), (lv, "N"), begin, end], unit_s * np.outer(winding, winding).astype(np.complex128)
    if network.transformer.vector_group == "Yyn0":
        core = np.array([1.0, 1.0, 1.0, -3.0]) / 3.0
        yield [*((lv, phase) for phase in PHASES), (lv, "N")], (3.0 * core_s(network) * np.outer(core, core)).astype(np.complex128)
    for branch in network.branches:
        conductors, y = branch_admittance(branch)
        if conductors:
            ends = [(branch.from_bus, conductor) for conductor in conductors] + [(branch.to_bus, conductor) for conductor in conductors]
            yield ends, np.block([[y, -y], [-y, y]])
    for shunt in network.shunts:
        if shunt.ohm:
            yield [(shunt.bus, shunt.conductor)], np.array([[1.0 / shunt.ohm]], dtype=np.complex128)


def _closed(network: Network) -> Iterator[tuple[Node, Node]]:
    """Pairs of nodes that a closed conductor or a winding joins; the transformer joins its two sides."""
    for phase in PHASES:
        if phase not in network.hv_opened:
            yield (SOURCE_BUS, phase), hv_node(network, phase)
    for phase, begin, end in windings(network):
        yield begin, end
        yield (network.transformer.lv_bus, phase), (network.transformer.lv_bus, "N")
        yield begin, (network.transformer.lv_bus, phase)
    for branch in network.branches:
        for conductor in branch.conductors:
            if conductor not in branch.opened:
                yield (branch.from_bus, conductor), (branch.to_bus, conductor)


def _reached(joined: Iterable[tuple[Node, Node]], start: set[Node]) -> set[Node]:
    neighbours: dict[Node, list[Node]] = {}
    for first, second in joined:
        neighbours.setdefault(first, []).append(second)
        neighbours.setdefault(second, []).append(first)
    reached, todo = set(start), list(start)
    while todo:
        for node in neighbours.get(todo.pop(), ()):
            if node not in reached:
                reached.add(node)
                todo.append(node)
    return reached


def _without_reference(
    network: Network, index: dict[Node, int], joined: list[tuple[Node, Node]], earthed: set[Node]
) -> list[Node]:
    """One node of each part that no conductor joins to earth or the source: its voltage to earth needs something to stand on.

    The two sides of the transformer are coupled, not joined, so an unearthed low-voltage side is such a part.
    """
    high = (SOURCE_BUS, HV_BUS)
    pairs = [(index[a], index[b]) for a, b in joined if (a[0] in high) == (b[0] in high) and a in index and b in index]
    n = len(index)
    graph = csc_matrix((np.ones(len(pairs)), tuple(zip(*pairs, strict=True)) if pairs else ([], [])), shape=(n, n))
    _, part = connected_components(graph, directed=False)
    held = {part[index[SOURCE_BUS, phase]] for phase in PHASES}
    held |= {part[index[shunt.bus, shunt.conductor]] for shunt in network.shunts if (shunt.bus, shunt.conductor) in index}
    for first, second in joined:       # next to a solidly earthed node
        held |= {part[index[a]] for a, b in ((first, second), (second, first)) if b in earthed and a in index}
    found: dict[int, Node] = {}
    for node, row in index.items():
        if part[row] not in held and (part[row] not in found or node == (network.transformer.lv_bus, "N")):
            found[part[row]] = node
    return list(found.values())

