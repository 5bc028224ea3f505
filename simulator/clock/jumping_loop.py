"""An event loop in virtual time: it jumps to the next timer instead of waiting, so that the agent's tasks run as fast as the machine can.

For tasks that wait for timers only: sockets and pipes are looked at, never waited for.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, begin_s: float) -> None:
        super().__init__()
        self.now_s = begin_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("every task waits for something that will never happen")
        if not ready and timeout:
            self.now_s += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """``time()`` stands still while code runs."""

    def __init__(self, begin_s: float = 0.0) -> None:
        self._jumping = _JumpingSelector(begin_s)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s


def run_jumping(main: Coroutine[Any, Any, T], *, begin_s: float = 0.0) -> T:
    """``asyncio.run`` in virtual time, which begins at ``begin_s``."""
    with asyncio.Runner(loop_factory=lambda: JumpingLoop(begin_s)) as runner:
        return runner.run(main)
