"""How to reach the broker."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """``mqtts://host:port`` (TLS), or ``mqtt://`` for a broker on this machine; elsewhere that needs ``allow_plaintext``."""

    url: str
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    client_id: str | None = None          # default: the agent's id; one fixed id, so that a new connection fences the old one
    allow_plaintext: bool = False
    protocol: str = "5"                   # "5" falls back to 3.1.1 where the broker refuses it; "3.1.1" never tries 5
    window: int = 100                     # messages without PUBACK; the broker's Receive Maximum may lower it
    keepalive_s: int = 20
    ack_timeout_s: float = 5.0            # a PUBACK later than this: new connection
    replay_start_per_s: float = 200.0     # readings of a backlog; doubles every 5 s (mqtt_reliability.md 1.6, 2.4)
    require_subscribers: bool = False     # keep alarms until somebody listens (PUBACK 16, MQTT 5 only)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.username or parts.path not in ("", "/"):
            raise ValueError(f"url = {self.url!r}: write mqtts://host:port or, on this machine, mqtt://127.0.0.1:1883")
        if parts.scheme == "mqtt" and not self.allow_plaintext and not _is_this_machine(parts.hostname):
            raise ValueError(f"url = {self.url!r}: TLS is needed off this machine: write mqtts://, or set allow_plaintext = true")
        if self.protocol not in ("5", "3.1.1"):
            raise ValueError(f"protocol = {self.protocol!r}: \"5\" or \"3.1.1\"")
        if not 1 <= self.window <= 1000 or self.keepalive_s < 5 or self.ack_timeout_s <= 0 or self.replay_start_per_s <= 0:
            raise ValueError("window is 1 to 1000, keepalive_s at least 5, ack_timeout_s and replay_start_per_s above 0")

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def uses_tls(self) -> bool:
        return urlsplit(self.url).scheme == "mqtts"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (8883 if self.uses_tls else 1883)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
