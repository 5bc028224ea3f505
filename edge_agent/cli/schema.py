"""``hplc-edge schema``: the contract as JSON Schema or AsyncAPI."""

from __future__ import annotations

import argparse
import json

from edge_agent.cli.command import Command
from edge_agent.contract.cim import CIM_NAMES, CIM_STATES
from edge_agent.contract.schema import MESSAGES, asyncapi, json_schema


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message", nargs="?", choices=sorted(MESSAGES), help="one message; without it the names are listed")
    parser.add_argument("--asyncapi", action="store_true", help="the whole contract as an AsyncAPI 3.0.0 document (JSON)")
    parser.add_argument("--cim", action="store_true", help="what the fields and states of an outage are called in IEC 61968 CIM")
    parser.add_argument("--json", action="store_true", help="without a message: all schemas, or the names in CIM, in one object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.asyncapi:
        print(json.dumps(asyncapi(), indent=2))
    elif arguments.cim:
        if arguments.json:
            print(json.dumps({"fields": dict(CIM_NAMES), "states": dict(CIM_STATES)}, indent=2))
        else:
            for ours, cim in (*CIM_NAMES.items(), *((f"state {state}", f"OutageStatusKind.{kind}") for state, kind in CIM_STATES.items())):
                print(f"{ours:<26} {cim}")
    elif arguments.message:
        print(json.dumps(json_schema(arguments.message), indent=2))
    elif arguments.json:
        print(json.dumps({name: json_schema(name) for name in MESSAGES}, indent=2))
    else:
        for name, (_, address, retained, qos, summary) in MESSAGES.items():
            print(f"{name:<8} hplc/v1/{{area}}/{{agent}}/{address:<18} QoS {qos}{', retained' if retained else '':<10}  {summary}")
    return 0


COMMAND = Command(name="schema", summary="the MQTT contract as JSON Schema or AsyncAPI", configure=configure, run=run)
