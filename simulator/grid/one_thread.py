"""BLAS on one thread while a network is solved or its links are worked out.

The matrices are small: with two threads the time goes into waiting for the other one, 3 to 20 times of it on a busy machine (measured on
an area of 1000 meters). Areas run side by side in processes of their own instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import scipy.linalg  # noqa: F401  its BLAS must be loaded to be found
from threadpoolctl import ThreadpoolController

_Function = TypeVar("_Function", bound=Callable[..., Any])
_wrap = ThreadpoolController().wrap(limits=1, user_api="blas")


def one_thread(function: _Function) -> _Function:
    """``function`` with BLAS on one thread while it runs."""
    wrapped: _Function = _wrap(function)
    return wrapped
