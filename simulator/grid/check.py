"""Compares our solution with a folder of reference solutions, in either layout, and says by how much it is off at the worst place."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.edits import apply_edits
from simulator.grid.ieee_feeder import read_feeder
from simulator.grid.json_network import read_cases, read_network
from simulator.grid.load_law import Complex, Real
from simulator.grid.network import PHASES
from simulator.grid.solver import Solver
from simulator.grid.state import GridState

_GOALS = {"volts_pu": 1e-6, "angle_deg": 0.01, "power_kw": 0.01, "current_a": 0.05, "balance": 1e-6}     # grid.md section 7
# variant of the load law -> shares of constant impedance, current and power, factor on all loads
VARIANTS = {
    "constant_pq": ((0.0, 0.0, 1.0), 1.0), "constant_pq_x3": ((0.0, 0.0, 1.0), 3.0), "constant_z": ((1.0, 0.0, 0.0), 1.0),
    "zip_433": ((0.4, 0.3, 0.3), 1.0),
}
_LEAST_V = 1.0         # the angle of less than this says nothing


@dataclass(slots=True, kw_only=True)
class Worst:
    """Largest deviations over all cases (or time steps) of one set, and where the largest of voltage was."""

    name: str
    cases: int = 0
    volts_pu: float = 0.0
    angle_deg: float = 0.0
    power_kw: float = 0.0
    current_a: float = 0.0
    balance: float = 0.0
    where: str = ""

    def figures(self) -> list[tuple[str, float, str, float]]:
        """(name, figure, unit, goal)."""
        return [
            (f"|V| off, worst at {self.where or '-'}", self.volts_pu, "pu", _GOALS["volts_pu"]),
            ("angle off", self.angle_deg, "deg", _GOALS["angle_deg"]),
            ("transformer P and Q off", self.power_kw, "kW, kvar", _GOALS["power_kw"]),
            ("branch and transformer current off", self.current_a, "A", _GOALS["current_a"]),
            ("energy that is missing", self.balance, "of throughput", _GOALS["balance"]),
        ]

    def take_volts(self, deviation_pu: float, where: str) -> None:
        if deviation_pu > self.volts_pu:
            self.volts_pu, self.where = deviation_pu, where


def check_folder(directory: Path, say: Callable[[str], None]) -> list[Worst]:
    """One entry for each variant or network in the folder.

    Raises:
        ConfigError: the folder is of neither layout, or a file is wrong.
        NotSolvedError: a case does not converge.
    """
    if (directory / "lines.csv").exists():
        return list(_check_feeder(directory, say))
    if (directory / "network.json").exists():
        return [_check_cases(directory, say)]
    inner = sorted(path.parent for path in directory.glob("*/network.json"))
    if not inner:
        raise ConfigError([f"{directory}: neither lines.csv nor network.json is here, nor in a folder below"])
    return [_check_cases(path, say) for path in inner]


def _check_feeder(directory: Path, say: Callable[[str], None]) -> Iterator[Worst]:
    found = [name for name in VARIANTS if (directory / f"series_{name}.npz").exists()]
    if not found:
        raise ConfigError([f"{directory}: no series_NAME.npz with NAME one of {', '.join(VARIANTS)}"])
    for name in found:
        say(name)
        shares, scale = VARIANTS[name]
        feeder = read_feeder(directory, zip_shares=shares, scale=scale)
        solver = Solver(feeder.network)
        state = GridState(solver, solver.solve(feeder.p_kw, feeder.q_kvar))
        transformer = state.transformer()
        with np.load(directory / f"series_{name}.npz") as reference:
            worst = Worst(name=name, cases=feeder.p_kw.shape[1])
            off = np.abs(np.abs(state.load_volts.T) - reference["vmag_v"]) / (1000.0 * feeder.network.transformer.kv_lv / 3**0.5)
            minute, load = np.unravel_index(int(off.argmax()), off.shape)
            worst.take_volts(float(off.max()), f"{feeder.network.loads[int(load)].id} minute {int(minute) + 1}")
            worst.angle_deg = float(_angle_off(state.load_volts.T, reference["vang_deg"]).max())
            power = transformer.s_va.T / 1000.0
            worst.power_kw = float(max(np.abs(power.real - reference["p_kw"]).max(), np.abs(power.imag - reference["q_kvar"]).max()))
            worst.balance = float((state.balance_va() / np.abs(transformer.s_va).sum(axis=0)).max())
        yield worst


def _check_cases(directory: Path, say: Callable[[str], None]) -> Worst:
    network, cases = read_network(directory / "network.json"), read_cases(directory / "cases.json")
    meters, supply = _by_case(directory / "meters.csv"), _by_case(directory / "transformer.csv")
    branches = _by_case(directory / "branch_currents.csv") if (directory / "branch_currents.csv").exists() else {}
    worst = Worst(name=network.name, cases=len(cases))
    for number, case in enumerate(cases, 1):
        say(f"{network.name} {number}/{len(cases)} {case.id}")
        solver = Solver(apply_edits(network, case.edits))
        state = GridState(solver, solver.solve())
        place = {load.id: row for row, load in enumerate(solver.network.loads)}
        for row in meters.get(case.id, ()):
            if row["load"] not in place:
                raise ConfigError([f"{directory / 'meters.csv'}: case {case.id} has no load {row['load']}"])
            load = place[row["load"]]
            volts = state.load_volts[load]
            v_nom = solver.network.loads[load].v_nom
            worst.take_volts(abs(float(np.abs(volts[0])) - float(row["v_pn_v"])) / v_nom, f"{case.id} {row['load']}")
            worst.angle_deg = max(worst.angle_deg, float(_angle_off(volts, np.array([float(row["v_pn_deg"] or 0.0)])).max()))
        _compare_supply(worst, state, supply.get(case.id, ()))
        for row in branches.get(case.id, ()):
            amperes = abs(complex(state.branch_amperes(row["branch"])[row["conductor"]][0]))
            worst.current_a = max(worst.current_a, abs(amperes - float(row["i_a"])))
    return worst


def _compare_supply(worst: Worst, state: GridState, rows: list[dict[str, str]] | tuple[()]) -> None:
    transformer = state.transformer()
    through_va = float(np.abs(transformer.s_va).sum())
    worst.balance = max(worst.balance, float(state.balance_va()[0]) / through_va if through_va > 1.0 else 0.0)
    for row in rows:
        for place, phase in enumerate(PHASES):
            name = phase.lower()
            amperes = complex(transformer.phase_a[place, 0])
            worst.current_a = max(worst.current_a, abs(abs(amperes) - float(row[f"i{name}"])))
            # the reference's power of a phase is that of its voltage to earth
            power = complex(transformer.phase_v[place, 0] + transformer.star_point_v[0]) * amperes.conjugate() / 1000.0
            for got, wanted in ((power.real, row[f"p{name}_kw"]), (power.imag, row[f"q{name}_kvar"])):
                worst.power_kw = max(worst.power_kw, abs(got - float(wanted)))
        worst.current_a = max(worst.current_a, abs(abs(complex(transformer.neutral_a[0])) - float(row["in"])))


def _angle_off(volts: Complex, degrees: Real) -> Real:
    """How far the angles differ, in degrees, around the circle; 0 where there is hardly any voltage."""
    off: Real = np.abs((np.degrees(np.angle(volts)) - degrees + 180.0) % 360.0 - 180.0)
    return np.where(np.abs(volts) < _LEAST_V, 0.0, off)


def _by_case(path: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["case"], []).append(row)
    except (OSError, KeyError) as exc:
        raise ConfigError([f"{path}: cannot be used ({exc})"]) from exc
    return found
