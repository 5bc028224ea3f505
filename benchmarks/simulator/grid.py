"""Our grid solver beside OpenDSS and power-grid-model in the same run, one thread; and a day of an area with loads, grid and meters.

    python -m benchmarks.simulator.grid [--json]

The feeder is the IEEE European one (906 buses, 55 loads, an hour of profiles repeated to a day). Needs the extras "test" and "bench".
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
DATA = Path(__file__).parents[2] / "tests" / "data"
DAYS_OF_AN_HOUR, OPENDSS_STEPS, RUNS = 24, 240, 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # BLAS reads these when it is loaded: begin again with them
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.simulator.grid", *sys.argv[1:]], os.environ | ONE_THREAD)
    from simulator.cli.rows import print_rows

    return print_rows([*_beside_others(), *_newton_rows(), *_area_rows()], as_json=arguments.json)


def _beside_others():  # type: ignore[no-untyped-def]
    import numpy as np

    from simulator.cli.rows import Row
    from simulator.grid.ieee_feeder import read_feeder
    from simulator.grid.solver import Solver

    feeder = read_feeder(DATA / "ieee_european_lv")
    p_kw, q_kvar = (np.tile(values, DAYS_OF_AN_HOUR) for values in (feeder.p_kw, feeder.q_kvar))
    solver = Solver(feeder.network)
    opendss, model = OpenDss(feeder.network), GridModel(feeder.network)
    times: dict[str, list[float]] = {"ports": [], "nodes": [], "opendss": [], "model": []}
    for _ in range(RUNS):      # in turn, so that a slow moment of the machine meets all of them
        times["ports"].append(_cpu_s(lambda: solver.solve(p_kw, q_kvar)) / p_kw.shape[1])
        times["nodes"].append(_cpu_s(lambda: solver.node_volts(solver.solve(p_kw, q_kvar))) / p_kw.shape[1])
        times["opendss"].append(_cpu_s(lambda: opendss.solve(p_kw[:, :OPENDSS_STEPS], q_kvar[:, :OPENDSS_STEPS])) / OPENDSS_STEPS)
        times["model"].append(_cpu_s(lambda: model.solve(p_kw[:, :OPENDSS_STEPS], q_kvar[:, :OPENDSS_STEPS])) / OPENDSS_STEPS)
    ours_v = np.abs(solver.solve(p_kw[:, :1], q_kvar[:, :1]).volts[:, 0])
    off_pu = max(
        float(np.abs(np.abs(other.solve(p_kw[:, :1], q_kvar[:, :1])[0]) - ours_v).max()) / 240.0 for other in (opendss, model)
    )
    rates = {name: 1.0 / statistics.median(found) for name, found in times.items()}

    def ratio(name: str, ours: str, other: str, goal: float) -> Row:
        figure = rates[ours] / rates[other]
        return Row(name=name, figure=figure, unit="ratio", goal=f">= {goal:g}", ok=figure >= goal)

    return [
        Row(name="906 buses: ours, load voltages", figure=rates["ports"], unit="solves/s", goal="-", ok=True),
        Row(name="906 buses: OpenDSS, Python loop", figure=rates["opendss"], unit="solves/s", goal="-", ok=True),
        Row(name="906 buses: power-grid-model, batch", figure=rates["model"], unit="solves/s", goal="-", ok=True),
        Row(name="906 buses: the three differ by", figure=off_pu, unit="pu", goal="<= 1e-05", ok=off_pu <= 1e-5),
        ratio("load voltages, ours / OpenDSS", "ports", "opendss", 50.0),
        ratio("all node voltages, ours / OpenDSS", "nodes", "opendss", 5.0),
        ratio("load voltages, ours / power-grid-model", "ports", "model", 100.0),
    ]


class OpenDss:
    """The usual loop: set every load, solve, read every node."""

    def __init__(self, network) -> None:  # type: ignore[no-untyped-def]
        from dss import DSS

        from simulator.grid.opendss import opendss_script

        DSS.AllowForms = False
        DSS.Text.Commands(opendss_script(network))
        self._circuit = DSS.ActiveCircuit
        names = [name.upper() for name in self._circuit.AllNodeNames]
        self._places = [names.index(f"{load.bus}.{'ABC'.index(load.phase) + 1}".upper()) for load in network.loads]

    def solve(self, p_kw, q_kvar):  # type: ignore[no-untyped-def]
        """Volts of the loads at the last step, in the first row; all nodes are read at every step."""
        import numpy as np

        loads, solution = self._circuit.Loads, self._circuit.Solution
        for step in range(p_kw.shape[1]):
            for place, (kw, kvar) in enumerate(zip(p_kw[:, step].tolist(), q_kvar[:, step].tolist(), strict=True), 1):
                loads.idx = place
                loads.kW = kw
                loads.kvar = kvar
            solution.Solve()
            volts = self._circuit.AllBusVolts
        return [np.array(volts).view(np.complex128)[self._places]]


class GridModel:
    """power-grid-model, asymmetric, iterative current, one batch."""

    def __init__(self, network) -> None:  # type: ignore[no-untyped-def]
        import numpy as np
        from power_grid_model import LoadGenType, PowerGridModel, WindingType, initialize_array

        buses = {bus: number for number, bus in enumerate(network.buses, 1)}
        source, transformer = network.source, network.transformer
        hv, n = len(buses) + 1, len(network.branches)
        node = initialize_array("input", "node", hv)
        node["id"] = np.arange(1, hv + 1)
        node["u_rated"] = 1000.0 * transformer.kv_lv
        node["u_rated"][-1] = 1000.0 * transformer.kv_hv
        line = initialize_array("input", "line", n)
        line["id"] = 10_000 + np.arange(n)
        line["from_node"], line["to_node"] = ([buses[getattr(one, end)] for one in network.branches] for end in ("from_bus", "to_bus"))
        line["from_status"] = line["to_status"] = 1
        z = np.array([one.z_ohm for one in network.branches])
        z1, z0 = z[:, 0, 0] - z[:, 0, 1], z[:, 0, 0] + 2.0 * z[:, 0, 1]
        line["r1"], line["x1"], line["r0"], line["x0"] = z1.real, z1.imag, z0.real, z0.imag
        line["c1"] = line["c0"] = line["tan1"] = line["tan0"] = 0.0
        unit = initialize_array("input", "transformer", 1)
        short = np.hypot(transformer.r_percent, transformer.x_percent) / 100.0
        for name, value in {
            "id": 20_000, "from_node": hv, "to_node": buses[transformer.lv_bus], "from_status": 1, "to_status": 1,
            "u1": 1000.0 * transformer.kv_hv, "u2": 1000.0 * transformer.kv_lv, "sn": 1000.0 * transformer.kva, "uk": short,
            "pk": transformer.r_percent / 100.0 * 1000.0 * transformer.kva, "i0": 0.0, "p0": 0.0, "winding_from": WindingType.delta,
            "winding_to": WindingType.wye_n, "clock": 1, "tap_side": 0, "tap_pos": 0, "tap_min": 0, "tap_max": 0, "tap_size": 0.0,
        }.items():
            unit[name] = value
        feed = initialize_array("input", "source", 1)
        volts = 1000.0 * source.kv
        for name, value in {
            "id": 30_000, "node": hv, "status": 1, "u_ref": source.pu, "sk": volts**2 / abs(source.z1_ohm),
            "rx_ratio": source.z1_ohm.real / source.z1_ohm.imag, "z01_ratio": abs(source.z0_ohm) / abs(source.z1_ohm),
        }.items():
            feed[name] = value
        loads = initialize_array("input", "asym_load", len(network.loads))
        loads["id"] = 40_000 + np.arange(len(network.loads))
        loads["node"] = [buses[load.bus] for load in network.loads]
        loads["status"], loads["type"] = 1, LoadGenType.const_power
        loads["p_specified"] = loads["q_specified"] = 0.0
        self._phases = np.array(["ABC".index(load.phase) for load in network.loads])
        self._nodes = loads["node"] - 1
        self._ids = loads["id"]
        self._model = PowerGridModel({"node": node, "line": line, "transformer": unit, "source": feed, "asym_load": loads})

    def solve(self, p_kw, q_kvar):  # type: ignore[no-untyped-def]
        """Volts of the loads, shape (t, n_loads)."""
        import numpy as np
        from power_grid_model import CalculationMethod, initialize_array

        n, steps = p_kw.shape
        update = initialize_array("update", "asym_load", (steps, n))
        update["id"] = self._ids
        for name, values in (("p_specified", p_kw), ("q_specified", q_kvar)):
            spread = np.zeros((steps, n, 3))
            spread[:, np.arange(n), self._phases] = 1000.0 * values.T
            update[name] = spread
        found = self._model.calculate_power_flow(
            symmetric=False, calculation_method=CalculationMethod.iterative_current, update_data={"asym_load": update}, threading=-1,
            error_tolerance=1e-9, output_component_types=["node"],
        )
        return found["node"]["u"][:, self._nodes, self._phases]


def _newton_rows():  # type: ignore[no-untyped-def]
    from simulator.cli.rows import Row
    from simulator.grid.edits import apply_edits
    from simulator.grid.json_network import read_network
    from simulator.grid.solver import Solver

    network = read_network(DATA / "lv_faults" / "cn_area_tt" / "network.json")
    broken = apply_edits(network, [{"op": "open", "branch": "f0m3", "conductors": ["N"]}])
    solver = Solver(broken)
    whole, alone = (
        1000.0 * statistics.median(_cpu_s(call) for _ in range(8 * RUNS)) for call in (lambda: Solver(broken).solve(), solver.solve)
    )
    return [
        Row(name="broken neutral, 67 branches: solve", figure=alone, unit="ms", goal="<= 5", ok=alone <= 5.0),
        Row(name="broken neutral, 67 branches: build, factor and solve", figure=whole, unit="ms", goal="-", ok=True),
    ]


def _area_rows():  # type: ignore[no-untyped-def]
    from simulator.cli.rows import Row

    day_s, hour_s = _area_s(200, 60.0, 1440), _area_s(1000, 1.0, 3600)
    return [
        Row(name="200 meters, a day at 1 min: loads, grid, meters", figure=day_s, unit="s", goal="< 1", ok=day_s < 1.0),
        Row(name="1000 meters, an hour at 1 s: loads, grid, meters", figure=hour_s, unit="s", goal="< 30", ok=hour_s < 30.0),
    ]


def _area_s(meters: int, step_s: float, steps: int) -> float:
    """CPU seconds from nothing to every meter's values at every step."""
    from simulator.grid.areas import make_area
    from simulator.load.consumers import household
    from simulator.load.streams import Streams
    from simulator.load.weather import Weather
    from simulator.run.metering import Metering
    from simulator.scenario.timeline import Timeline
    from simulator.scenario.world import World

    area = make_area("urban_cable", meters, seed=2)

    def whole() -> None:
        streams = Streams(2)
        weather = Weather.drawn(streams, first_day=100, days=1)
        draws = {}
        for meter in area.meters:
            draws |= dict(zip(meter.loads, household(streams, meter.id, weather, phases=len(meter.phases)).profiles, strict=True))
        metering = Metering(World(area, draws, Timeline(), step_s=step_s))
        for step in range(steps):
            metering.at(step)

    return _cpu_s(whole)


def _cpu_s(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
