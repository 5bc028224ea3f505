"""Compiled kernels. Each is three files: NAME.py (checks, docstring), _NAME.pyx (the loop), _NAME_reference.py (plain twin).

The twin defines correct and runs instead of the loop only where ``HPLC_EDGE_PURE=1`` says so: never silently.
"""

import importlib
import os
from types import ModuleType

PURE = os.environ.get("HPLC_EDGE_PURE") == "1"
COMPILED = not PURE


def load(name: str) -> ModuleType:
    """The compiled module ``_name``, or its plain twin where ``HPLC_EDGE_PURE=1``.

    Raises:
        ImportError: the extension is not built and the plain twin was not asked for.
    """
    if PURE:
        return importlib.import_module(f"cython_ext._{name}_reference")
    try:
        return importlib.import_module(f"cython_ext._{name}")
    except ImportError as exc:
        raise ImportError(
            f"kernel {name} is not built ({exc}): run 'make install', or set HPLC_EDGE_PURE=1 to run the slow plain twin"
        ) from exc
