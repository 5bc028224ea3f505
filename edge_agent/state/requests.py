"""What an operator asks of an agent, as files in its state directory: they wait where the agent is stopped, and for a running one.

A file is removed only after the agent has saved what it did: a power cut in between has it done again, which does no harm.
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

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


class Requests:
    """A directory of requests. ``Requests(...).add`` is for the command, the rest for the agent."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._taken: set[str] = set()

    def prepare(self) -> None:
        """Make the directory, so that it belongs to the agent also where the command runs as another user. Raises OSError."""
        self._directory.mkdir(parents=True, exist_ok=True)

    def add(self, request: RelearnRequest) -> None:
        """Leave a request; it is seen whole or not at all. Raises OSError."""
        self.prepare()
        path = self._directory / f"{time.time_ns()}-{os.getpid()}"
        path.write_text(json.dumps({"meters": request.meters, "detectors": request.detectors}), encoding="utf-8")
        path.chmod(0o644)       # the agent may be another user
        path.rename(path.with_suffix(_ENDING))

    def take(self) -> list[RelearnRequest]:
        """Those not taken before, in the order in which they came. One that cannot be read is told once and left."""
        try:
            names = sorted(entry.name for entry in os.scandir(self._directory) if entry.name.endswith(_ENDING))
        except OSError:
            return []
        found = []
        for name in names:
            if name in self._taken:
                continue
            self._taken.add(name)
            try:
                found.append(_read(self._directory / name))
            except (OSError, ValueError) as exc:
                log.warning("request %s is passed over: %s", name, exc)
        return found

    def finish(self) -> None:
        """Remove what was taken: it has been done and saved."""
        for name in list(self._taken):
            try:
                (self._directory / name).unlink(missing_ok=True)
            except OSError as exc:
                log.warning("request %s was done but cannot be removed: %s", name, exc)
                continue        # it stays taken: not done again in this run
            self._taken.discard(name)


def _read(path: Path) -> RelearnRequest:
    """Raises OSError, or ValueError for what ``add`` did not write."""
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError("too large")
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict) or set(content) != {"meters", "detectors"}:
        raise ValueError("not a request")
    for words in content.values():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError("not a request")
    return RelearnRequest(meters=tuple(content["meters"]), detectors=tuple(content["detectors"]))
