"""``hplc-edge indices``: what the outages of a period cost the customers, from the agent's journal or from event messages in a file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from edge_agent.cli.command import Command
from edge_agent.cli.events import journaled_events
from edge_agent.config import load_config
from edge_agent.contract.envelope import utc_ms_of
from edge_agent.errors import ConfigError
from edge_agent.model import Archive, Role
from edge_agent.outage.customer_hours import CustomerHours, customer_hours_by
from edge_agent.outage.event_log import OUTAGE_KINDS, area_of, interruptions_of
from edge_agent.outage.indices import IndexSettings, Indices, Interruption, indices_of
from edge_agent.outage.repeat import Repeats, RepeatSettings, repeats_of

_MOST_SHOWN = 20
_UNITS = {"saifi": "per customer", "saidi_h": "h", "caidi_h": "h", "caifi": "per customer interrupted", "asai": "share",
          "maifi": "per customer", "maifi_e": "per customer", "customer_hours": "h", "celid_s": "share", "celid_t": "share"}


def configure(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("-c", "--config", type=Path, metavar="FILE", help="configuration of the agent: its journal, its customers")
    source.add_argument("--events", type=Path, metavar="FILE", help="event messages, one as JSON a line (sim run --out, events --json)")
    parser.add_argument("--customers", type=int, metavar="N", help="customers served, of all areas; needed with --events")
    parser.add_argument("--areas", type=int, metavar="N", help="with --events: transformers served [those that are named]")
    parser.add_argument("--from", dest="begin", required=True, metavar="UTC", help="begin of the period: 2026-01-01, or with a time of day")
    parser.add_argument("--to", dest="end", required=True, metavar="UTC", help="end of the period")
    parser.add_argument("--momentary-s", type=float, default=300.0, help="what is not longer is momentary [300]; others count 180")
    parser.add_argument("--repeat-days", type=float, default=60.0, metavar="DAYS", help="who lost supply often in the last days [60]")
    parser.add_argument("--repeat-at", type=int, default=3, metavar="N", help="from so many interruptions on [3]")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    begin_ms, end_ms = _time(arguments.begin, "--from"), _time(arguments.end, "--to")
    members: dict[str, list[str]] = {}
    if arguments.config is not None:
        config = load_config(arguments.config)
        messages = list(journaled_events(config.state_dir / "journal"))
        customers = arguments.customers or sum(meter.role is Role.CUSTOMER for meter in config.archive.meters)
        members = _customers_by_node(config.archive)
    else:
        messages, customers = list(_of_file(arguments.events)), arguments.customers
    if end_ms <= begin_ms:
        raise ConfigError([f"--to {arguments.end}: must be after --from {arguments.begin}"])
    if not customers or customers < 1:
        raise ConfigError(["--customers: how many are served? A number above 0 is needed with --events"])
    found = interruptions_of(messages, utc_ms_of, until_ms=end_ms, by_area=arguments.config is None)
    named = len({area_of(message) for message in messages if message["data"].get("kind") in OUTAGE_KINDS})
    areas = (arguments.areas or max(1, named)) if arguments.config is None else 1
    if areas < named and arguments.config is None:
        raise ConfigError([f"--areas {areas}: the events name {named} areas"])
    settings, period_s = IndexSettings(momentary_max_s=arguments.momentary_s), (end_ms - begin_ms) / 1000.0

    def inside(listed: list[Interruption]) -> list[Interruption]:
        return [one for one in listed if begin_ms <= 1000.0 * one.begin_s < end_ms]

    try:
        counted = {
            name: indices_of(inside(listed), customers=served, period_s=period_s, settings=settings)
            for name, listed, served in (("low_voltage", found.customers, customers), ("medium_voltage", found.areas, areas))
        }
        by_cause = {
            cause: indices_of(
                [one for one in inside(found.customers) if one.cause == cause], customers=customers, period_s=period_s, settings=settings
            )
            for cause in sorted({one.cause for one in inside(found.customers)})
        }
        hours = {
            name: customer_hours_by(key, inside(found.customers), momentary_max_s=arguments.momentary_s)
            for name, key in (("by_area", attrgetter("area")), ("by_event", attrgetter("event_id")))
        }
        repeat_settings = RepeatSettings(
            alert_days=arguments.repeat_days, alert_at=arguments.repeat_at, momentary_max_s=arguments.momentary_s
        )
        repeats = repeats_of(found.customers, until_s=end_ms / 1000.0, members=members, settings=repeat_settings)
    except ValueError as exc:
        raise ConfigError([f"indices: {exc}"]) from exc
    alerts = [one for one in repeats if one.is_alert]
    if arguments.json:
        print(json.dumps({
            **{name: asdict(indices) for name, indices in counted.items()},
            "by_cause": {cause: asdict(indices) for cause, indices in by_cause.items()},
            **{name: {key: asdict(one) for key, one in groups.items()} for name, groups in hours.items()},
            "repeats": [asdict(one) for one in alerts],
        }))
        return 0
    for name, indices in counted.items():
        _show(name, indices)
    _show_causes(by_cause)
    for name, groups in hours.items():
        _show_hours(name, groups)
    _show_repeats(alerts, repeat_settings)
    return 0


def _customers_by_node(archive: Archive) -> dict[str, list[str]]:
    return {
        node: [meter.id for meter in map(archive.meters.__getitem__, archive.members(node)) if meter.role is Role.CUSTOMER]
        for node in archive.nodes
    }


def _show(name: str, indices: Indices) -> None:
    print(f"{name.replace('_', '-')} counting: {indices.customers} customers, {indices.period_h:g} h")
    for field, unit in _UNITS.items():
        value = getattr(indices, field)
        print(f"  {field.upper():<15} {'-' if value is None else format(value, '.8g'):>14} {unit}")
    for field in ("cemi", "cemsmi"):
        for n, share in getattr(indices, field).items():
            print(f"  {field.upper() + str(n):<15} {share:>14.8g} share")


def _show_causes(by_cause: dict[str, Indices]) -> None:
    if by_cause:
        print("by cause (low-voltage counting):")
    for cause, indices in by_cause.items():
        print(f"  {cause:<10} SAIFI {indices.saifi:.6g}  SAIDI {indices.saidi_h:.6g} h  MAIFI {indices.maifi:.6g}"
              f"  customer-hours {indices.customer_hours:.6g}")


def _show_hours(name: str, groups: dict[str, CustomerHours]) -> None:
    """The worst; all of them are in --json."""
    if groups:
        print(f"{name.replace('_', ' ')}, most customer-hours first:")
    for key, one in sorted(groups.items(), key=lambda group: -group[1].hours)[:_MOST_SHOWN]:
        print(f"  {key or 'the area':<38} {one.customers:>6} customers {one.hours:>12.6g} customer-hours")
    if len(groups) > _MOST_SHOWN:
        print(f"  and {len(groups) - _MOST_SHOWN} more: --json")


def _show_repeats(alerts: list[Repeats], settings: RepeatSettings) -> None:
    print(f"{settings.alert_at} or more interruptions in the last {settings.alert_days:g} days: {len(alerts) or 'nobody'}")
    for one in alerts:
        print(
            f"  {'place ' if one.is_node else 'meter '}{one.name:<32} {one.recent_sustained} sustained, {one.recent_momentary} momentary;"
            f" in a year {one.year_sustained} and {one.year_momentary}"
        )


def _of_file(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError([f"{path}: cannot be read: {getattr(exc, 'strerror', None) or exc}"]) from exc
    for number, line in enumerate(lines, 1):
        try:
            message = json.loads(line)
            body = message["data"]
            if body.get("kind") in OUTAGE_KINDS:
                _check_outage(message, body)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            expected = "expected the lines of 'hplc-edge events --json'"
            raise ConfigError([f"{path}: line {number} is no event message: {exc!r}; {expected}"]) from exc
        yield message


def _check_outage(message: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Raises KeyError, TypeError or ValueError where it lacks what the indices need."""
    if missing := {"event_id", "begin", "scope", "evidence_to"} - set(body):
        raise KeyError(", ".join(sorted(missing)))
    for name in ("begin", "evidence_to", *({"end", "reopened_at"} & {name for name in body if body[name]})):
        utc_ms_of(body[name])
    lists = [body.get("meters", []), body.get("node_path", [])]
    if not all(isinstance(one, list) and all(isinstance(item, str) for item in one) for one in lists):
        raise TypeError("meters and node_path must be lists of names")
    if not all(isinstance(name, str) for name in (message.get("agent", ""), body["event_id"], body.get("parent_id", ""))):
        raise TypeError("agent, event_id and parent_id must be text")


def _time(text: str, option: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError([f"{option} {text}: write UTC as 2026-01-01 or 2026-01-01T00:00:00Z"]) from exc
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


COMMAND = Command(name="indices", summary="SAIFI, SAIDI and others of a period, from the event log", configure=configure, run=run)
