"""``hplc-edge doctor``: is everything in place for the agent to run here?"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from edge_agent.cli.command import Command
from edge_agent.config import Config, broker_address, load_config
from edge_agent.contract import Topics, topics
from edge_agent.errors import ConfigError, LinkError
from edge_agent.journal import Journal

_BUILT_UTC_S = 1_764_000_000  # this program did not exist before; a clock that shows an earlier time is wrong
_ENOUGH_BYTES = 64 * 2**20  # mqtt_reliability.md 2.4: below it readings are thinned


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    ok: bool
    says: str


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="also check this configuration, its buses and its broker")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    checks = [_python(), _kernels(), _clock()]
    if arguments.config is not None:
        try:
            config = load_config(arguments.config)
        except ConfigError as exc:
            checks += [Check(name="configuration", ok=False, says=problem) for problem in exc.problems]
        else:
            checks.append(Check(name="configuration", ok=True, says=f"{len(config.meters)} meters on {len(config.buses)} buses"))
            checks += [_space(config), _journal(config), *asyncio.run(_outside(config))]
    if arguments.json:
        print(json.dumps([{"name": check.name, "ok": check.ok, "says": check.says} for check in checks]))
    else:
        for check in checks:
            print(f"{'ok' if check.ok else 'BAD':<4} {check.name:<16} {check.says}")
    return 0 if all(check.ok for check in checks) else 1


def _python() -> Check:
    return Check(name="python", ok=sys.version_info >= (3, 11), says=f"{platform.python_version()} on {platform.machine()}")


def _kernels() -> Check:
    try:
        import cython_ext.band
        import cython_ext.crc16
        import cython_ext.silence
        import cython_ext.thermal
    except ImportError as exc:
        return Check(name="kernels", ok=False, says=str(exc))
    compiled = cython_ext.COMPILED
    return Check(name="kernels", ok=True, says="compiled" if compiled else "plain twins (HPLC_EDGE_PURE=1): right, but slow")


def _clock() -> Check:
    now_s = time.time()
    ok = now_s > _BUILT_UTC_S
    return Check(
        name="clock",
        ok=ok,
        says=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now_s)) + ("" if ok else ": in the past; set it, or wait for NTP"),
    )


def _space(config: Config) -> Check:
    directory = next(parent for parent in (config.state_dir, *config.state_dir.parents) if parent.exists())
    free = shutil.disk_usage(directory).free
    return Check(name="disk", ok=free >= _ENOUGH_BYTES, says=f"{free // 2**20} MiB free for {config.state_dir}")


def _journal(config: Config) -> Check:
    directory = config.state_dir / "journal"
    try:
        journal = Journal.open(directory, settings=config.journal)
    except ConfigError as exc:
        in_use = "another agent uses" in str(exc)
        return Check(name="journal", ok=in_use, says=f"{directory}: in use by a running agent" if in_use else str(exc))
    stats = journal.stats()
    journal.close()
    return Check(
        name="journal",
        ok=not stats.fault,
        says=f"{sum(stats.backlog.values())} messages wait for the broker{stats.fault and ': ' + stats.fault}",
    )


async def _outside(config: Config) -> list[Check]:
    """Buses and broker, all at the same time: a dead one costs its time-out once."""
    return list(await asyncio.gather(*(_bus(bus.name, bus.url) for bus in config.buses), _broker(config)))


async def _bus(name: str, url: str) -> Check:
    from edge_agent.transport import create_link

    link = create_link(url)
    try:
        await link.open()
    except LinkError as exc:
        return Check(name=f"bus {name}", ok=False, says=str(exc))
    finally:
        link.close()
    return Check(name=f"bus {name}", ok=True, says=f"{link.name} can be opened")


async def _broker(config: Config) -> Check:
    from edge_agent.publish.link import Will
    from edge_agent.publish.mqtt_link import MqttLink

    prefix = Topics(config.agent.area, config.agent.id).prefix
    # a client id of its own: this must not throw a running agent off its connection
    link = MqttLink(
        config.mqtt, f"{config.agent.id}-doctor", config.mqtt.protocol, Will(topic=f"{prefix}/doctor/{topics.STATE}", payload=b"")
    )
    try:
        connected = await link.connect(10.0)
    except LinkError as exc:
        return Check(name="broker", ok=False, says=f"{broker_address(config.mqtt)}: {exc}")
    await link.disconnect(1.0)
    return Check(
        name="broker",
        ok=True,
        says=f"{broker_address(config.mqtt)}: MQTT {connected.protocol}, takes {connected.receive_maximum} unacknowledged",
    )


COMMAND = Command(name="doctor", summary="is everything in place?", configure=configure, run=run)
