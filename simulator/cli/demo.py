"""``hplc-edge demo``: a simulated area, a broker, the agent and a back end on this machine; ends by itself."""

from __future__ import annotations

import argparse
import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_agent.cli.command import Command
from edge_agent.errors import ConfigError, LinkError
from simulator.cli.demo_area import DARK_BRANCH, OVERLOADED, DemoArea
from simulator.cli.demo_broker import start_broker
from simulator.cli.demo_view import DemoView, describe
from simulator.clock import SimClock

DEFAULT_SECONDS, SHORTEST_SECONDS = 45.0, 30.0
SPEED = 30.0  # the thermal image of a conductor needs minutes; a demo has seconds
_LINE_EVERY_S = 5.0
# share of the time at which the network changes
_OVERLOAD_ON, _BRANCH_OFF, _OVERLOAD_OFF, _BRANCH_ON = 0.12, 0.40, 0.52, 0.62


@dataclass(slots=True)
class _Step:
    at_s: float
    says: str
    do: Callable[[], None]
    done_s: float = 0.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=float, default=DEFAULT_SECONDS, help=f"how long (default {DEFAULT_SECONDS:g}, at least {SHORTEST_SECONDS:g})"
    )
    parser.add_argument("--speed", type=float, default=SPEED, help=f"simulated seconds in one real second (default {SPEED:g})")
    parser.add_argument("--plain", action="store_true", help="lines instead of a live table, as where the output is no terminal")


def run(arguments: argparse.Namespace) -> int:
    if arguments.seconds < SHORTEST_SECONDS or not 1 <= arguments.speed <= 120:
        raise ConfigError([f"--seconds is at least {SHORTEST_SECONDS:g}, --speed 1 to 120"])
    with tempfile.TemporaryDirectory(prefix="hplc-edge-demo-") as directory:
        return asyncio.run(_demo(arguments, Path(directory)))


async def _demo(arguments: argparse.Namespace, directory: Path) -> int:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    clock = SimClock(speed=arguments.speed)
    area = DemoArea(clock, directory)
    view = DemoView([meter.id for meter in area.meters])
    broker = await asyncio.to_thread(start_broker, directory)
    agent: subprocess.Popen[bytes] | None = None
    try:
        await area.start()
        area.write_mains()
        config = directory / "agent.toml"
        config.write_text(area.agent_config(directory=directory, broker_port=broker.port, clock=clock), encoding="utf-8")
        view.connect(broker.port)
        print(
            f"SIMULATED area: {len(area.meters)} meters replay a recorded house; the clock of simulation and agent runs\n"
            f"{arguments.speed:g} times real time. Thresholds and time constants as shipped.\n"
            f"Broker {broker.name} on 127.0.0.1:{broker.port}, topics hplc/v1/demo/edge/#\n",
            flush=True,
        )
        with (directory / "agent.log").open("wb") as log:
            agent = subprocess.Popen(  # noqa: ASYNC220 - starting takes milliseconds
                [sys.executable, "-m", "edge_agent.cli.main", "run", "-c", str(config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        steps = _timeline(area, arguments.seconds)
        await _watch(arguments, area, view, agent, steps)
        code = await asyncio.to_thread(_stop, agent)
        view.take_all()
        return _summary(view, steps, arguments, agent_code=code)
    except asyncio.CancelledError:
        print("\nstopped")
        return 130
    except LinkError:
        print((directory / "agent.log").read_text(errors="replace")[-2000:], file=sys.stderr)
        raise
    finally:
        if agent is not None and agent.poll() is None:
            _stop(agent)
        view.close()
        area.stop()
        broker.stop()


def _timeline(area: DemoArea, seconds: float) -> list[_Step]:
    return [
        _Step(_OVERLOAD_ON * seconds, f">>> {OVERLOADED} switches ten kettles on", lambda: area.set_overload(True)),
        _Step(_BRANCH_OFF * seconds, f">>> {DARK_BRANCH} loses supply", lambda: area.set_branch_supply(False)),
        _Step(_OVERLOAD_OFF * seconds, f">>> {OVERLOADED} switches them off", lambda: area.set_overload(False)),
        _Step(_BRANCH_ON * seconds, f">>> {DARK_BRANCH} has supply again", lambda: area.set_branch_supply(True)),
    ]


async def _watch(arguments: argparse.Namespace, area: DemoArea, view: DemoView, agent: subprocess.Popen[bytes], steps: list[_Step]) -> None:
    """Let it run: change the network on time, show what the back end sees."""
    is_live = sys.stdout.isatty() and not arguments.plain
    began_s = time.time()
    next_line_s = _LINE_EVERY_S
    while (elapsed_s := time.time() - began_s) < arguments.seconds:
        if agent.poll() is not None:
            raise LinkError(f"the agent ended with code {agent.returncode}; its last lines are above")
        area.write_mains()
        for step in steps:
            if not step.done_s and elapsed_s >= step.at_s:
                step.do()
                step.done_s = time.time()
                if not is_live:
                    print(f"{elapsed_s:5.1f} s  {step.says}", flush=True)
        new = view.take_all()
        said = next((step.says for step in reversed(steps) if step.done_s), "reading all meters")
        headline = (
            f"{elapsed_s:4.0f} s of {arguments.seconds:.0f}, {elapsed_s * arguments.speed / 60:4.1f} simulated min | "
            f"{view.readings} readings, "
            f"{view.answering()} of {len(view.meters)} meters answer | agent {view.state} | {said}"
        )
        if is_live:
            view.draw(headline)
        else:
            for seen in new:
                print(f"{elapsed_s:5.1f} s  {describe(seen.message).strip()}", flush=True)
            if elapsed_s >= next_line_s:
                next_line_s += _LINE_EVERY_S
                print(headline, flush=True)
        await asyncio.sleep(0.2)


def _stop(agent: subprocess.Popen[bytes]) -> int:
    agent.terminate()
    try:
        return agent.wait(5.0)
    except subprocess.TimeoutExpired:
        agent.kill()
        return agent.wait()


def _summary(view: DemoView, steps: list[_Step], arguments: argparse.Namespace, *, agent_code: int) -> int:
    """What came of it; 1 when something that happened was not published."""
    on, off, _, back = steps
    expected = (
        ("overload published", on, "overload.start", OVERLOADED),
        ("outage of the branch published", off, "outage.start", DARK_BRANCH),
        ("restoration published", back, "outage.restore", DARK_BRANCH),
    )
    rss = view.health.get("rss_bytes", 0) / 2**20
    print(
        f"\n{view.readings} readings of {len(view.last)} meters, {len(view.events)} event revisions, "
        f"agent {rss:.0f} MiB, exit code {agent_code}"
    )
    missing = 0
    for name, step, event_type, node in expected:
        seen = next(
            (
                seen
                for seen in view.events
                if seen.message["type"] == event_type and seen.message["data"]["node_id"] == node and seen.at_s >= step.done_s
            ),
            None,
        )
        if seen is None:
            missing += 1
            print(f"  {name:<32} NOT SEEN")
        else:
            delay_s = seen.at_s - step.done_s
            print(f"  {name:<32} {delay_s:5.1f} s after it happened ({delay_s * arguments.speed / 60:.1f} simulated min)")
    return 1 if missing or agent_code else 0


COMMAND = Command(name="demo", summary="a simulated area, a broker and the agent, live on this machine", configure=configure, run=run)
