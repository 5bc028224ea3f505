"""What an operator asks of an agent, as files in its state directory: they wait where the agent is stopped, and for a running one.

A file is removed only after the agent has saved what it did: a power cut in between has it done again, which does no harm.
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, overload

log = logging.getLogger("hplc_edge.state")

_ENDING = ".request"
_MOST_BYTES = 1_000_000


def requests_directory(state_dir: Path) -> Path:
    return state_dir / "requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelearnRequest:
    """Forget what was learned of these meters and release what is held of theirs. No ``detectors`` = all of them."""

    meters: tuple[str, ...]
    detectors: tuple[str, ...] = ()


CrewState = Literal["dispatched", "arrived", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRequest:
    """What the back end says about a crew for an event. ``until_utc_ms``: when supply is expected to be back."""

    event_id: str
    state: CrewState
    at_utc_ms: int
    by: str = ""
    until_utc_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourRequest:
    """Another area of the same 10 kV line has lost its supply."""

    area: str
    at_utc_ms: int


Request = RelearnRequest | DispatchRequest | NeighbourRequest
_Kind = TypeVar("_Kind", RelearnRequest, DispatchRequest, NeighbourRequest)


class Requests:
    """A directory of requests. ``Requests(...).add`` is for the command, the rest for the agent."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._waiting: dict[str, Request] = {}
        self._taken: set[str] = set()
        self._unreadable: set[str] = set()

    def prepare(self) -> None:
        """Make the directory, so that it belongs to the agent also where the command runs as another user. Raises OSError."""
        self._directory.mkdir(parents=True, exist_ok=True)

    def add(self, request: Request) -> None:
        """Leave a request; it is seen whole or not at all. Raises OSError."""
        self.prepare()
        path = self._directory / f"{time.time_ns()}-{os.getpid()}"
        path.write_text(json.dumps(_content(request)), encoding="utf-8")
        path.chmod(0o644)       # the agent may be another user
        path.rename(path.with_suffix(_ENDING))

    @overload
    def take(self) -> list[RelearnRequest]: ...
    @overload
    def take(self, kind: type[_Kind]) -> list[_Kind]: ...
    def take(self, kind: type[Any] = RelearnRequest) -> list[Any]:
        """Those of a kind not taken before, in the order in which they came. One that cannot be read is told once and left."""
        self._look()
        names = [name for name, request in self._waiting.items() if isinstance(request, kind)]
        self._taken.update(names)
        return [self._waiting.pop(name) for name in names]

    def finish(self) -> None:
        """Remove what was taken: it has been done and saved."""
        for name in list(self._taken):
            try:
                (self._directory / name).unlink(missing_ok=True)
            except OSError as exc:
                log.warning("request %s was done but cannot be removed: %s", name, exc)
                continue        # it stays taken: not done again in this run
            self._taken.discard(name)

    def _look(self) -> None:
        try:
            names = sorted(entry.name for entry in os.scandir(self._directory) if entry.name.endswith(_ENDING))
        except OSError:
            return
        for name in names:
            if name in self._taken or name in self._waiting or name in self._unreadable:
                continue
            try:
                self._waiting[name] = _read(self._directory / name)
            except (OSError, ValueError) as exc:
                self._unreadable.add(name)
                log.warning("request %s is passed over: %s", name, exc)


def _content(request: Request) -> dict[str, Any]:
    """A request to learn anew has no word for what it is: it was the first kind that there was."""
    word = {DispatchRequest: "dispatch", NeighbourRequest: "neighbour"}.get(type(request))
    return asdict(request) if word is None else {"request": word, **asdict(request)}


def _read(path: Path) -> Request:
    """Raises OSError, or ValueError for what ``add`` did not write."""
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError("too large")
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        raise ValueError("not a request")
    word = content.pop("request", None)
    if word is None and set(content) == {"meters", "detectors"}:
        return RelearnRequest(meters=_words(content["meters"]), detectors=_words(content["detectors"]))
    if word == "dispatch" and set(content) == {"event_id", "state", "at_utc_ms", "by", "until_utc_ms"}:
        texts, times = [content["event_id"], content["by"]], [content["at_utc_ms"], content["until_utc_ms"]]
        if _are(texts, str) and _are(times, int, type(None)) and times[0] is not None and content["state"] in get_args(CrewState):
            return DispatchRequest(**content)
    if word == "neighbour" and set(content) == {"area", "at_utc_ms"} and _are([content["area"]], str) and _are([content["at_utc_ms"]], int):
        return NeighbourRequest(**content)
    raise ValueError("not a request")


def _words(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or not _are(found, str):
        raise ValueError("not a request")
    return tuple(found)


def _are(values: list[Any], *types: type) -> bool:
    return all(isinstance(value, types) and not isinstance(value, bool) for value in values)
