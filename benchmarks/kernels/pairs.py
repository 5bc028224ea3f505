"""A kernel and the same loop in C; modules of this folder bring them: ``kernel_NAME.py`` beside ``kernel_NAME.c``, found by scanning.

Such a module has ``make(n, loops) -> Pair`` with arrays of ``n`` elements; it may have ``peers(runs) -> list[Row]``: the kernel beside what
a user would pick instead, in alternating runs.
"""

from __future__ import annotations

import ctypes
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Protocol

HERE = Path(__file__).parent


class Pair(Protocol):
    """``fresh`` brings new values; ``kernel`` and ``loop`` then do the same work on state of their own or shared."""

    def fresh(self) -> None: ...

    def kernel(self) -> object: ...

    def loop(self) -> object: ...


def find_modules() -> dict[str, ModuleType]:
    """Name without ``kernel_`` -> module."""
    names = [info.name for info in pkgutil.iter_modules([str(HERE)]) if info.name.startswith("kernel_")]
    return {name.removeprefix("kernel_"): importlib.import_module(f"benchmarks.kernels.{name}") for name in names}


def compiled(source: Path, directory: Path) -> ctypes.CDLL:
    """The C file as a library, optimised as the kernels are."""
    library = directory / f"{source.stem}.so"
    command = ["cc", "-O3", "-ffp-contract=off", "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{source}: does not compile:\n{done.stderr}")
    return ctypes.CDLL(str(library))


def pointer(array: object) -> ctypes.c_void_p:
    """Of the first element of a contiguous numpy array."""
    return ctypes.c_void_p(array.ctypes.data)  # type: ignore[attr-defined]
