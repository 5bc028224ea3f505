"""Tells what is new from what was told already: reports come again through relays, repeats and forgetful coordinators. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

_LIMIT = 4096          # keys: a network has at most 2000 nodes; a hostile wire cannot fill the memory


@dataclass(slots=True)
class _Last:
    state: Hashable
    heard_s: float


class ReportMemory:
    """``is_new`` is true for another state of a key, or for the same after more than ``repeat_s`` in which it was not reported."""

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._last: OrderedDict[Hashable, _Last] = OrderedDict()

    def __len__(self) -> int:
        return len(self._last)

    def state(self, key: Hashable) -> Hashable:
        """What was last reported of ``key``; None when nothing is remembered."""
        last = self._last.get(key)
        return None if last is None else last.state

    def is_new(self, key: Hashable, state: Hashable, now_s: float) -> bool:
        """Remember that ``state`` was reported at ``now_s``; whether that is to be told."""
        last = self._last.pop(key, None)
        self._last[key] = _Last(state, now_s)
        if len(self._last) > _LIMIT:
            self._last.popitem(last=False)
        return last is None or last.state != state or now_s - last.heard_s > self._repeat_s
