"""The commands as a user calls them."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "edge_agent.cli.main"]


def call(*arguments: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=timeout_s, check=False)


def test_help_names_every_command():
    said = call("--help").stdout
    for name in ("bench", "decode", "demo", "doctor", "events", "profiles", "read", "run", "scan", "schema", "sim"):
        assert f"\n    {name} " in said


def test_run_does_not_load_the_simulator_or_heavy_packages():
    code = (
        "import sys; sys.argv = ['x', 'run', '--help']\n"
        "from edge_agent.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "import edge_agent.runtime.agent\n"
        "print([name for name in ('simulator', 'pymodbus', 'scipy', 'pydantic', 'aiohttp', 'amqtt') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.endswith("[]\n")


@pytest.fixture
def meters(tmp_path):
    ready = tmp_path / "ready"
    options = ("--profile", "abb-b21", "--units", "3-4", "--tcp", "0", "--ready-file", str(ready), "--turnaround-ms", "1")
    process = subprocess.Popen([*COMMAND, "sim", "serve", *options], stdout=subprocess.DEVNULL)
    while not ready.exists():
        assert process.poll() is None
        time.sleep(0.05)
    yield f"tcp://127.0.0.1:{json.loads(ready.read_text())['tcp']}"
    process.terminate()
    process.wait()


@pytest.mark.servers
def test_read_shows_one_meter(meters):
    rows = json.loads(call("read", meters, "--profile", "ABB B21", "--unit", "3", "--json").stdout)
    values = {row["quantity"]: row["value"] for row in rows}
    assert 220 < values["voltage L1"] < 260
    assert {"current L1", "active power total", "frequency", "active energy import"} <= set(values)


@pytest.mark.servers
def test_scan_finds_who_lives_there(meters):
    done = call("scan", meters, "--units", "2-5", "--json")
    assert done.returncode == 0
    assert [entry["unit"] for entry in json.loads(done.stdout)] == [3, 4]


@pytest.mark.servers
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("read", "tcp://127.0.0.1:1", "--profile", "abb-b21"), 3, "connection refused"),
        (("read", "nowhere", "--profile", "abb-b21"), 2, "unknown scheme"),
        (("read", "serial:///dev/absent", "--profile", "abb-b21"), 3, "/dev/absent"),
        (("scan", "tcp://127.0.0.1:1"), 3, "connection refused"),
        (("scan", "tcp://127.0.0.1:1", "--units", "x"), 2, "--units 'x'"),
        (("events", "-c", "/absent.toml"), 2, "cannot be read"),
        (("demo", "--seconds", "3"), 2, "--seconds is at least"),
    ],
)
def test_what_goes_wrong_is_one_line_with_its_exit_code(arguments, code, says):
    done = call(*arguments)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert says in done.stderr


def test_doctor_tells_what_is_missing(tmp_path):
    config = tmp_path / "agent.toml"
    config.write_text(
        f'[agent]\narea = "a"\nid = "e"\nstate_dir = "{tmp_path}/state"\n[mqtt]\nurl = "mqtt://127.0.0.1:1"\n'
        '[[bus]]\nname = "b"\nurl = "tcp://127.0.0.1:1"\n[[meter]]\nid = "m"\nbus = "b"\nunit = 1\nprofile = "abb-b21"\n'
    )
    done = call("doctor", "-c", str(config), "--json")
    checks = {check["name"]: check["ok"] for check in json.loads(done.stdout)}
    assert done.returncode == 1
    assert {name for name, ok in checks.items() if not ok} == {"bus b", "broker"}
    assert checks["configuration"]
    assert checks["kernels"]


def test_schema_prints_each_message_and_the_whole_contract():
    assert json.loads(call("schema", "event").stdout)["$id"].endswith(":event")
    assert json.loads(call("schema", "--asyncapi").stdout)["asyncapi"] == "3.0.0"


@pytest.mark.servers
def test_the_demo_sees_what_it_does_and_ends_by_itself():
    done = call("demo", "--plain", "--seconds", "40", timeout_s=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SIMULATED" in done.stdout
    assert "NOT SEEN" not in done.stdout
    assert "exit code 0" in done.stdout
