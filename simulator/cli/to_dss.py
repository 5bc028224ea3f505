"""``hplc-edge sim to-dss``: a network, with the edits of one of its cases, as an OpenDSS script on standard output."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge_agent.errors import ConfigError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("network", type=Path, metavar="NETWORK.json", help="of the layout of lv_faults")
    parser.add_argument("--case", nargs=2, metavar=("CASES.json", "ID"), help="make the edits of this case first")


def run(arguments: argparse.Namespace) -> int:
    from simulator.grid.checks import check_network  # scipy takes half a second: only who asks pays
    from simulator.grid.edits import apply_edits
    from simulator.grid.json_network import read_cases, read_network
    from simulator.grid.opendss import opendss_script

    network = read_network(arguments.network)
    if arguments.case:
        path, wanted = arguments.case
        cases = {case.id: case for case in read_cases(Path(path))}
        if wanted not in cases:
            raise ConfigError([f"{path}: no case {wanted}; one of {', '.join(cases)}"])
        network = apply_edits(network, cases[wanted].edits)
        check_network(network)
    print(opendss_script(network), end="")
    return 0
