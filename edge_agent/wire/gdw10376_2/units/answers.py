"""00H: confirm and deny, in both directions. Source: Q/GDW 10376.2-2024 section 6.5.1, tables 9 and 10."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.codes import Code, DenyReason
from edge_agent.wire.gdw10376_2.reader import Reader, number

_REASONS = frozenset(DenyReason)
_STATUS_BYTES, _OLD_STATUS_BYTES, _WAIT_BYTES = 4, 2, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The command was taken; ``wait_s`` until it is carried out.

    Status bit 0: done; bits 1-31: channel is idle. Modules before the 2019 text send a status of 2 bytes: ``is_old_form`` remembers it.
    """

    code: ClassVar[Code] = Code(0x00, 1)
    status: int = 0xFFFF_FFFF
    wait_s: int = 0
    is_old_form: bool = False

    @property
    def is_done(self) -> bool:
        return bool(self.status & 1)

    def is_channel_idle(self, channel: int) -> bool:
        """``channel`` 1..31; 1..15 in the old form."""
        return bool(self.status >> channel & 1)

    def to_bytes(self) -> bytes:
        size = _OLD_STATUS_BYTES if self.is_old_form else _STATUS_BYTES
        return number(self.status & (1 << 8 * size) - 1, size) + number(self.wait_s, _WAIT_BYTES)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        is_old_form = len(data) == _OLD_STATUS_BYTES + _WAIT_BYTES
        status = reader.number(_OLD_STATUS_BYTES if is_old_form else _STATUS_BYTES)
        return reader.finished(cls(status=status, wait_s=reader.number(_WAIT_BYTES), is_old_form=is_old_form))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """The command was refused. ``error`` is the code on the wire, of the table or not."""

    code: ClassVar[Code] = Code(0x00, 2)
    error: int

    @property
    def reason(self) -> DenyReason | None:
        """None for a code that the table reserves."""
        return DenyReason(self.error) if self.error in _REASONS else None

    @property
    def reason_text(self) -> str:
        return self.reason.name.lower().replace("_", " ") if self.reason is not None else f"reserved reason {self.error}"

    def to_bytes(self) -> bytes:
        return number(self.error, 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(error=reader.number(1)))
