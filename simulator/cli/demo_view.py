"""The back end of the demo: subscribes like any other and shows what arrives. Knows the topics and the JSON, nothing of the simulation."""

from __future__ import annotations

import json
import queue
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

_COLUMNS = 4
_EVENT_LINES = 6


@dataclass(slots=True)
class Seen:
    """One event revision and when it arrived, real time."""

    at_s: float
    message: dict[str, Any]


@dataclass(slots=True)
class DemoView:
    """Counts and keeps; ``take_all`` must be called often."""

    meters: list[str]
    readings: int = 0
    last: dict[str, dict[str, float]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    alarmed: set[str] = field(default_factory=set)
    events: list[Seen] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=dict)
    state: str = "not seen yet"
    _queue: queue.Queue[tuple[float, str, bytes | bytearray]] = field(default_factory=lambda: queue.Queue(maxsize=100_000))
    _client: paho.Client | None = None
    _drawn: bool = False

    def connect(self, port: int) -> None:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="demo-view")
        client.on_message = lambda _c, _d, message: self._queue.put_nowait((time.time(), message.topic, message.payload))
        client.on_connect = lambda c, *_: c.subscribe("hplc/v1/#", qos=1)
        client.connect("127.0.0.1", port)
        client.loop_start()
        self._client = client

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def take_all(self) -> list[Seen]:
        """Take in what has arrived; gives the new events."""
        new: list[Seen] = []
        while True:
            try:
                at_s, topic, payload = self._queue.get_nowait()
            except queue.Empty:
                return new
            parts = topic.split("/")[4:]
            if not payload:
                continue
            message = json.loads(payload)
            if parts[0] == "m":
                self.readings += 1
                self.last[message["meter"]] = message["data"]
            elif parts[0] == "event" and "event_id" in message["data"]:
                seen = Seen(at_s, message)
                self.events.append(seen)
                new.append(seen)
                self._mark(message["data"])
            elif parts[0] == "health":
                self.health = message
            elif parts[0] == "state":
                self.state = f"{message['status']}, MQTT {message['mqtt']}"

    def _mark(self, body: dict[str, Any]) -> None:
        marks = self.silent if body["kind"] in ("supply.lost", "meter.silent", "comm.lost") else self.alarmed
        if "end" in body:
            marks.difference_update(body["meters"])
        else:
            marks.update(body["meters"])

    def draw(self, headline: str) -> None:
        """The table of all meters and the last events, over the one before."""
        lines = [headline, ""]
        cells = [self._cell(meter) for meter in self.meters]
        rows = -(-len(cells) // _COLUMNS)
        lines += [
            "  ".join(f"{cells[row + column * rows]:<31}" for column in range(_COLUMNS) if row + column * rows < len(cells))
            for row in range(rows)
        ]
        lines += ["", "events:", *[describe(seen.message) for seen in self.events[-_EVENT_LINES:]]]
        lines += [""] * (_EVENT_LINES - len(self.events[-_EVENT_LINES:]))
        if self._drawn:
            sys.stdout.write(f"\x1b[{rows + _EVENT_LINES + 4}A")
        self._drawn = True
        sys.stdout.write("".join(f"\x1b[2K{line}\n" for line in lines))
        sys.stdout.flush()

    def _cell(self, meter: str) -> str:
        data = self.last.get(meter, {})
        if meter in self.silent:
            return f"{meter:<12} silent"
        voltage_v, power_w = data.get("voltage_v.a"), data.get("active_power_w")
        shown = "no value" if voltage_v is None or power_w is None else f"{voltage_v:5.1f} V {power_w / 1000:6.2f} kW"
        return f"{meter:<12} {shown}{' !' if meter in self.alarmed else ''}"

    def answering(self) -> int:
        return len(self.last) - len(self.silent & set(self.last))


def describe(message: dict[str, Any]) -> str:
    """One event in one line."""
    data = message["data"]
    where = f"{data['scope']} {data['node_id']}" + (f" phase {data['phases']}" if data.get("phases") else "")
    observed = f" {data['observed']:.1f} {data['unit']} of {data['threshold']:g} {data['unit']}" if data.get("threshold") else ""
    more = f" (could be: {', '.join(data['could_be'])})" if data["state"] == "suspected" else ""
    what = f"{message['ts'][11:19]} {message['sev']:<7} {message['type']:<16} {where}{observed}"
    return f"  {what}, {data['meters_affected'] or data['original_meters_affected']} meters, {data['state']}{more}"
