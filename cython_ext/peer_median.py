"""For each element the median over the other members of its group: what its neighbours saw, without itself.

Kernel because each group is sorted each minute; numpy costs tens of microseconds for each group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("peer_median")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeerGroups:
    """``members``: whose values count in each group; ``users``: who asks for its median (members of it; each in one group at most)."""

    members: npt.NDArray[np.int32]
    member_starts: npt.NDArray[np.int32]
    users: npt.NDArray[np.int32]
    user_starts: npt.NDArray[np.int32]
    n: int

    @classmethod
    def of(cls, n: int, groups: Sequence[tuple[Sequence[int], Sequence[int]]]) -> PeerGroups:
        """``groups``: (members, users) of each, indices below ``n``."""
        for members, users in groups:
            if any(not 0 <= place < n for place in (*members, *users)):
                raise ValueError(f"members and users must be elements 0 to {n - 1}")

        def flat(lists: list[Sequence[int]]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
            starts = np.cumsum([0, *(len(places) for places in lists)]).astype(np.int32)
            return np.array([place for places in lists for place in places], dtype=np.int32), starts

        all_members, member_starts = flat([members for members, _ in groups])
        all_users, user_starts = flat([users for _, users in groups])
        return cls(members=all_members, member_starts=member_starts, users=all_users, user_starts=user_starts, n=n)


def peer_median(
    value: npt.NDArray[np.float64], groups: PeerGroups, work: npt.NDArray[np.float64], out: npt.NDArray[np.float64],
    *, min_peers: int, min_share: float,
) -> int:
    """Fill ``out`` with the median of the others' values; NaN where too few of the group have one, or the element itself has none.

    Args:
        value: shape (n,); what is not finite is none.
        work: shape (n,), overwritten.
        out: shape (n,).
        min_peers: so many others must have a value, and at least ``min_share`` of the group: else the middle of the group is elsewhere.
    Returns:
        How many elements of ``out`` are not NaN.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = groups.n
    if value.shape != (n,) or work.shape != (n,) or out.shape != (n,):
        raise ValueError(f"value, work and out must have {n} elements")
    if any(array.dtype != np.float64 for array in (value, work, out)):
        raise ValueError("value, work and out must be float64 elements")
    if min_peers < 1:
        raise ValueError("min_peers must be at least 1")
    found: int = _kernel.peer_median(
        value, groups.members, groups.member_starts, groups.users, groups.user_starts, work, out, min_peers, min_share
    )
    return found
