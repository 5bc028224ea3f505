"""ThingsBoard gateway 3.8.5 as the peer: its own virtual environment, its configuration, a stand-in for its server.

Without the stand-in the gateway never publishes to a plain broker: it waits for an answer about session limits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

PACKAGES = ("thingsboard-gateway==3.8.5", "pymodbus==3.9.2", "pyserial", "pyserial-asyncio")
TOPIC = "v1/gateway/telemetry"
_LIMITS = {"messages": "0:0,", "telemetryMessages": "0:0,", "telemetryDataPoints": "0:0,"}


def python_of_peer(build: Path) -> str:
    """The interpreter with the gateway installed; HPLC_EDGE_TB_PYTHON names one that is there already."""
    ready = os.environ.get("HPLC_EDGE_TB_PYTHON")
    if ready:
        return ready
    venv = build / "thingsboard"
    python = venv / "bin" / "python"
    if not (venv / ".installed").exists():
        print("installing ThingsBoard gateway into a virtual environment of its own", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "-q", "--disable-pip-version-check", "install", *PACKAGES], check=True)
        (venv / ".installed").touch()
    return str(python)


def command(python: str, config: Path) -> tuple[list[str], dict[str, str]]:
    code = "from thingsboard_gateway.tb_gateway import daemon; daemon()"
    return [python, "-W", "ignore", "-c", code], {**os.environ, "TB_GW_CONFIG_DIR": str(config)}


def write_config(config: Path, *, broker_port: int, base_port: int, ports: int, units: int, period_ms: int) -> None:
    """One range of 30 registers a meter, its SQLite buffer, its default of three retries."""
    (config / "data").mkdir(parents=True, exist_ok=True)
    gateway = {
        "thingsboard": {
            "host": "127.0.0.1",
            "port": broker_port,
            "remoteShell": False,
            "remoteConfiguration": False,
            "statistics": {"enable": False},
            "deviceFiltering": {"enable": False},
            "maxPayloadSizeBytes": 65536,
            "minPackSendDelayMS": 10,
            "minPackSizeToSend": 500,
            "checkConnectorsConfigurationInSeconds": 60,
            "handleDeviceRenaming": False,
            "qos": 1,
            "security": {"type": "accessToken", "accessToken": "bench"},
            "reportStrategy": {"type": "ON_RECEIVED"},
            "checkingDeviceActivity": {"checkDeviceInactivity": False},
            **dict.fromkeys(
                ("rateLimits", "dpRateLimits", "messagesRateLimits", "deviceMessagesRateLimits", "deviceRateLimits", "deviceDpRateLimits"),
                "0:0,",
            ),
        },
        "storage": {
            "type": "sqlite",
            "data_file_path": f"{config}/data/",
            "messages_ttl_check_in_hours": 1,
            "messages_ttl_in_days": 7,
            "max_read_records_count": 1000,
            "size_limit": 1024,
        },
        "grpc": {"enabled": False},
        "connectors": [{"name": "mb", "type": "modbus", "configuration": "modbus.json", "logLevel": "ERROR"}],
    }
    series = [
        {"tag": "ts_${address}", "type": "32uint", "address": "0-29", "objectsCount": 2, "functionCode": 3, "maxRegistersPerRequest": 30}
    ]
    slaves = [
        {
            "host": "127.0.0.1",
            "port": base_port + port,
            "type": "tcp",
            "method": "socket",
            "unitId": unit,
            "deviceName": f"m{port}_{unit}",
            "deviceType": "default",
            "timeout": 3,
            "byteOrder": "BIG",
            "wordOrder": "BIG",
            "retries": 3,
            "pollPeriod": period_ms,
            "connectAttemptTimeMs": 1000,
            "connectAttemptCount": 5,
            "waitAfterFailedAttemptsMs": 30000,
            "attributes": [],
            "timeseries": series,
            "attributeUpdates": [],
            "rpc": [],
        }
        for port in range(ports)
        for unit in range(1, units + 1)
    ]
    names = ("service", "tb_connection", "storage", "database", "extension", "connector", "converter")
    logs = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"f": {"format": "%(levelname)s %(name)s %(message)s"}},
        "handlers": {"consoleHandler": {"class": "logging.StreamHandler", "formatter": "f", "level": "WARNING"}},
        "loggers": {name: {"handlers": ["consoleHandler"], "level": "WARNING", "propagate": False} for name in names},
        "root": {"level": "ERROR", "handlers": ["consoleHandler"]},
    }
    for name, content in (
        ("tb_gateway", gateway),
        ("modbus", {"name": "mb", "logLevel": "ERROR", "master": {"slaves": slaves}}),
        ("logs", logs),
    ):
        (config / f"{name}.json").write_text(json.dumps(content))


class ServerStandIn:
    """Answers what the gateway asks of a ThingsBoard server before it publishes."""

    def __init__(self, broker_port: int) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="thingsboard-stand-in")
        self._ready = threading.Event()
        self._client.on_message = self._answer
        self._client.on_connect = self._subscribe
        self._client.connect("127.0.0.1", broker_port)
        self._client.loop_start()
        self._ready.wait(5)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, client: paho.Client, *_: object) -> None:
        for topic in ("v1/devices/me/rpc/request/+", "v1/devices/me/attributes/request/+"):
            client.subscribe(topic, 1)
        self._ready.set()

    def _answer(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        number = message.topic.rsplit("/", 1)[1]
        if "rpc/request/" in message.topic:
            is_limits = b"getSessionLimits" in message.payload
            body = (
                {"maxPayloadSize": 65536, "maxInflightMessages": 1000, "rateLimits": _LIMITS, "gatewayRateLimits": _LIMITS}
                if is_limits
                else {}
            )
            client.publish(f"v1/devices/me/rpc/response/{number}", json.dumps(body), qos=1)
        else:
            client.publish(f"v1/devices/me/attributes/response/{number}", "{}", qos=1)
