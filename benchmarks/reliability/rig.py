"""Starts what a reliability run needs as processes of their own: Mosquitto, mosquitto_sub, simulated meters, the agent.

Shares no code with the agent or the simulator: it knows their commands, the topics and the JSON only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HPLC_EDGE = str(Path(sys.executable).parent / "hplc-edge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as mosquitto_sub wrote it: when, where, what."""

    at_s: float
    topic: str
    body: dict[str, object]

    @property
    def key(self) -> tuple[object, ...]:
        """What a consumer removes duplicates by."""
        return tuple(self.body[name] for name in ("agent", "epoch", "st", "seq"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Rig:
    """Processes of one run in one directory; ``close()`` ends them all."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._running: list[subprocess.Popen[bytes]] = []
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._running.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes], *, timeout_s: float = 10.0) -> int:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout_s)
        if process.poll() is None:
            process.kill()
            process.wait()
        if process in self._running:
            self._running.remove(process)
        return process.returncode

    def close(self) -> None:
        for process in reversed(list(self._running)):
            self.stop(process)

    def broker(self) -> int:
        """Start Mosquitto and a subscriber that records everything; gives the port."""
        mosquitto = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if mosquitto is None or shutil.which("mosquitto_sub") is None:
            sys.exit("mosquitto and mosquitto_sub are needed: apt-get install mosquitto mosquitto-clients")
        port = free_port()
        config = self.directory / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 100\npersistence false\n"
            "log_dest stderr\nlog_type error\n"
        )
        config.chmod(0o644)
        self.start("mosquitto", mosquitto, "-c", str(config))
        wait_for(lambda: listens(port), 10.0, "Mosquitto")
        with (self.directory / "messages").open("ab") as output, (self.directory / "mosquitto_sub.log").open("ab") as log:
            self._running.append(
                subprocess.Popen(
                    ["mosquitto_sub", "-V", "mqttv5", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", "hplc/v1/#", "-F", "%U %t %p"],
                    stdout=output, stderr=log, stdin=subprocess.DEVNULL,
                )
            )
        time.sleep(0.5)
        return port

    def agent(self, config: Path) -> subprocess.Popen[bytes]:
        return self.start("agent", HPLC_EDGE, "run", "-c", str(config))

    def messages(self, part: str) -> Iterator[Message]:
        """What arrived so far on topics that contain ``part``, in order of arrival."""
        with (self.directory / "messages").open(encoding="utf-8") as lines:
            for line in lines:
                at, topic, payload = line.rstrip("\n").split(" ", 2)
                if part in topic and payload:
                    yield Message(at_s=float(at), topic=topic, body=json.loads(payload))

    def message_count(self) -> int:
        with (self.directory / "messages").open("rb") as lines:
            return sum(1 for _ in lines)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool], timeout_s: float, what: str, *, every_s: float = 0.05) -> None:
    """Wait until ``condition()`` is true; ends the run with one line when it never is."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if condition():
            return
        time.sleep(every_s)
    sys.exit(f"{what} did not come within {timeout_s:.0f} s")


def wait_quiet(rig: Rig, *, quiet_s: float, timeout_s: float) -> None:
    """Wait until no message has arrived for ``quiet_s``."""
    last, since = -1, time.monotonic()
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        count = rig.message_count()
        if count != last:
            last, since = count, time.monotonic()
        elif time.monotonic() - since >= quiet_s:
            return
        time.sleep(0.2)
    sys.exit(f"messages did not come to rest within {timeout_s:.0f} s")
