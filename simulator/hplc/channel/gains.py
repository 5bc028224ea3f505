"""Power that comes through: lines, branching points and houses, carrier by carrier, without phases and openings.

At a bus where lines of admittance y meet, the share 4 y1 y2 / |sum y|^2 of the power that arrives on line 1 leaves on line 2; mains count
as matched, a service shows the input admittance of its line with the house behind it, echoes included. So a way is a product of one factor
for each edge, never above 1, and the same in both directions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.hplc.assumptions import assumed, assumed_row
from simulator.hplc.channel.lines import LineConstants, known_lines
from simulator.hplc.channel.tree import Modules, Tree
from simulator.load.streams import Streams

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]
LEAST_WAY = 1e-18                # 180 dB up to the transformer: far below any noise, and its square's inverse fits float32


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """A way from module i to j that meets at bus a has the gain ``module[i] * module[j] * meeting[a]`` on each carrier.

    Attributes:
        module: (modules, carriers), from a module up to the transformer.
        meeting: (buses, carriers), one over the square of the way from a bus up to the transformer.
    """

    module: npt.NDArray[np.float32]
    meeting: npt.NDArray[np.float32]


def gains(tree: Tree, modules: Modules, f_hz: Real, load_w: Real, streams: Streams) -> Gains:
    """``load_w``: (modules,), what runs behind each; the coordinator's counts for nothing here."""
    kinds = known_lines()
    constants = [kinds[edge.type] if edge is not None and edge.type in kinds else _DEFAULT for edge in tree.edges]
    line_s = np.array([1.0 / kind.impedance_ohm for kind in constants])[:, None]
    length_m = np.array([edge.length_m if edge is not None else 0.0 for edge in tree.edges])[:, None]
    gamma = _propagation(constants, f_hz)
    end_s = _end_admittance(tree, modules, f_hz, load_w, streams)
    leaf = tree.is_leaf
    reflection = np.where(leaf[:, None], (line_s - end_s) / (line_s + end_s), 0.0)
    echo = reflection * np.exp(-2.0 * gamma * length_m)
    entry_s = line_s * (1.0 - echo) / (1.0 + echo)
    bus_s = _bus_admittance(tree, entry_s, line_s)
    once = np.exp(-2.0 * gamma.real * length_m)
    strength = np.abs(reflection) ** 2
    along = once * (1.0 - strength) / (1.0 - strength * once**2)
    upper = 2.0 * entry_s.real / np.abs(bus_s[np.maximum(tree.parent, 0)])
    lower = np.where(leaf[:, None], 1.0, 2.0 * line_s / np.abs(bus_s))
    way = np.ones_like(along)
    for bus in range(1, len(tree.buses)):
        way[bus] = np.maximum(way[tree.parent[bus]] * upper[bus] * along[bus] * lower[bus], LEAST_WAY)
    module_s = 1.0 / assumed("channel.module_ohm")
    taken = module_s / end_s[modules.bus].real
    taken[0] = 2.0 * module_s / np.abs(bus_s[0])
    return Gains(module=(taken * way[modules.bus]).astype(np.float32), meeting=(1.0 / way**2).astype(np.float32))


def _end_admittance(tree: Tree, modules: Modules, f_hz: Real, load_w: Real, streams: Streams) -> Complex:
    """What a line ends in, (buses, carriers): nothing, or module and house."""
    end_s = np.full((len(tree.buses), len(f_hz)), 1.0 / assumed("channel.open_end_ohm"), dtype=np.complex128)
    low_ohm, high_ohm = assumed_row("channel.house_idle_ohm")
    draws = [streams.named(f"hplc/house/{name}").random(2) for name in modules.names[1:]]
    place, size = np.array(draws).reshape(-1, 2).T
    low_m, high_m = assumed_row("channel.house_line_m")
    length_m = (low_m + (high_m - low_m) * place)[:, None]
    idle_ohm = low_ohm * (high_ohm / low_ohm) ** size
    inside_s = (1.0 / idle_ohm + load_w[1:] / 1000.0 / assumed("channel.house_ohm_kw"))[:, None]
    line_s = 1.0 / assumed("channel.house_line_ohm")
    echo = (line_s - inside_s) / (line_s + inside_s) * np.exp(-2.0 * _propagation([_DEFAULT], f_hz) * length_m)
    end_s[modules.bus[1:]] = 1.0 / assumed("channel.module_ohm") + line_s * (1.0 - echo) / (1.0 + echo)
    return end_s


def _bus_admittance(tree: Tree, entry_s: Complex, line_s: Real) -> Complex:
    """Sum of what meets at a bus, (buses, carriers); at the transformer its windings and the coordinator as well."""
    total = np.zeros_like(entry_s)
    np.add.at(total, tree.parent[1:], entry_s[1:])
    total[1:] += line_s[1:]
    total[0] += 1.0 / assumed("channel.transformer_ohm") + 1.0 / assumed("channel.module_ohm")
    return total


def _propagation(constants: list[LineConstants], f_hz: Real) -> Complex:
    """(lines, carriers), with what real lines lose beyond their cable."""
    by_kind = {kind: kind.propagation_1_m(f_hz) for kind in set(constants)}
    excess_np_m = assumed("channel.excess_db_km") / 1000.0 * math.log(10.0) / 20.0 * np.sqrt(f_hz / 2e6)
    gamma: Complex = np.array([by_kind[kind] for kind in constants], dtype=np.complex128) + excess_np_m
    return gamma


_DEFAULT: LineConstants = known_lines()["2x10 Cu"]      # house wiring, and line kinds that no generated area has
