"""``hplc-edge outage``: what the back end knows and the agent cannot: crews on their way, and areas beside this one that are out."""

from __future__ import annotations

import argparse
import re
import time
from datetime import UTC, datetime
from pathlib import Path

from edge_agent.cli.command import Command
from edge_agent.cli.events import journaled_events
from edge_agent.config import Config, load_config
from edge_agent.errors import ConfigError
from edge_agent.state import DispatchRequest, NeighbourRequest, Requests, requests_directory

_CREW = ("dispatched", "arrived", "cancelled")
_OVER = ("closed", "discarded")
_AREA_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=(*_CREW, "neighbour"), help="state of the crew, or: another area of the same 10 kV line is out")
    parser.add_argument("id", metavar="EVENT_ID|AREA", help="event_id of the outage; with neighbour the id of the other area")
    parser.add_argument("-c", "--config", type=Path, required=True, metavar="FILE", help="configuration of the agent")
    parser.add_argument("--by", default="", metavar="NAME", help="crew or order")
    parser.add_argument("--at", metavar="UTC", help="when it was so, as 2026-01-31T08:00:00Z [now]")
    parser.add_argument("--until", metavar="UTC", help="when supply is expected to be back")


def run(arguments: argparse.Namespace) -> int:
    config = load_config(arguments.config)
    at_utc_ms = time.time_ns() // 1_000_000 if arguments.at is None else _utc_ms(arguments.at, "--at")
    request: DispatchRequest | NeighbourRequest
    if arguments.what == "neighbour":
        request = NeighbourRequest(area=_neighbour(arguments.id, config), at_utc_ms=at_utc_ms)
        done = f"the agent counts area {request.area} as out when it judges an outage of its own area"
    else:
        request = DispatchRequest(
            event_id=_event_that_is_open(arguments.id, config), state=arguments.what, at_utc_ms=at_utc_ms, by=arguments.by,
            until_utc_ms=None if arguments.until is None else _utc_ms(arguments.until, "--until"),
        )
        done = f"event {request.event_id} shows {request.state}"
    try:
        Requests(requests_directory(config.state_dir)).add(request)
    except OSError as exc:
        raise ConfigError([f"{exc.filename}: the request cannot be left: {exc.strerror}"]) from exc
    print(f"{done} within 10 s, or when the agent is started")
    return 0


def _event_that_is_open(event_id: str, config: Config) -> str:
    directory = config.state_dir / "journal"
    if not directory.is_dir():
        raise ConfigError([f"{directory}: no journal yet; has the agent run with this configuration?"])
    states = [event["data"]["state"] for event in journaled_events(directory) if event["data"].get("event_id") == event_id]
    if not states:
        raise ConfigError([f"event {event_id}: not in the journal; 'hplc-edge events --active --json' lists those that are on"])
    if states[-1] in _OVER:
        raise ConfigError([f"event {event_id} is {states[-1]}: no crew is needed"])
    return event_id


def _neighbour(area: str, config: Config) -> str:
    if not _AREA_ID.fullmatch(area):
        raise ConfigError([f"area {area!r}: letters, digits, '-' and '_' only, 1 to 32 of them"])
    if area == config.agent.area:
        raise ConfigError([f"area {area} is the agent's own: a neighbour is another one"])
    return area


def _utc_ms(text: str, option: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError([f"{option} {text}: write UTC as 2026-01-31T08:00:00Z"]) from exc
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


COMMAND = Command(name="outage", summary="tell the agent of crews on their way and of neighbouring areas", configure=configure, run=run)
