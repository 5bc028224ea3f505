"""The simulator's jumping event loop for tests: an hour of bus time takes a second."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from simulator.clock.jumping_loop import run_jumping

T = TypeVar("T")
_BEGIN_S = 1000.0          # not 0: code that takes 0 for "never" must not pass by luck


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` in virtual time."""
    return run_jumping(main, begin_s=_BEGIN_S)
