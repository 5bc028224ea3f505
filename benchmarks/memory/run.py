"""Memory of ``hplc-edge run`` with 1000 meters: with the broker there and with the broker away, at the same time.

python -m benchmarks.memory.run [--minutes 10] [--json]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peers.run import BUILD, PORTS, UNITS, free_ports, our_config
from benchmarks.reliability.rig import HPLC_EDGE, Rig, free_port
from simulator.cli.rows import Row, print_rows

GOAL_MIB = 80.0


def memory_mib(pid: int) -> tuple[float, float]:
    """Resident now and at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = {name: int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024 for name in ("VmRSS", "VmHWM")}  # type: ignore[index]
    return found["VmRSS"], found["VmHWM"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    fleet = BUILD / "fleet"
    subprocess.run(["cc", "-O2", "-o", str(fleet), str(Path(__file__).parents[1] / "peers" / "fleet.c")], check=True)
    directory = Path(tempfile.mkdtemp(prefix="hplc-edge-memory-"))
    rig = Rig(directory)
    rows = []
    try:
        broker_port, base_port = rig.broker(), free_ports(PORTS)
        rig.start("fleet", str(fleet), str(base_port), str(PORTS), "0", "0", "0", "5000", str(int(arguments.minutes * 60 + 60)))
        cases = (
            ("idle, every meter once a minute", broker_port, 60.0),
            ("1000 meters/s", broker_port, 1.0),
            ("1000 meters/s, broker away", free_port(), 1.0),
        )
        agents = []
        for number, (name, port, period_s) in enumerate(cases):
            home = directory / str(number)
            home.mkdir()
            config = our_config(home, port, [f"tcp://127.0.0.1:{base_port + link}" for link in range(PORTS)], UNITS, period_s=period_s)
            config.write_text(config.read_text().replace('id = "edge"', f'id = "edge-{number}"'))
            agents.append((name, rig.start(f"agent-{number}", HPLC_EDGE, "run", "-c", str(config))))
        time.sleep(60.0)
        early = {name: memory_mib(agent.pid)[0] for name, agent in agents}
        time.sleep(max(0.0, arguments.minutes * 60 - 60))
        for name, agent in agents:
            now_mib, most_mib = memory_mib(agent.pid)
            rows += [
                Row(name=f"{name}: after 1 minute", figure=round(early[name], 1), unit="MiB", goal="-", ok=True),
                Row(
                    name=f"{name}: after {arguments.minutes:g} minutes",
                    figure=round(now_mib, 1),
                    unit="MiB",
                    goal=f"<= {GOAL_MIB:g}",
                    ok=now_mib <= GOAL_MIB,
                ),
                Row(name=f"{name}: at most", figure=round(most_mib, 1), unit="MiB", goal="-", ok=True),
            ]
    finally:
        rig.close()
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
