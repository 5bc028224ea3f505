"""The topic tree ``hplc/v1/{area}/{agent}/…``: at most six slashes, ids checked before use."""

from __future__ import annotations

import re
from dataclasses import dataclass

ROOT = "hplc/v1"
EVENT_CLASSES = ("fire", "outage", "restore", "overload", "load", "voltage", "tamper", "anomaly", "comm", "system")
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics of one agent.

    Raises:
        ValueError: an id from outside holds anything but letters, digits, ``-`` and ``_``, so wildcards cannot get in.
    """

    area: str
    agent: str

    def __post_init__(self) -> None:
        _check(self.area)
        _check(self.agent)

    @property
    def prefix(self) -> str:
        return f"{ROOT}/{self.area}/{self.agent}"

    def full(self, suffix: str) -> str:
        return f"{self.prefix}/{suffix}"


STATE, BIRTH, HEALTH, LOSS = "state", "birth", "health", "loss"


def reading_suffix(meter: str) -> str:
    return f"m/{_check(meter)}/reading"


def event_suffix(event_class: str) -> str:
    if event_class not in EVENT_CLASSES:
        raise ValueError(f"event class {event_class!r}: one of {', '.join(EVENT_CLASSES)}")
    return f"event/{event_class}"


def active_suffix(alarm: str) -> str:
    return f"active/{_check(alarm)}"


def _check(name: str) -> str:
    if not _ID.fullmatch(name):
        raise ValueError(f"id {name!r}: letters, digits, '-' and '_' only, 1 to 32 of them")
    return name
