"""What one poll of a meter is and brings, whatever the protocol of its bus."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from edge_agent.acquire.guard import LateReplyGuard, Signature
from edge_agent.acquire.settings import BusCounters
from edge_agent.model import N_COLUMNS, SampleFlag
from firmware_profiles.schema import Profile

_NOTHING_GIVEN = np.full(N_COLUMNS, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusMeter:
    """One meter on the bus. ``index`` is its place in the archive. A Modbus meter has a unit, a DL/T 645 meter an address of 12 digits."""

    index: int
    id: str
    unit: int = 0
    address: str = ""
    profile: Profile
    full_s: float
    presence_s: float | None

    @property
    def key(self) -> int | str:
        """What tells its replies from those of other meters."""
        return self.address or self.unit


class Doubts(NamedTuple):
    """How many values of a block were doubtful; they are left out."""

    not_available: int = 0
    implausible: int = 0


class Outcome(enum.Enum):
    ANSWERED = "answered"
    CUT_OFF = "cut off"            # some blocks came, then the meter stopped answering
    SILENT = "silent"
    NOT_ASKED = "not asked"        # a late reply may still come and there is no other thing to ask


def _nothing() -> npt.NDArray[np.float64]:
    return _NOTHING_GIVEN.copy()


@dataclass(slots=True)
class Poll:
    """What one poll of a meter brought. ``values`` has shape (N_COLUMNS,), SI units, NaN = not given."""

    outcome: Outcome = Outcome.SILENT
    values: npt.NDArray[np.float64] = field(default_factory=_nothing)
    flags: SampleFlag = SampleFlag.NONE
    taken_utc_ms: int = 0
    turnaround_s: float = 0.0
    blocks: int = 0
    not_available: int = 0
    implausible: int = 0

    def take(self, block: Block, data: bytes, *, utc_ms: int, turnaround_s: float = 0.0) -> None:
        """Put the values of an answered block in; the first one dates the poll."""
        if not self.blocks:
            self.taken_utc_ms, self.turnaround_s = utc_ms, turnaround_s
        self.blocks += 1
        doubts = block.decode(data, self.values)
        if doubts.not_available:
            self.not_available += doubts.not_available
            self.flags |= SampleFlag.NOT_AVAILABLE
        if doubts.implausible:
            self.implausible += doubts.implausible
            self.flags |= SampleFlag.IMPLAUSIBLE


class Result(enum.Enum):
    ANSWERED = "answered"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``data`` are the bytes of the values where answered; ``turnaround_s`` is from the request's last byte to the reply's first.

    Where refused: ``reason`` in words, and whether it will be refused again (``is_final``) or the meter was only busy.
    """

    result: Result
    data: bytes = b""
    exception: int = 0
    reason: str = ""
    is_final: bool = False
    turnaround_s: float = 0.0


class Named(Protocol):
    @property
    def key(self) -> str: ...


class Block(Protocol):
    """One request and what its answer means."""

    @property
    def points(self) -> Sequence[Named]: ...

    @property
    def size(self) -> int:
        """How long the reply is, in any unit: replies of one size take about the same time."""
        ...

    @property
    def signature(self) -> Signature:
        """All by which a reply of one meter can be told from another."""
        ...

    def decode(self, data: bytes, values: npt.NDArray[np.float64]) -> Doubts:
        """Put the values of an answer into ``values``, shape (N_COLUMNS,), SI units; doubtful ones leave it as it is."""
        ...

    def split(self) -> Sequence[Any]:
        """The blocks to read where this one is refused; nothing for a single point."""
        ...

    def request_to(self, meter: BusMeter) -> Any: ...


class Transactor(Protocol):
    """One request and its answer on an open link, one at a time."""

    guard: LateReplyGuard
    counters: BusCounters

    def reopened(self) -> None:
        """The link was opened anew: what was held belongs to the old one."""
        ...

    def take_late(self) -> None:
        """Look at what has come unasked and tell the guard; call it before deciding what may be asked."""
        ...

    async def ask(self, request: Any, timeout_s: float, *, silence_s: float = 0.0) -> Answer:
        """Send ``request`` and wait for its answer. Raises LinkError when the link is gone."""
        ...


AnyBlock = TypeVar("AnyBlock", bound=Block)


@dataclass(frozen=True, slots=True, eq=False)
class ReadPlan(Generic[AnyBlock]):
    """What to ask of a meter: everything, the short presence read, and short reads of other forms to get in step again.

    ``skips_silent``: meters of this protocol may answer an identifier that they do not have with silence.
    """

    full: tuple[AnyBlock, ...]
    presence: tuple[AnyBlock, ...]
    resync: tuple[AnyBlock, ...]
    skips_silent: bool = False
