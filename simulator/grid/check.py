"""Compares our solution with a folder of reference solutions, in either layout, and says by how much it is off at the worst place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.checks import check_tree
from simulator.grid.edits import apply_edits
from simulator.grid.ieee_feeder import Feeder, read_feeder
from simulator.grid.json_network import Case, read_cases, read_network
from simulator.grid.load_law import Complex, Real
from simulator.grid.network import PHASES, SQRT3, Network
from simulator.grid.reference import Rows, Series, by_case, number_of, read_rows, variant_law
from simulator.grid.solver import NotSolvedError, Solver
from simulator.grid.state import GridState

_GOALS = {"volts_pu": 1e-6, "angle_deg": 0.01, "power_kw": 0.01, "current_a": 0.05, "balance": 1e-6}     # grid.md section 7
_NAMES = {"angle_deg": "angle off", "power_kw": "transformer P and Q off", "current_a": "branch and transformer current off",
          "balance": "energy that is missing"}
_UNITS = {"volts_pu": "pu", "angle_deg": "deg", "power_kw": "kW, kvar", "current_a": "A", "balance": "of throughput"}
_LEAST_V = 1.0         # the angle of less than this says nothing
_SNAPSHOT = ("minute", "bus", "phase", "vmag_v")
_FILES = {
    "meters.csv": ("case", "load", "v_pn_v"), "transformer.csv": ("case", *(f"i{name}" for name in "abcn")),
    "branch_currents.csv": ("case", "branch", "conductor", "i_a"),
}


@dataclass(slots=True, kw_only=True)
class Worst:
    """Largest deviations over all cases (or time steps) of one set, of what the references have; ``where`` that of voltage was.

    ``compared``: cases for which there was a reference at all.
    """

    name: str
    cases: int = 0
    compared: int = 0
    where: str = ""
    off: dict[str, float] = field(default_factory=dict)

    def figures(self) -> list[tuple[str, float, str, float]]:
        """(name, figure, unit, goal) of everything that was compared."""
        return [
            (_NAMES.get(kind, f"|V| off, worst at {self.where or '-'}"), self.off[kind], _UNITS[kind], goal)
            for kind, goal in _GOALS.items() if kind in self.off
        ]

    def take(self, kind: str, deviation: float, where: str = "") -> None:
        if not np.isfinite(deviation):
            raise NotSolvedError(f"{self.name}: {kind} at {where or 'some place'} is no finite number")
        if deviation > self.off.get(kind, -1.0):
            self.off[kind] = deviation
            if kind == "volts_pu":
                self.where = where


def check_folder(directory: Path, say: Callable[[str], None], *, must_be_tree: bool = False) -> list[Worst]:
    """One entry for each variant or network in the folder. ``must_be_tree``: a loop in a network is wrong.

    Raises:
        ConfigError: the folder is of neither layout, or a file is wrong.
        NotSolvedError: a case does not converge.
    """
    if (directory / "lines.csv").exists():
        return list(_check_feeder(directory, say, must_be_tree=must_be_tree))
    if (directory / "network.json").exists():
        return [_check_cases(directory, say, must_be_tree=must_be_tree)]
    inner = sorted(path.parent for path in directory.glob("*/network.json"))
    if not inner:
        raise ConfigError([f"{directory}: neither lines.csv nor network.json is here, nor in a folder below"])
    return [_check_cases(path, say, must_be_tree=must_be_tree) for path in inner]


def _check_feeder(directory: Path, say: Callable[[str], None], *, must_be_tree: bool) -> Iterator[Worst]:
    names = {path.stem.removeprefix("series_") for path in directory.glob("series_*.npz")}
    names |= {path.name.split(".")[0].removeprefix("snapshots_allbus_") for path in directory.glob("snapshots_allbus_*.csv*")}
    found = {name: law for name in sorted(names) if (law := variant_law(name)) is not None}
    if not found:
        raise ConfigError([f"{directory}: no series_NAME.npz or snapshots_allbus_NAME.csv of a law: constant_pq, constant_z_x2, zip_433 …"])
    for name, (shares, scale) in found.items():
        say(name)
        feeder = read_feeder(directory, zip_shares=shares, scale=scale)
        if must_be_tree:
            check_tree(feeder.network)
        solver = Solver(feeder.network)
        state = GridState(solver, solver.solve(feeder.p_kw, feeder.q_kvar))
        worst = Worst(name=name, cases=feeder.p_kw.shape[1])
        if (directory / f"series_{name}.npz").exists():
            _compare_series(worst, directory / f"series_{name}.npz", feeder, state)
        for path in sorted(directory.glob(f"snapshots_allbus_{name}.csv*")):
            _compare_snapshots(worst, path, feeder, state)
        throughput_va = np.maximum(np.abs(state.transformer().s_va).sum(axis=0), 1.0)
        worst.take("balance", float((state.balance_va() / throughput_va).max()))
        yield worst


def _compare_series(worst: Worst, path: Path, feeder: Feeder, state: GridState) -> None:
    loads, minutes = feeder.network.loads, feeder.p_kw.shape[1]
    series = Series(path, [load.id for load in loads], minutes)
    volts, count = state.load_volts[series.places].T, len(series.places)
    if (wanted_v := series.array("vmag_v", count)) is not None:
        off = np.abs(np.abs(volts) - wanted_v) / (1000.0 * feeder.network.transformer.kv_lv / SQRT3)
        minute, place = np.unravel_index(int(off.argmax()), off.shape)
        worst.take("volts_pu", float(off.max()), f"{loads[series.places[int(place)]].id} minute {int(minute) + 1}")
    if (wanted_deg := series.array("vang_deg", count)) is not None:
        worst.take("angle_deg", float(_angle_off(volts, wanted_deg).max()))
    power = state.transformer().s_va.T / 1000.0
    for name, got in (("p_kw", power.real), ("q_kvar", power.imag)):
        if (wanted := series.array(name, len(PHASES))) is not None:
            worst.take("power_kw", float(np.abs(got - wanted).max()))
    worst.compared = minutes if worst.off else 0


def _compare_snapshots(worst: Worst, path: Path, feeder: Feeder, state: GridState) -> None:
    """All nodes of the low-voltage side at some minutes."""
    buses, minutes, seen = feeder.network.buses, feeder.p_kw.shape[1], set()
    for row in read_rows(path, _SNAPSHOT) or ():
        minute = int(number_of(path, row, "minute"))
        if not 1 <= minute <= minutes:
            raise ConfigError([f"{path}: minute {minute}; the profiles have 1 to {minutes}"])
        if row["bus"] not in buses:
            continue                  # of the medium-voltage side
        volts = state.node_volts(row["bus"], row["phase"])[minute - 1 : minute]
        off = abs(float(np.abs(volts[0])) - number_of(path, row, "vmag_v")) / (1000.0 * feeder.network.transformer.kv_lv / SQRT3)
        worst.take("volts_pu", off, f"bus {row['bus']}.{row['phase']} minute {minute}")
        seen.add(minute)
    worst.compared = max(worst.compared, len(seen))


def _check_cases(directory: Path, say: Callable[[str], None], *, must_be_tree: bool) -> Worst:
    network, cases = read_network(directory / "network.json"), read_cases(directory / "cases.json")
    if must_be_tree:
        check_tree(network)
    found = {name: read_rows(directory / name, columns) for name, columns in _FILES.items()}
    if all(rows is None for rows in found.values()):
        raise ConfigError([f"{directory}: no reference: none of {', '.join(_FILES)}"])
    references = {name: by_case(rows or ()) for name, rows in found.items()}
    worst = Worst(name=network.name, cases=len(cases))
    for number, case in enumerate(cases, 1):
        say(f"{network.name} {number}/{len(cases)} {case.id}")
        state = _solved(directory, network, case)
        _compare_meters(worst, directory / "meters.csv", state, case.id, references["meters.csv"].get(case.id, []))
        _compare_supply(worst, directory / "transformer.csv", state, references["transformer.csv"].get(case.id, []))
        _compare_branches(worst, directory / "branch_currents.csv", state, references["branch_currents.csv"].get(case.id, []))
        worst.compared += any(case.id in rows for rows in references.values())
    return worst


def _solved(directory: Path, network: Network, case: Case) -> GridState:
    try:
        solver = Solver(apply_edits(network, case.edits))
        return GridState(solver, solver.solve())
    except ConfigError as exc:
        raise ConfigError([f"{directory / 'cases.json'}: case {case.id}: {problem}" for problem in exc.problems]) from exc
    except NotSolvedError as exc:
        raise NotSolvedError(f"case {case.id}: {exc}") from exc


def _compare_meters(worst: Worst, path: Path, state: GridState, case: str, rows: Rows) -> None:
    loads = state.network.loads
    place = {load.id: number for number, load in enumerate(loads)}
    for row in rows:
        if row["load"] not in place:
            raise ConfigError([f"{path}: case {case} has no load {row['load']}"])
        load = place[row["load"]]
        volts = state.load_volts[load]
        off = abs(float(np.abs(volts[0])) - number_of(path, row, "v_pn_v")) / loads[load].v_nom
        worst.take("volts_pu", off, f"{case} {row['load']}")
        if row.get("v_pn_deg"):
            worst.take("angle_deg", float(_angle_off(volts, np.array([number_of(path, row, "v_pn_deg")])).max()))


def _compare_supply(worst: Worst, path: Path, state: GridState, rows: Rows) -> None:
    transformer = state.transformer()
    through_va = float(np.abs(transformer.s_va).sum())
    worst.take("balance", float(state.balance_va()[0]) / through_va if through_va > 1.0 else 0.0)
    for row in rows:
        for place, phase in enumerate(PHASES):
            name = phase.lower()
            amperes = complex(transformer.phase_a[place, 0])
            worst.take("current_a", abs(abs(amperes) - number_of(path, row, f"i{name}")))
            # the reference's power of a phase is that of its voltage to earth
            power = complex(transformer.phase_v[place, 0] + transformer.star_point_v[0]) * amperes.conjugate() / 1000.0
            for got, column in ((power.real, f"p{name}_kw"), (power.imag, f"q{name}_kvar")):
                if row.get(column):
                    worst.take("power_kw", abs(got - number_of(path, row, column)))
        worst.take("current_a", abs(abs(complex(transformer.neutral_a[0])) - number_of(path, row, "in")))


def _compare_branches(worst: Worst, path: Path, state: GridState, rows: Rows) -> None:
    conductors = {branch.id: branch.conductors for branch in state.network.branches}
    for row in rows:
        branch, conductor = row["branch"], row["conductor"]
        if conductor not in conductors.get(branch, ()):
            raise ConfigError([f"{path}: case {row['case']}: no branch {branch} with a conductor {conductor}"])
        amperes = abs(complex(state.branch_amperes(branch)[conductor][0]))
        worst.take("current_a", abs(amperes - number_of(path, row, "i_a")))


def _angle_off(volts: Complex, degrees: Real) -> Real:
    """How far the angles differ, in degrees, around the circle; 0 where there is hardly any voltage."""
    off: Real = np.abs((np.degrees(np.angle(volts)) - degrees + 180.0) % 360.0 - 180.0)
    return np.where(np.abs(volts) < _LEAST_V, 0.0, off)
