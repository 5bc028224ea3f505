"""Everything that makes a network one that cannot be solved, or that no line could be: all problems at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.network import CONDUCTORS, EARTH, PHASES, Branch, Network

_LOW_V, _HIGH_V = 50.0, 1000.0       # nominal voltages of a load that are no slip of the pen
_MOST_KW, _MOST_OHM = 1e5, 1e6       # of one load or transformer, of one line: far beyond any at low voltage
_MOST_KV = 1000.0


def check_network(network: Network) -> None:
    """Raises ConfigError with one line for each problem: what is wrong, and at which branch, bus, shunt or load."""
    problems = [*_of_the_supply(network), *_of_branches(network), *_of_what_hangs_on(network)]
    if not problems:
        problems = list(_islands(network))
    if problems:
        raise ConfigError([f"network {network.name}: {problem}" for problem in problems])


def check_tree(network: Network) -> None:
    """Where one way to each bus is asked for. Raises ConfigError naming each branch that closes a loop."""
    root = {bus: bus for bus in network.buses}

    def root_of(bus: str) -> str:
        while root[bus] != bus:
            root[bus] = bus = root[root[bus]]
        return bus

    problems = []
    for branch in network.branches:
        one, other = root_of(branch.from_bus), root_of(branch.to_bus)
        if one == other:
            problems.append(f"network {network.name}: branch {branch.id} from {branch.from_bus} to {branch.to_bus} closes a loop")
        root[one] = other
    if problems:
        raise ConfigError(problems)


def check_attached(network: Network) -> None:
    """Only what hangs on the network: after an edit. Raises ConfigError like ``check_network``."""
    problems = list(_of_what_hangs_on(network))
    if problems:
        raise ConfigError(problems)


def _of_the_supply(network: Network) -> Iterator[str]:
    source, transformer = network.source, network.transformer
    if not all(0 < value < _MOST_KV for value in (source.kv, source.pu, network.f_hz)):
        yield f"source: kv, pu and f_hz must be above 0 and below {_MOST_KV:g}"
    if not np.isfinite(source.angle_deg):
        yield f"source: angle of {source.angle_deg} degrees"
    if not all(np.isfinite(z) and z.real >= 0 and abs(z) > 0 for z in (source.z1_ohm, source.z0_ohm)):
        yield "source: z1 and z0 must be impedances with a resistance of at least 0"
    if not (0 < transformer.kva < _MOST_KW and 0 < transformer.kv_hv < _MOST_KV and 0 < transformer.kv_lv < 1.5):
        yield f"transformer: kva, kv_hv and kv_lv must be above 0 and below {_MOST_KW:g}, {_MOST_KV:g} and 1.5"
    if not (0 <= transformer.r_percent < np.inf and 0 < transformer.x_percent < np.inf):
        yield "transformer: r_percent must be at least 0 and x_percent above 0"
    if transformer.vector_group not in ("Dyn11", "Dyn1", "Yyn0"):
        yield f"transformer: vector group {transformer.vector_group!r}; one of Dyn11, Dyn1, Yyn0 is possible"
    if not 0 < transformer.x0_percent < np.inf:
        yield "transformer: x0_percent must be above 0"
    for phase in sorted(network.hv_opened - set(PHASES)):
        yield f"transformer: {phase!r} is no phase that can be open"


def _of_branches(network: Network) -> Iterator[str]:
    seen: set[str] = set()
    for branch in network.branches:
        name = f"branch {branch.id}"
        if branch.id in seen:
            yield f"{name}: twice"
        seen.add(branch.id)
        if branch.from_bus == branch.to_bus:
            yield f"{name}: both ends at bus {branch.from_bus}"
        if not branch.conductors or len(set(branch.conductors)) != len(branch.conductors) or not set(branch.conductors) <= set(CONDUCTORS):
            yield f"{name}: conductors {list(branch.conductors)} are not 1 to 4 different ones of {list(CONDUCTORS)}"
            continue
        if not branch.length_m >= 0:
            yield f"{name}: length {branch.length_m:g} m is negative"
        elif not np.isfinite(branch.length_m):
            yield f"{name}: length {branch.length_m:g} m is endless"
        for conductor in sorted(branch.opened - set(branch.conductors)):
            yield f"{name}: has no conductor {conductor} that could be open"
        yield from (f"{name}: {problem}" for problem in _of_matrix(branch))


def _of_matrix(branch: Branch) -> Iterator[str]:
    z, n = branch.z_ohm, len(branch.conductors)
    if z.shape != (n, n):
        yield f"matrix of {'x'.join(map(str, z.shape))} for {n} conductors"
    elif not np.isfinite(z).all():
        yield "matrix with numbers that are not finite"
    elif np.abs(z).max() > _MOST_OHM:
        yield f"{np.abs(z).max():g} ohm; at most {_MOST_OHM:g} is possible: what carries nothing is open"
    elif (np.diag(z).imag < 0).any():
        yield "negative reactance of a conductor"
    elif not np.allclose(z, z.T, rtol=1e-6, atol=1e-12):
        yield "matrix is not symmetric"
    elif np.linalg.eigvalsh((z.real + z.real.T) / 2)[0] < -1e-9 * max(1e-9, np.abs(z).max()):
        yield "resistance matrix makes power out of nothing (a negative eigenvalue)"
    elif (np.abs(np.diag(z)) == 0).any():
        yield "a conductor without impedance: join its two buses instead"
    elif np.linalg.matrix_rank(z, tol=1e-12 * np.abs(z).max()) < n:
        yield "matrix is singular"


def _of_what_hangs_on(network: Network) -> Iterator[str]:
    buses = network.buses
    for kind, things in (("shunt", network.shunts), ("load", network.loads)):
        seen: set[str] = set()
        for thing in things:
            if thing.id in seen:
                yield f"{kind} {thing.id}: twice"
            seen.add(thing.id)
            if thing.bus not in buses:
                yield f"{kind} {thing.id}: no bus {thing.bus}"
    for shunt in network.shunts:
        if shunt.bus in buses and shunt.conductor not in buses[shunt.bus]:
            yield f"shunt {shunt.id}: bus {shunt.bus} has no conductor {shunt.conductor}"
        if not (shunt.ohm >= 0 and np.isfinite(shunt.ohm)):
            yield f"shunt {shunt.id}: {shunt.ohm} ohm; 0 (solidly earthed) or more is possible"
    for load in network.loads:
        name = f"load {load.id}"
        if load.phase not in PHASES or load.to not in ("N", EARTH):
            yield f"{name}: lies between {load.phase} and {load.to}; a phase and N (or {EARTH}) is possible"
        elif load.bus in buses:
            for conductor in (load.phase, load.to):
                if conductor != EARTH and conductor not in buses[load.bus]:
                    yield f"{name}: bus {load.bus} has no conductor {conductor}"
        if not np.isfinite([load.p_kw, load.q_kvar]).all():
            yield f"{name}: power is no finite number"
        elif max(abs(load.p_kw), abs(load.q_kvar)) > _MOST_KW:
            yield f"{name}: {load.p_kw:g} kW, {load.q_kvar:g} kvar; at most {_MOST_KW:g} is possible"
        if not 0 <= load.meter_gain < np.inf:
            yield f"{name}: meter_gain {load.meter_gain:g}; 0 or more is possible"
        if len(load.zip) != 3 or not abs(sum(load.zip) - 1) <= 1e-6:
            yield f"{name}: zip shares {list(load.zip)} are not three that sum to 1"
        if not _LOW_V <= load.v_nom <= _HIGH_V:
            yield f"{name}: nominal voltage {load.v_nom:g} V; {_LOW_V:g} to {_HIGH_V:g} V (phase to neutral) is possible"


def _islands(network: Network) -> Iterator[str]:
    """Buses that no branch joins to the transformer, whatever is open: a slip in the file, not a fault."""
    joined: dict[str, list[str]] = {}
    for branch in network.branches:
        joined.setdefault(branch.from_bus, []).append(branch.to_bus)
        joined.setdefault(branch.to_bus, []).append(branch.from_bus)
    reached, todo = {network.transformer.lv_bus}, [network.transformer.lv_bus]
    while todo:
        for bus in joined.get(todo.pop(), ()):
            if bus not in reached:
                reached.add(bus)
                todo.append(bus)
    lost = [bus for bus in network.buses if bus not in reached]
    if lost:
        shown = ", ".join(lost[:5]) + (" ..." if len(lost) > 5 else "")
        yield f"{len(lost)} buses are an island without a way to {network.transformer.lv_bus}: {shown}"
