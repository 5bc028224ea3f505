"""What changes in an area, when: each change is a list of edits of the network that hold from ``at_s`` until ``until_s``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge_agent.errors import ConfigError
from simulator.grid.edits import Edit, apply_edits
from simulator.grid.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``fault_class`` is a word of ours for scoring ("branch_outage"); ``place`` names where it is, as an archive would.

    ``mute``: meters that are not heard while it lasts, though nothing is wrong with their supply. ``swap``: meters that hang as new ones
    when it ends, with registers at zero. ``cover``: meters whose cover is open meanwhile. ``relay``: whose relay is; with edits that take
    their load away.
    """

    id: str
    fault_class: str
    place: str
    at_s: float
    until_s: float = float("inf")
    edits: tuple[Edit, ...] = field(default=())
    mute: tuple[str, ...] = ()
    swap: tuple[str, ...] = ()
    cover: tuple[str, ...] = ()
    relay: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """Changes of one area; times in seconds since the scenario began."""

    changes: tuple[Change, ...] = ()

    def active(self, at_s: float) -> tuple[str, ...]:
        """Ids of the changes that hold at a time, in the order in which they are written."""
        return tuple(change.id for change in self.changes if change.at_s <= at_s < change.until_s)

    def network(self, base: Network, active: Iterable[str]) -> Network:
        """``base`` with the edits of these changes."""
        wanted = set(active)
        return apply_edits(base, [edit for change in self.changes if change.id in wanted for edit in change.edits])

    def check(self, base: Network, meters: Collection[str] = ()) -> None:
        """Try every change alone on the network. Raises ConfigError with a line for each that cannot be."""
        problems: list[str] = []
        seen: set[str] = set()
        for change in self.changes:
            if change.id in seen:
                problems.append(f"change {change.id}: twice")
            seen.add(change.id)
            if change.at_s < 0 or not change.until_s > change.at_s:
                span = f"from {change.at_s:g} s until {change.until_s:g} s"
                problems.append(f"change {change.id}: {span}; begin at 0 or later and end after that")
            for name in (*change.mute, *change.swap, *change.cover, *change.relay):
                if name not in meters:
                    problems.append(f"change {change.id}: no meter {name}")
            if change.swap and change.until_s == float("inf"):
                problems.append(f"change {change.id}: a swap ends, say until when")
            try:
                apply_edits(base, change.edits)
            except ConfigError as exc:
                problems += [f"change {change.id}: {problem}" for problem in exc.problems]
        if problems:
            raise ConfigError(problems)


def cut(branch: str, conductors: Sequence[str] = ("A", "B", "C", "N")) -> Edit:
    """The edit that opens conductors of a branch."""
    return {"op": "open", "branch": branch, "conductors": list(conductors)}


_KEYS = {"id", "class", "place", "at", "until", "edits", "mute", "swap", "cover", "relay"}


def read_changes(given: Sequence[Mapping[str, Any]]) -> Timeline:
    """Changes as they lie in TOML. Raises ConfigError with one line for each wrong key or value."""
    changes, problems = [], []
    for number, entry in enumerate(given, 1):
        name = str(entry.get("id", f"number {number}"))
        try:
            if unknown := set(entry) - _KEYS:
                raise ConfigError([f"unknown key {', '.join(sorted(unknown))}; possible are {', '.join(sorted(_KEYS))}"])
            if not any(entry.get(key) for key in ("edits", "mute", "swap", "cover")):
                raise ConfigError(["no edits, mute, swap or cover: nothing would change"])
            changes.append(Change(
                id=name, fault_class=str(entry["class"]), place=str(entry["place"]), at_s=seconds_of(entry["at"]),
                until_s=seconds_of(entry["until"]) if "until" in entry else float("inf"), edits=tuple(entry.get("edits", ())),
                mute=tuple(entry.get("mute", ())), swap=tuple(entry.get("swap", ())), cover=tuple(entry.get("cover", ())),
                relay=tuple(entry.get("relay", ())),
            ))
        except ConfigError as exc:
            problems += [f"change {name}: {problem}" for problem in exc.problems]
        except KeyError as exc:
            problems.append(f"change {name}: {exc.args[0]} is missing")
    if problems:
        raise ConfigError(problems)
    return Timeline(tuple(changes))


def seconds_of(text: object) -> float:
    """``90`` or ``"1:30:00"`` (hours, minutes, seconds) as seconds. Raises ConfigError for anything else."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    parts = str(text).split(":")
    if len(parts) == 3 and all(part.isdigit() for part in parts) and max(int(part) for part in parts[1:]) < 60:
        return float(3600 * int(parts[0]) + 60 * int(parts[1]) + int(parts[2]))
    raise ConfigError([f"time {text!r}: write seconds as a number, or \"hours:minutes:seconds\""])
