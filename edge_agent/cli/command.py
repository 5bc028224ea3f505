"""What a module under a ``cli`` package exposes as ``COMMAND``; the dispatcher finds it by entry point."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``run`` returns the exit code: 0 done, 1 a check failed, 2 wrong use or configuration, 3 the outside failed."""

    name: str
    summary: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
