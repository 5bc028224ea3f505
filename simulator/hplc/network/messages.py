"""Management messages and the MSDU that carries them, as far as they matter. Types: Q/GDW 12087.42-2020."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

HEAD_BYTES = 16 + 4         # MAC head without addresses, CRC-32
LONGEST_MSDU_BYTES = 2044


class SendType(IntEnum):
    UNICAST = 0
    NETWORK_BROADCAST = 1
    LOCAL_BROADCAST = 2


class DeviceKind(IntEnum):
    """What a station says it is when it joins."""

    CCO = 2
    METER_UNIT = 3
    THREE_PHASE_METER_UNIT = 7


class Result(IntEnum):
    """Of an association or a change of proxy."""

    OK = 0x0
    NOT_IN_WHITE_LIST = 0x1
    BLACK_LIST = 0x2
    TOO_MANY_STATIONS = 0x3
    TOO_MANY_PROXIES = 0x5
    TOO_MANY_CHILDREN = 0x6
    DUPLICATE_MAC = 0x8
    TOO_DEEP = 0x9
    AGAIN_OK = 0xA
    CHILD_AS_PROXY = 0xB
    LOOP = 0xC
    COORDINATOR_ERROR = 0xD

    @property
    def is_ok(self) -> bool:
        return self in (Result.OK, Result.AGAIN_OK)


class LeaveReason(IntEnum):
    """0 to 2 are those of the leave indication; the others a station finds by itself."""

    AT_ONCE = 0
    LEVEL = 1
    NOT_IN_WHITE_LIST = 2
    NO_BEACON = 3
    DEAD_PROXY = 4
    NETWORK_RESTARTED = 5
    PROXY_NO_LONGER_PCO = 6
    POWER = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationRequest:
    """00H. ``proxy``: node through which the station wants to join."""

    mac: int
    proxy: int
    device: DeviceKind
    length_bytes: int = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What the CCO decided about one station."""

    mac: int
    result: Result
    tei: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherIndication:
    """02H: results of several stations behind one proxy (a single one: association confirm, 01H)."""

    network: int
    sequence: int
    proxy: int
    admissions: tuple[Admission, ...]

    @property
    def length_bytes(self) -> int:
        return 16 + 10 * len(self.admissions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyChangeRequest:
    """03H."""

    proxy: int
    length_bytes: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyChangeConfirm:
    """04H."""

    proxy: int
    result: Result
    level: int
    length_bytes: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveIndication:
    """06H."""

    reason: LeaveReason
    length_bytes: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """07H: bitmap of the stations that a proxy, or one behind it, heard since its last one. Shape (n,), by node."""

    heard: npt.NDArray[np.bool_]
    length_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryList:
    """08H: whom a station hears, and how often; a frame that everyone counts."""

    length_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateReport:
    """09H: success rates of a proxy's children, both directions. Shapes (children,)."""

    children: tuple[int, ...]
    down: tuple[float, ...]
    up: tuple[float, ...]

    @property
    def length_bytes(self) -> int:
        return 8 + 4 * len(self.children)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictReport:
    """0AH: a station heard a beacon with its network's NID from another CCO."""

    other_mac: int
    length_bytes: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroCrossCollect:
    """0BH."""

    samples: int
    length_bytes: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroCrossReport:
    """0CH: zero crossings as 12-bit differences in units of 256 NTB ticks (10.24 us) after ``base_units``."""

    base_units: int
    differences: tuple[int, ...]

    @property
    def length_bytes(self) -> int:
        return 12 + 2 * len(self.differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Msdu:
    """One message from its first sender to its last receiver. ``source``, ``destination``: nodes; TEIs as they were when it was sent.

    ``body``: a management message, or what an application sends (any object; ``length_bytes`` says how long it is on air).
    """

    source: int
    destination: int
    source_tei: int
    send_type: SendType
    link_id: int
    sequence: int
    length_bytes: int
    body: object
    is_application: bool
    created_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """An MSDU on its way: nodes still to pass on the way down (empty on the way up), hops done."""

    msdu: Msdu
    path: tuple[int, ...]
    hops: int
