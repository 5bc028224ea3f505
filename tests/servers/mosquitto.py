"""A Mosquitto of a test's own, and a subscriber that is not ours."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Mosquitto:
    """Started from a configuration in ``directory``; a missing server fails the test."""

    def __init__(self, directory: Path, *, port: int | None = None, extra: str = "allow_anonymous true\n") -> None:
        self.port = port or free_port()
        self._binary = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
        assert self._binary, "mosquitto is not installed: 'make test' installs it"
        directory.mkdir(parents=True, exist_ok=True)
        for parent in (directory, *list(directory.parents)[:5]):
            parent.chmod(parent.stat().st_mode | 0o055)  # as root Mosquitto drops to its own user, who must read its files
        self._config = directory / "mosquitto.conf"
        # max_queued_messages 0 (no limit) would make Mosquitto 2.0 end the connection after a refused publish
        self._config.write_text(f"listener {self.port} 127.0.0.1\npersistence false\nmax_queued_messages 100000\nlog_dest none\n{extra}")
        self._log = directory / "messages"
        self._process: subprocess.Popen[bytes] | None = None
        self._subscriber: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        assert self._binary is not None
        self._process = subprocess.Popen([self._binary, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end_s = time.monotonic() + 10
        while not listens(self.port):
            assert time.monotonic() < end_s, "Mosquitto does not listen"
            time.sleep(0.02)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def subscribe(self, *options: str) -> None:
        with self._log.open("ab") as log:
            self._subscriber = subprocess.Popen(
                [
                    "mosquitto_sub",
                    "-V",
                    "mqttv5",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(self.port),
                    "-q",
                    "1",
                    "-t",
                    "hplc/v1/#",
                    "-F",
                    "%t %r %p",
                    *options,
                ],
                stdout=log,
            )
        time.sleep(0.3)

    def messages(self, part: str = "") -> list[tuple[str, dict[str, object]]]:
        """(topic, message) of what arrived on topics that contain ``part``; empty payloads are {}."""
        found = []
        for line in self._log.read_text().splitlines():
            topic, _, payload = line.split(" ", 2)
            if part in topic:
                found.append((topic, json.loads(payload) if payload else {}))
        return found

    def stop(self) -> None:
        for process in (self._subscriber, self._process):
            if process is not None:
                process.terminate()
                process.wait()


def wait_until(condition, timeout_s: float = 15.0, what: str = "") -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"{what or condition} did not come within {timeout_s:g} s"
        time.sleep(0.05)
