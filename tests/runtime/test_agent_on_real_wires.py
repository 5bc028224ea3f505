"""The whole agent as a user starts it: simulated meters on TCP, Mosquitto, and what goes wrong around them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from edge_agent.contract.schema import json_schema
from tests.servers.mosquitto import Mosquitto, free_port, wait_until

pytestmark = pytest.mark.servers
COMMAND = [sys.executable, "-m", "edge_agent.cli.main"]


class Wires:
    """Simulated meters, a broker and agents in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.processes: list[subprocess.Popen[str]] = []
        self.meter_port = free_port()
        self.broker: Mosquitto | None = None

    def meters(self, *options: str) -> subprocess.Popen[str]:
        ready = self.directory / "ready"
        ready.unlink(missing_ok=True)
        process = self.start(
            "sim",
            "serve",
            "--profile",
            "chint-ddsu666",
            "--units",
            "1-6",
            "--tcp",
            str(self.meter_port),
            "--turnaround-ms",
            "1",
            "--ready-file",
            str(ready),
            "--speed",
            "60",
            *options,
        )
        wait_until(ready.exists, what="simulated meters")
        return process

    def wait_until_it_reads(self) -> None:
        """It takes its time to start on a busy machine; it looks for the broker before it reads."""
        segment = self.directory / "state" / "journal" / "r-00000000000000000001.seg"
        wait_until(lambda: segment.exists() and segment.stat().st_size > 1000, timeout_s=30.0, what="the first readings in the journal")

    def config(self, broker_port: int, *, mqtt: str = "", extra: str = "") -> Path:
        path = self.directory / "agent.toml"
        lines = [
            f'[agent]\narea = "t"\nid = "e"\nstate_dir = "{self.directory / "state"}"\nhealth_s = 0.5\ntick_s = 0.2',
            f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker_port}"\n{mqtt}',
            '[simulation]\ndescription = "test"',
            "[schedule]\nfull_s = 0.3\npresence_s = 0.1",
            "[journal]\nreadings_s = 0.2",
            "[acquire]\nreply_timeout_s = 0.3",
            "[outage]\nsilent_s = 0.5\nhold_s = 1.0\nhold_polled_s = 1.0\ntogether_s = 5.0",
            extra,
            f'[[bus]]\nname = "b"\nurl = "tcp://127.0.0.1:{self.meter_port}"',
        ]
        lines += [
            f'[[meter]]\nid = "m{unit}"\nbus = "b"\nunit = {unit}\nprofile = "chint-ddsu666"\n'
            f'node = "f/b{unit % 2}"\nnominal_voltage_v = 230.0'
            for unit in range(1, 7)
        ]
        path.write_text("\n".join(lines))
        return path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[str]) -> tuple[int, float, str]:
        """Exit code, seconds that it took, and what it said."""
        began_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=10)
        return process.returncode, time.monotonic() - began_s, said

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        if self.broker is not None:
            self.broker.stop()


@pytest.fixture
def wires(tmp_path):
    made = Wires(tmp_path)
    yield made
    made.close()


def valid(topic: str, message: dict[str, object]) -> None:
    suffix = topic.split("/")[4:]
    name = {"m": "reading", "event": "event" if "event_id" in message.get("data", {}) else "system"}.get(suffix[0], suffix[0])  # type: ignore[operator]
    jsonschema.validate(message, json_schema(name))


def test_readings_and_announcements_arrive_and_every_message_keeps_the_contract(wires, tmp_path):
    wires.meters()
    wires.broker = Mosquitto(tmp_path / "broker")
    wires.broker.subscribe()
    agent = wires.start("run", "-c", str(wires.config(wires.broker.port)))
    wait_until(lambda: len(wires.broker.messages("/reading")) > 30 and wires.broker.messages("/health"), what="readings and health")
    code, took_s, said = wires.stop(agent)
    assert (code, "Traceback" in said) == (0, False)
    assert took_s < 2.0
    time.sleep(0.3)
    messages = wires.broker.messages()
    for topic, message in messages:
        valid(topic, message)
        assert message["sim"] == {"description": "test", "speed": 1.0}
    states = [message["status"] for topic, message in messages if topic.endswith("/state")]
    assert states == ["online", "offline"]
    seqs = [message["seq"] for topic, message in messages if topic.endswith("/reading")]
    assert seqs == list(range(1, len(seqs) + 1))
    assert {topic.split("/")[5] for topic, _ in wires.broker.messages("/reading")} == {f"m{unit}" for unit in range(1, 7)}


def test_an_agent_that_is_killed_is_announced_as_lost_and_takes_up_where_it_was(wires, tmp_path):
    wires.meters()
    wires.broker = Mosquitto(tmp_path / "broker")
    wires.broker.subscribe()
    config = str(wires.config(wires.broker.port))
    agent = wires.start("run", "-c", config)
    wait_until(lambda: len(wires.broker.messages("/reading")) > 10)
    agent.kill()
    wait_until(lambda: any(message["status"] == "lost" for _, message in wires.broker.messages("/state")), what="the last will")
    count = len(wires.broker.messages("/reading"))
    agent = wires.start("run", "-c", config)
    wait_until(lambda: len(wires.broker.messages("/reading")) > count + 10)
    wires.stop(agent)
    keys = {(message["epoch"], message["seq"]) for _, message in wires.broker.messages("/reading")}
    assert keys == {(1, seq) for seq in range(1, len(keys) + 1)}


def test_meters_that_lose_supply_become_one_outage_and_come_back(wires, tmp_path):
    wires.broker = Mosquitto(tmp_path / "broker")
    wires.broker.subscribe()
    simulator = wires.meters()
    agent = wires.start("run", "-c", str(wires.config(wires.broker.port)))
    wait_until(lambda: len(wires.broker.messages("/reading")) > 12)
    simulator.kill()
    simulator.wait()
    wires.meters("--dead", "1,3,5")
    wait_until(lambda: wires.broker.messages("/event/outage"), what="the outage")
    _, begun = wires.broker.messages("/event/outage")[0]
    assert (begun["type"], begun["data"]["node_id"], begun["data"]["state"]) == ("outage.start", "f/b1", "suspected")
    assert set(begun["data"]["meters"]) == {"m1", "m3", "m5"}
    active = {topic: message for topic, message in wires.broker.messages("/active/")}
    assert active[f"hplc/v1/t/e/active/{begun['data']['event_id']}"] == begun
    wait_until(
        lambda: wires.broker.messages("/event/outage")[-1][1]["data"]["state"] == "localised", timeout_s=30, what="what is certain"
    )
    wires.processes[-1].kill()
    wires.processes[-1].wait()
    wires.meters()
    wait_until(
        lambda: wires.broker.messages("/event/outage")[-1][1]["type"] == "outage.restore", timeout_s=30, what="the restoration"
    )
    revisions = [message["data"] for _, message in wires.broker.messages("/event/outage")]
    assert {body["event_id"] for body in revisions} == {begun["data"]["event_id"]}
    assert [body["revision"] for body in revisions] == list(range(1, len(revisions) + 1))
    wait_until(lambda: wires.broker.messages("/active/")[-1][1] == {}, what="the cleared alarm")
    wires.stop(agent)
    shown = subprocess.run(
        [*COMMAND, "events", "-c", str(tmp_path / "agent.toml"), "--json"], capture_output=True, text=True, check=True
    ).stdout
    told = [json.loads(line)["type"] for line in shown.splitlines() if "outage" in line]
    assert (told[0], told[-1]) == ("outage.start", "outage.restore")


def test_without_a_broker_reading_goes_on_and_everything_arrives_later(wires, tmp_path):
    wires.meters()
    wires.broker = Mosquitto(tmp_path / "broker")
    wires.broker.subscribe()
    way = free_port()
    agent = wires.start("run", "-c", str(wires.config(way)))
    wires.wait_until_it_reads()
    time.sleep(2.0)
    assert shutil.which("socat"), "socat is not installed: 'make test' installs it"
    joined = subprocess.Popen(
        ["socat", f"TCP-LISTEN:{way},bind=127.0.0.1,fork,reuseaddr", f"TCP:127.0.0.1:{wires.broker.port}"], start_new_session=True
    )
    try:
        wait_until(lambda: len(wires.broker.messages("/reading")) > 40)
    finally:
        os.killpg(joined.pid, signal.SIGKILL)  # its children carry the connections
        joined.wait()
    time.sleep(1.0)
    _, took_s, said = wires.stop(agent)
    assert took_s < 2.0
    assert wires.broker.messages("/reading")[0][1]["seq"] == 1
    lines = [line for line in said.splitlines() if "broker" in line or "connection" in line]
    assert len(lines) == 2, said  # one line when it was not there, one when it was lost
    assert "trying again" in lines[0]


def test_a_wrong_password_is_one_line_and_reading_goes_on(wires, tmp_path):
    directory = tmp_path / "broker"
    directory.mkdir()
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(directory / "passwords"), "edge", "right"], check=True)
    (directory / "passwords").chmod(0o644)
    wires.broker = Mosquitto(directory, extra=f"allow_anonymous false\npassword_file {directory / 'passwords'}\n")
    wires.meters()
    (tmp_path / "password").write_text("wrong\n")
    config = wires.config(wires.broker.port, mqtt=f'username = "edge"\npassword_file = "{tmp_path / "password"}"')
    wires.broker.subscribe("-u", "edge", "-P", "right")
    agent = wires.start("run", "-c", str(config))
    wires.wait_until_it_reads()
    time.sleep(2.0)
    (tmp_path / "password").write_text("right\n")
    wait_until(lambda: len(wires.broker.messages("/reading")) > 30)
    _, _, said = wires.stop(agent)
    refusals = [line for line in said.splitlines() if "refused" in line]
    assert len(refusals) == 1, said
    assert "not authorized" in refusals[0] or "bad user name" in refusals[0]
    assert wires.broker.messages("/reading")[0][1]["seq"] == 1


def test_a_topic_that_the_broker_refuses_is_noticed_and_others_go_on(wires, tmp_path):
    directory = tmp_path / "broker"
    directory.mkdir()
    rules = [
        "topic read #",
        "topic write hplc/v1/t/e/+",
        "topic write hplc/v1/t/e/event/#",
        *[f"topic write hplc/v1/t/e/m/m{unit}/#" for unit in range(2, 7)],
    ]
    (directory / "rules").write_text("\n".join(rules) + "\n")
    (directory / "rules").chmod(0o644)
    wires.broker = Mosquitto(directory, extra=f"allow_anonymous true\nacl_file {directory / 'rules'}\n")
    wires.broker.subscribe()
    wires.meters()
    agent = wires.start("run", "-c", str(wires.config(wires.broker.port)))
    wait_until(lambda: len(wires.broker.messages("/reading")) > 30)
    wait_until(lambda: any(message["type"] == "publish.refused" for _, message in wires.broker.messages("/event/comm")), what="the notice")
    _, _, said = wires.stop(agent)
    assert said.count("refuses m/m1/reading (reason 135)") == 1
    assert {topic.split("/")[5] for topic, _ in wires.broker.messages("/reading")} == {f"m{unit}" for unit in range(2, 7)}


def test_a_gateway_that_is_not_there_is_one_line_and_is_found_when_it_comes(wires, tmp_path):
    wires.broker = Mosquitto(tmp_path / "broker")
    wires.broker.subscribe()
    agent = wires.start("run", "-c", str(wires.config(wires.broker.port)))
    time.sleep(2.0)
    wires.meters()
    wait_until(lambda: len(wires.broker.messages("/reading")) > 12)
    _, _, said = wires.stop(agent)
    assert said.count("connection refused") == 1
    assert [message["type"] for _, message in wires.broker.messages("/event/comm")] == ["bus.down", "bus.up"]
    assert not wires.broker.messages("/event/outage")


def test_ctrl_c_ends_within_two_seconds_also_while_the_broker_hangs(wires, tmp_path):
    import socket

    wires.meters()
    with socket.socket() as hanging:  # accepts, never answers
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        hanging.settimeout(60.0)
        agent = wires.start("run", "-c", str(wires.config(hanging.getsockname()[1])))
        connection, _ = hanging.accept()  # it runs: before, Ctrl-C breaks off the start
        began_s = time.monotonic()
        agent.send_signal(signal.SIGINT)
        said, _ = agent.communicate(timeout=10)
        connection.close()
    assert time.monotonic() - began_s < 2.0
    assert (agent.returncode, "Traceback" in said) == (0, False)


def test_a_wrong_configuration_is_listed_with_exit_code_2(wires, tmp_path):
    path = wires.config(1883)
    path.write_text(path.read_text().replace('profile = "chint-ddsu666"', 'profile = "acme"').replace("unit = 2", "unit = 1"))
    agent = wires.start("run", "-c", str(path))
    said, _ = agent.communicate(timeout=20)
    assert agent.returncode == 2
    assert said.count("profile 'acme' does not exist") == 6
    assert "two meters at one address" in said
    assert "Traceback" not in said
