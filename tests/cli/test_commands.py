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
    for name in (
        "bench", "decode", "demo", "doctor", "events", "indices", "profiles", "read", "relearn", "run", "scan", "schema", "score", "sim",
    ):
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


@pytest.fixture
def meters_645(tmp_path):
    ready = tmp_path / "ready645"
    options = ("--profile", "dlt645-2013-single", "--addresses", "000012345678+1", "--tcp", "0", "--pty", "--ready-file", str(ready))
    process = subprocess.Popen([*COMMAND, "sim", "serve", *options], stdout=subprocess.DEVNULL)
    while not ready.exists():
        assert process.poll() is None
        time.sleep(0.05)
    yield json.loads(ready.read_text())
    process.terminate()
    process.wait()


@pytest.mark.servers
def test_read_shows_a_meter_of_645_on_tcp_and_on_a_line(meters_645):
    for url in (f"tcp://127.0.0.1:{meters_645['tcp']}", f"serial://{meters_645['pty']}?baud=9600&format=8E1"):
        done = call("read", url, "--profile", "dlt645-2013-single", "--address", "000012345679", "--json")
        values = {row["quantity"]: row["value"] for row in json.loads(done.stdout)}
        assert 220 < values["voltage L1"] < 260
        assert values["frequency"] == 50
        assert {"current L1", "current neutral", "active power total", "active energy import T4"} <= set(values)


@pytest.mark.servers
def test_scan_finds_meters_of_645_that_talk_over_each_other(meters_645):
    done = call("scan", f"tcp://127.0.0.1:{meters_645['tcp']}", "--protocol", "dlt645", "--timeout", "0.1", "--json")
    found = json.loads(done.stdout)
    assert [entry["address"] for entry in found] == ["000012345678", "000012345679"]
    assert all("dlt645-2013-single" in entry["plausible"] and "dlt645-2007-three" not in entry["plausible"] for entry in found)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--profile", "dlt645-2007-single", "--address", "12"), "write the twelve digits"),
        (("--profile", "dlt645-2007-single", "--unit", "3"), "its meters have --address"),
        (("--profile", "abb-b21", "--address", "000000000001"), "its meters have --unit"),
    ],
)
def test_an_address_of_the_wrong_kind_is_told_in_one_line(arguments, says):
    done = call("read", "tcp://127.0.0.1:1", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.servers
def test_run_reads_meters_of_645_and_goes_on_when_the_line_is_opened_anew(meters_645, tmp_path):
    config = tmp_path / "agent.toml"
    config.write_text(f"""
[agent]
area = "a"
id = "e"
state_dir = "{tmp_path / 'state'}"
[mqtt]
url = "mqtt://127.0.0.1:1"
[schedule]
full_s = 0.5
[[bus]]
name = "line"
url = "serial://{meters_645['pty']}?baud=9600&format=8E1"
[[meter]]
id = "m1"
bus = "line"
address = "000012345678"
profile = "dlt645-2013-single"
""")
    for _ in range(2):
        done = call("run", "-c", str(config), "--seconds", "4")
        assert done.returncode == 0
        assert "Traceback" not in done.stderr
        assert "does not answer" not in done.stderr
    waiting = next(row for row in json.loads(call("doctor", "-c", str(config), "--json").stdout) if row["name"] == "journal")
    assert int(waiting["says"].split()[0]) >= 4


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
