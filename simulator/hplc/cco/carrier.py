"""What a CCO needs of the power line. One adapter puts the simulated network behind it; tests put a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A node of the CCO's own table, the CCO itself (TEI 1, level 0, role 4) included.

    ``proxy_tei`` 0 without a parent; ``role`` 1 STA, 2 PCO, 4 CCO; ``phase`` 1 to 3 as the CCO identified it, 0 before it has and for
    a three-phase meter (``is_three_phase``, as its module said when it joined).
    """

    address: str
    tei: int
    proxy_tei: int
    level: int
    role: int
    phase: int = 0
    is_three_phase: bool = False
    is_online: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An application message from a station: its module's address and TEI, times in virtual seconds."""

    at_s: float
    sent_s: float
    address: str
    tei: int
    payload: bytes
    is_broadcast: bool = False


class CarrierNetwork(Protocol):
    """All of it is what the network delivered to the CCO or what the CCO decided: never what is true of a station."""

    @property
    def now_s(self) -> float: ...

    def run_until(self, time_s: float) -> None:
        """Let the network live up to ``time_s``."""

    def take_arrived(self) -> list[Arrived]:
        """What has arrived since the last call, oldest first."""

    def take_refused(self) -> list[str]:
        """Addresses that wanted to join and were not let in, since the last call."""

    def send(self, address: str, payload: bytes) -> bool:
        """Send to the station of ``address``; False when it is no member. What is lost on the way shows as silence only."""

    def broadcast(self, payload: bytes) -> None:
        """To every station of the network, on by every proxy, unacknowledged."""

    def members(self) -> Sequence[Member]:
        """The CCO first, then its stations by TEI."""

    def member(self, address: str) -> Member | None: ...

    def address_of(self, tei: int) -> str | None:
        """Whom the CCO gave this TEI, also when it has left since; None when nobody ever had it."""

    @property
    def nid(self) -> int: ...

    def neighbour_nids(self) -> Sequence[int]: ...

    def allow(self, addresses: frozenset[str] | None) -> None:
        """Who may join: these, or with None everybody. With an empty set the network is closed: nobody is even asked."""

    def identify_phases(self) -> None:
        """Ask all members for their zero crossings."""

    def restart(self) -> None:
        """The CCO lost its tables; its stations have to join again."""

    @property
    def band(self) -> int: ...
