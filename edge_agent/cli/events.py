"""``hplc-edge events``: what the agent of this machine has detected, from its journal; also while it runs, also without a broker."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge_agent.cli.command import Command
from edge_agent.config import load_config
from edge_agent.contract import RecordKind, split_record
from edge_agent.errors import ConfigError
from edge_agent.journal import read_only

_STREAMS = "ae"
_FOLLOW_EVERY_S = 0.5


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, required=True, metavar="FILE", help="configuration of the agent")
    parser.add_argument("--active", action="store_true", help="only events that are on: the last revision of each")
    parser.add_argument("--last", type=int, metavar="N", help="only the last N revisions")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with new ones until interrupted")
    parser.add_argument("--json", action="store_true", help="one message as JSON on each line")


def run(arguments: argparse.Namespace) -> int:
    directory = load_config(arguments.config).state_dir / "journal"
    if not directory.is_dir():
        raise ConfigError([f"{directory}: no journal yet; has the agent run with this configuration?"])
    events = list(journaled_events(directory))
    seen = len(events)
    if arguments.active:
        newest = {event["data"]["event_id"]: event for event in events}
        events = [event for event in newest.values() if "end" not in event["data"]]
    for event in events[-arguments.last :] if arguments.last else events:
        _show(event, as_json=arguments.json)
    while arguments.follow:
        time.sleep(_FOLLOW_EVERY_S)
        for event in list(journaled_events(directory))[seen:]:
            seen += 1
            _show(event, as_json=arguments.json)
    return 0


def journaled_events(directory: Path) -> Iterator[dict[str, Any]]:
    """Event messages of the journal, in order of time."""
    found = []
    for stream in _STREAMS:
        for record in read_only(directory, stream):
            if record.kind == RecordKind.EVENT:
                _, utc_ms, message = split_record(record.payload)
                found.append((utc_ms, json.loads(message)))
    yield from (message for _, message in sorted(found, key=lambda entry: entry[0]))


def _show(event: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(event, separators=(",", ":")), flush=True)
        return
    data = event["data"]
    observed = (
        f"  {data['observed']:g} {data.get('unit', '')} (limit {data['threshold']:g})" if "observed" in data and "threshold" in data else ""
    )
    meters = data["meters_affected"] or data["original_meters_affected"]
    print(
        f"{event['ts']}  {event['sev']!s:<7} {event['type']!s:<18} {data['scope']} {data['node_id']}"
        f"{' phase ' + str(data['phases']) if data.get('phases') else ''}{observed}  "
        f"[{data['state']}, revision {data['revision']}, {meters} meters, confidence {data['confidence']:.0%}]",
        flush=True,
    )


COMMAND = Command(name="events", summary="what was detected, from the journal", configure=configure, run=run)
