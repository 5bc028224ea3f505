"""03H: who the module is and what it can do. Source: Q/GDW 10376.2-2024 section 6.5.4, tables 18-20 and 29-32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, block, digits, digits_bytes, number, text, text_bytes

_BITMAP_BYTES = 32
_ID_BYTES = 50  # table 32 c)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorInfo:
    """F1: ``vendor`` and ``chip`` two letters each, ``date`` as YYMMDD, ``version`` four digits.

    Text and digits are as found: blank modules send zeros, so a date is not forced into the calendar.
    """

    code: ClassVar[Code] = Code(0x03, 1)
    vendor: str
    chip: str
    date: str
    version: str

    def to_bytes(self) -> bytes:
        return text_bytes(self.vendor, 2) + text_bytes(self.chip, 2) + digits_bytes(self.date, 3) + digits_bytes(self.version, 2)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            vendor=text(reader.take(2)), chip=text(reader.take(2)), date=digits(reader.take(3)), version=digits(reader.take(2))
        )

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls.read(reader))


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastDelayQuery:
    """F9 down: how long would this broadcast take?"""

    code: ClassVar[Code] = Code(0x03, 9)
    protocol: int
    payload: bytes

    def to_bytes(self) -> bytes:
        return number(self.protocol, 1) + block(self.payload)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(protocol=reader.number(1), payload=reader.block()))


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastDelay:
    """F9 up: this long, in the network as it is now."""

    code: ClassVar[Code] = Code(0x03, 9)
    delay_s: int
    protocol: int
    payload: bytes

    def to_bytes(self) -> bytes:
        return number(self.delay_s, 2) + number(self.protocol, 1) + block(self.payload)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(delay_s=reader.number(2), protocol=reader.number(1), payload=reader.block()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionsQuery:
    """F11 down: which Fn of ``asked_afn`` does the module know?"""

    code: ClassVar[Code] = Code(0x03, 11)
    asked_afn: int

    def to_bytes(self) -> bytes:
        return number(self.asked_afn, 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(asked_afn=reader.number(1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    """F11 up: the Fn of ``asked_afn`` that the module knows, rising."""

    code: ClassVar[Code] = Code(0x03, 11)
    asked_afn: int
    functions: tuple[int, ...]

    def to_bytes(self) -> bytes:
        return number(self.asked_afn, 1) + number(sum(1 << fn - 1 for fn in set(self.functions)), _BITMAP_BYTES)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        asked_afn, bitmap = reader.number(1), reader.number(_BITMAP_BYTES)
        known = tuple(fn for fn in range(1, 8 * _BITMAP_BYTES) if bitmap >> fn - 1 & 1)  # D255 is reserved
        return reader.finished(cls(asked_afn=asked_afn, functions=known))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleId:
    """F12 up: ``id_format`` 0 composed, 1 BCD, 2 binary, 3 ASCII. Binary 00: not supported; binary FF: not known yet."""

    code: ClassVar[Code] = Code(0x03, 12)
    vendor: str
    id_format: int
    module_id: bytes

    def to_bytes(self) -> bytes:
        if len(self.module_id) > _ID_BYTES:
            raise ValueError(f"module id of {len(self.module_id)} bytes is longer than {_ID_BYTES}")
        return text_bytes(self.vendor, 2) + number(len(self.module_id), 1) + number(self.id_format, 1) + self.module_id

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        vendor, length, id_format = text(reader.take(2)), reader.number(1), reader.number(1)
        if length > _ID_BYTES:
            raise reader.wrong(f"module id of {length} bytes is longer than {_ID_BYTES}")
        return reader.finished(cls(vendor=vendor, id_format=id_format, module_id=reader.take(length)))
