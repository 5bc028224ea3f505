"""BLAS on one thread while a network is solved.

The matrices are small: with two threads the time goes into waiting for the other one, 3 to 20 times of it on a busy machine (measured on
an area of 1000 meters). Areas run side by side in processes of their own instead.
"""

from __future__ import annotations

import scipy.linalg  # noqa: F401  its BLAS must be loaded to be found
from threadpoolctl import ThreadpoolController

one_thread = ThreadpoolController().wrap(limits=1, user_api="blas")
