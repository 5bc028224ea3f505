"""How records and segment heads lie in a file. Little-endian; the check is CRC-32 (zlib: in the standard library and fast).

segment  "HEJ1" | u32 crc | u32 epoch | u64 first seq | stream (1 byte) | 11 zero bytes
record   u32 crc | u32 length | u64 seq | u8 kind | payload            length 0 ends the file
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"HEJ1"
HEAD_BYTES = 32
MAX_PAYLOAD_BYTES = 65_536  # mqtt_reliability.md 2.4; a larger length is damage, not a record
_HEAD = struct.Struct("<IQ1s11x")  # after magic and crc
_CRC = struct.Struct("<I")
_BODY = struct.Struct("<IQB")  # length, seq, kind
RECORD_OVERHEAD_BYTES = _CRC.size + _BODY.size


@dataclass(frozen=True, slots=True)
class Record:
    seq: int
    kind: int
    payload: bytes


def encode_head(*, epoch: int, first_seq: int, stream: str) -> bytes:
    body = _HEAD.pack(epoch, first_seq, stream.encode("ascii"))
    return MAGIC + _CRC.pack(zlib.crc32(body)) + body


def decode_head(data: bytes) -> tuple[int, int, str] | None:
    """(epoch, first seq, stream), or None where this is no intact segment head."""
    body = data[8:HEAD_BYTES]
    if len(data) < HEAD_BYTES or data[:4] != MAGIC or _CRC.unpack_from(data, 4)[0] != zlib.crc32(body):
        return None
    epoch, first_seq, stream = _HEAD.unpack(body)
    return epoch, first_seq, stream.decode("ascii", errors="replace")


def encode_record(record: Record) -> bytes:
    body = _BODY.pack(len(record.payload), record.seq, record.kind) + record.payload
    return _CRC.pack(zlib.crc32(body)) + body


def decode_records(data: bytes, *, offset: int, seq: int) -> Iterator[tuple[Record, int]]:
    """Records from ``offset`` whose numbers follow on from ``seq``, each with the offset behind it; ends at the first damaged one."""
    while offset + RECORD_OVERHEAD_BYTES <= len(data):
        length, found_seq, kind = _BODY.unpack_from(data, offset + _CRC.size)
        end = offset + RECORD_OVERHEAD_BYTES + length
        if length == 0 or length > MAX_PAYLOAD_BYTES or end > len(data) or found_seq != seq:
            return
        if _CRC.unpack_from(data, offset)[0] != zlib.crc32(memoryview(data)[offset + _CRC.size : end]):
            return
        yield Record(found_seq, kind, data[offset + RECORD_OVERHEAD_BYTES : end]), end
        offset, seq = end, seq + 1
