"""What changes in an area, when: each change is a list of edits of the network that hold from ``at_s`` until ``until_s``."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge_agent.errors import ConfigError
from simulator.grid.edits import Edit, apply_edits
from simulator.grid.network import Network
from simulator.scenario.given import names_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``fault_class`` is a word of ours for scoring ("branch_outage"); ``place`` names where it is, as an archive would.

    ``mute``: meters that are not heard while it lasts, though nothing is wrong with their supply. ``swap``: meters that hang as new ones
    when it ends, with registers at zero. ``cover``: meters whose cover is open meanwhile. ``relay``: whose relay is; with edits that take
    their load away. ``clock``: whose clock is set right when it begins.
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
    clock: tuple[str, ...] = ()


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
            for name in (*change.mute, *change.swap, *change.cover, *change.relay, *change.clock):
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
        for together in sorted({self.active(change.at_s) for change in self.changes}):
            try:
                if len(together) > 1:
                    self.network(base, together)
            except ConfigError as exc:
                problems += [f"changes {', '.join(together)} together: {problem}" for problem in exc.problems]
        if problems:
            raise ConfigError(problems)

    def check_times(self, *, duration_s: float, step_s: float) -> None:
        """Raises ConfigError for changes that begin when all is over, or fall between two steps so that nobody would see them."""
        problems = []
        for change in self.changes:
            first_s = math.ceil(change.at_s / step_s) * step_s
            if change.at_s >= duration_s:
                problems.append(f"change {change.id}: begins at {change.at_s:g} s, the scenario ends at {duration_s:g} s")
            elif first_s >= change.until_s and (change.edits or change.mute):
                problems.append(f"change {change.id}: over at {change.until_s:g} s, before the next step (step_s = {step_s:g})")
        if problems:
            raise ConfigError(problems)


def cut(branch: str, conductors: Sequence[str] = ("A", "B", "C", "N")) -> Edit:
    """The edit that opens conductors of a branch."""
    return {"op": "open", "branch": branch, "conductors": list(conductors)}


_NAMES = ("mute", "swap", "cover", "relay", "clock")
_KEYS = {"id", "class", "place", "at", "until", "edits", *_NAMES}


def read_changes(given: Sequence[Mapping[str, Any]]) -> Timeline:
    """Changes as they lie in TOML. Raises ConfigError with one line for each wrong key or value."""
    changes, problems = [], []
    for number, entry in enumerate(given, 1):
        name = str(entry.get("id", f"number {number}"))
        try:
            if unknown := set(entry) - _KEYS:
                raise ConfigError([f"unknown key {', '.join(sorted(unknown))}; possible are {', '.join(sorted(_KEYS))}"])
            if not any(entry.get(key) for key in ("edits", "mute", "swap", "cover", "clock")):
                raise ConfigError(["no edits, mute, swap, cover or clock: nothing would change"])
            wrong = [f"{key} = {entry[key]!r}; a text is needed" for key in ("id", "class", "place") if not isinstance(entry[key], str)]
            if not isinstance(entry.get("edits", []), list | tuple):
                wrong.append(f"edits = {entry['edits']!r}; a list of tables is needed")
            names = {key: names_of(entry, key, "", wrong) for key in _NAMES}
            if wrong:
                raise ConfigError(wrong)
            changes.append(Change(
                id=name, fault_class=str(entry["class"]), place=str(entry["place"]), at_s=seconds_of(entry["at"]),
                until_s=seconds_of(entry["until"]) if "until" in entry else float("inf"), edits=tuple(entry.get("edits", ())), **names,
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
    if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts) and max(int(part) for part in parts[1:]) < 60:
        return float(3600 * int(parts[0]) + 60 * int(parts[1]) + int(parts[2]))
    raise ConfigError([f"time {text!r}: write seconds as a number, or \"hours:minutes:seconds\""])
