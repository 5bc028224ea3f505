"""``hplc-edge indices``: what the outages of a period cost the customers, from the agent's journal or from event messages in a file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_agent.cli.command import Command
from edge_agent.cli.events import journaled_events
from edge_agent.config import load_config
from edge_agent.contract.envelope import utc_ms_of
from edge_agent.errors import ConfigError
from edge_agent.model import Role
from edge_agent.outage import IndexSettings, Indices, indices_of, interruptions_of

_UNITS = {"saifi": "per customer", "saidi_h": "h", "caidi_h": "h", "caifi": "per customer interrupted", "asai": "share",
          "maifi": "per customer", "maifi_e": "per customer", "customer_hours": "h", "celid_s": "share", "celid_t": "share"}


def configure(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("-c", "--config", type=Path, metavar="FILE", help="configuration of the agent: its journal, its customers")
    source.add_argument("--events", type=Path, metavar="FILE", help="event messages, one as JSON a line (sim run --out, events --json)")
    parser.add_argument("--customers", type=int, metavar="N", help="customers served; needed with --events")
    parser.add_argument("--from", dest="begin", required=True, metavar="UTC", help="begin of the period: 2026-01-01, or with a time of day")
    parser.add_argument("--to", dest="end", required=True, metavar="UTC", help="end of the period")
    parser.add_argument("--momentary-s", type=float, default=300.0, help="what is not longer is momentary [300]; others count 180")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    begin_ms, end_ms = _time(arguments.begin, "--from"), _time(arguments.end, "--to")
    if arguments.config is not None:
        config = load_config(arguments.config)
        messages = list(journaled_events(config.state_dir / "journal"))
        customers = arguments.customers or sum(meter.role is Role.CUSTOMER for meter in config.archive.meters)
    else:
        messages, customers = list(_of_file(arguments.events)), arguments.customers
    if end_ms <= begin_ms:
        raise ConfigError([f"--to {arguments.end}: must be after --from {arguments.begin}"])
    if not customers or customers < 1:
        raise ConfigError(["--customers: how many are served? A number above 0 is needed with --events"])
    found = interruptions_of(messages, utc_ms_of, until_ms=end_ms)
    settings = IndexSettings(momentary_max_s=arguments.momentary_s)
    counted = {}
    try:
        for name, listed, served in (("low_voltage", found.customers, customers), ("medium_voltage", found.areas, 1)):
            inside = [one for one in listed if begin_ms <= 1000.0 * one.begin_s < end_ms]
            counted[name] = indices_of(inside, customers=served, period_s=(end_ms - begin_ms) / 1000.0, settings=settings)
    except ValueError as exc:
        raise ConfigError([f"indices: {exc}"]) from exc
    if arguments.json:
        print(json.dumps({name: asdict(indices) for name, indices in counted.items()}))
    else:
        for name, indices in counted.items():
            _show(name, indices)
    return 0


def _show(name: str, indices: Indices) -> None:
    print(f"{name.replace('_', '-')} counting: {indices.customers} customers, {indices.period_h:g} h")
    for field, unit in _UNITS.items():
        value = getattr(indices, field)
        print(f"  {field.upper():<15} {'-' if value is None else format(value, '.8g'):>14} {unit}")
    for field in ("cemi", "cemsmi"):
        for n, share in getattr(indices, field).items():
            print(f"  {field.upper() + str(n):<15} {share:>14.8g} share")


def _of_file(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError([f"{path}: cannot be read: {getattr(exc, 'strerror', None) or exc}"]) from exc
    for number, line in enumerate(lines, 1):
        try:
            message = json.loads(line)
            body = message["data"]
            needed = {"event_id", "begin", "scope", "evidence_to"} if body.get("kind") == "supply.lost" else set()
            if missing := needed - set(body):
                raise KeyError(", ".join(sorted(missing)))
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            expected = "expected the lines of 'hplc-edge events --json'"
            raise ConfigError([f"{path}: line {number} is no event message: {exc!r}; {expected}"]) from exc
        yield message


def _time(text: str, option: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError([f"{option} {text}: write UTC as 2026-01-01 or 2026-01-01T00:00:00Z"]) from exc
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


COMMAND = Command(name="indices", summary="SAIFI, SAIDI and others of a period, from the event log", configure=configure, run=run)
