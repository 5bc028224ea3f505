"""``hplc-edge run``: the agent."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from edge_agent.cli.command import Command
from edge_agent.config import Config, broker_address, load_config

# numpy's BLAS would start a thread for each core; the agent multiplies no matrices
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, required=True, metavar="FILE", help="configuration (TOML)")
    parser.add_argument("--check", action="store_true", help="check the configuration and stop")
    parser.add_argument("--seconds", type=float, help="stop after this time")
    parser.add_argument("-v", "--verbose", action="store_true", help="also tell what goes well")


def run(arguments: argparse.Namespace) -> int:
    config = load_config(arguments.config)
    if arguments.check:
        print(f"{arguments.config}: {len(config.meters)} meters on {len(config.buses)} buses, broker {broker_address(config.mqtt)}: good")
        return 0
    _log_to_stderr(verbose=arguments.verbose)
    return asyncio.run(_run(config, arguments.seconds))


async def _run(config: Config, seconds: float | None) -> int:
    from edge_agent.runtime.agent import Agent, make_clock  # loads the kernels: not needed for --check

    agent = Agent(config, make_clock(config))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, agent.stop)
    if seconds is not None:
        loop.call_later(seconds, agent.stop)
    if config.simulation is not None:
        print(f"SIMULATED: {config.simulation.description}, clock {config.simulation.speed:g} times real time", file=sys.stderr)
    try:
        await agent.run()
    finally:
        agent.close()
    return 0


def _log_to_stderr(*, verbose: bool) -> None:
    under_systemd = "JOURNAL_STREAM" in os.environ
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr,
        format="%(message)s" if under_systemd else "%(asctime)s %(levelname)s %(message)s",
    )


COMMAND = Command(name="run", summary="read meters, detect, publish", configure=configure, run=run)
