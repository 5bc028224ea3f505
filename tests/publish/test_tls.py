"""TLS to the broker: the right certificate connects, every wrong one is refused in one line."""

from __future__ import annotations

import asyncio
import gc
import subprocess

import pytest

from edge_agent.errors import LinkError
from edge_agent.publish.link import Connected, Will
from edge_agent.publish.mqtt_link import MqttLink
from edge_agent.publish.settings import MqttSettings
from tests.servers.mosquitto import Mosquitto, free_port

# paho leaves the socket of a failed handshake to the garbage collector
pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]


def openssl(directory, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


def authority(directory, name: str) -> None:
    subject = ("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl(directory, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject)


def broker_named(directory, name: str) -> Mosquitto:
    """Mosquitto on 127.0.0.1 with a certificate of "ours" for ``name``."""
    home = directory / name.replace(":", "-")
    home.mkdir()
    openssl(home, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker", "-keyout", "server.key", "-out", "server.csr")
    (home / "names").write_text(f"subjectAltName={name}\n")
    signing = ("-CA", "../ours.pem", "-CAkey", "../ours.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl(home, "x509", "-req", "-in", "server.csr", "-out", "server.pem", *signing)
    for path in (directory / "ours.pem", home / "server.pem", home / "server.key"):
        path.chmod(0o644)
    extra = f"allow_anonymous true\ncafile {directory}/ours.pem\ncertfile {home}/server.pem\nkeyfile {home}/server.key\n"
    return Mosquitto(home / "broker", port=free_port(), extra=extra)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker with a certificate for 127.0.0.1 from "ours"; a second authority "theirs" that it has nothing to do with."""
    directory = tmp_path_factory.mktemp("tls")
    authority(directory, "ours")
    authority(directory, "theirs")
    running = broker_named(directory, "IP:127.0.0.1")
    yield running, directory
    running.stop()


def connect(url: str, ca_file: str | None) -> Connected:
    async def run() -> Connected:
        link = MqttLink(MqttSettings(url=url, ca_file=ca_file), "edge", "5", Will(topic="hplc/v1/a/e/state", payload=b"{}"))
        connected = await link.connect(5.0)
        await link.disconnect(1.0)
        return connected

    try:
        return asyncio.run(run())
    finally:
        gc.collect()


def test_the_right_certificate_connects(broker):
    running, directory = broker
    assert connect(f"mqtts://127.0.0.1:{running.port}", str(directory / "ours.pem")).protocol == "5"


def test_a_certificate_of_another_authority_is_refused(broker):
    running, directory = broker
    with pytest.raises(LinkError, match=r"certificate refused: .*check ca_file") as caught:
        connect(f"mqtts://127.0.0.1:{running.port}", str(directory / "theirs.pem"))
    assert "\n" not in str(caught.value)


def test_a_certificate_for_another_name_is_refused(broker):
    _, directory = broker
    elsewhere = broker_named(directory, "DNS:elsewhere.example")
    try:
        with pytest.raises(LinkError, match="certificate refused"):
            connect(f"mqtts://127.0.0.1:{elsewhere.port}", str(directory / "ours.pem"))
    finally:
        elsewhere.stop()


def test_an_absent_authority_file_is_told(broker):
    running, directory = broker
    with pytest.raises(LinkError, match=r"No such file|cannot"):
        connect(f"mqtts://127.0.0.1:{running.port}", str(directory / "absent.pem"))
