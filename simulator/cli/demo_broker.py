"""The broker of the demo: Mosquitto where it is on the path, else amqtt in a process of its own; 127.0.0.1 and a free port only."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import LinkError

_START_TIMEOUT_S = 15.0


@dataclass(slots=True)
class DemoBroker:
    """A running broker; ``stop()`` leaves nothing behind."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(3.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_broker(directory: Path) -> DemoBroker:
    """Start a broker that forgets everything when it stops.

    Raises:
        LinkError: neither broker is here, or it does not come up.
    """
    port = _free_port()
    # Debian keeps Mosquitto in /usr/sbin, which a user's PATH often lacks; an explicit PATH without any sbin is respected
    mosquitto = shutil.which("mosquitto")
    log = (directory / "broker.log").open("wb")
    with log:
        if mosquitto is not None:
            command, name = [mosquitto, "-c", str(_mosquitto_config(directory, port))], "Mosquitto"
        else:
            command, name = [sys.executable, "-m", "simulator.cli.demo_broker", str(port)], "amqtt (MQTT 3.1.1 only)"
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    broker = DemoBroker(name=name, port=port, process=process)
    end_s = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < end_s and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return broker
        time.sleep(0.05)
    broker.stop()
    lines = (directory / "broker.log").read_text(errors="replace").strip().splitlines() or ["no output"]
    raise LinkError(f"the broker {name} did not start: {lines[-1]}; install Mosquitto (apt-get install mosquitto) or 'make install' again")


def _mosquitto_config(directory: Path, port: int) -> Path:
    config = directory / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 100\nmax_queued_messages 0\n"
        "log_dest stderr\nlog_type error\nlog_type warning\n",
        encoding="ascii",
    )
    config.chmod(0o644)          # as root Mosquitto drops to its own user, who must read it
    directory.chmod(0o755)
    return config


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _serve_amqtt(port: int) -> None:
    from amqtt.broker import Broker  # an extra of its own: only where Mosquitto is absent

    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    parent = os.getppid()
    while os.getppid() == parent:   # ends with the demo, also when that was killed
        await asyncio.sleep(0.5)
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_serve_amqtt(int(sys.argv[1])))
