"""How records and segment heads lie in a file. Little-endian; the check is CRC-32C.

    segment  "HEJL" | u32 crc | u16 version | u32 epoch | u64 first seq | u8 stream | u64 created utc ms | agent, 32 bytes | one zero
    record   u32 crc | u32 length | u64 seq | u8 kind | payload            crc over length..payload, length 0 ends the file
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cython_ext.crc32c import crc32c

MAGIC = b"HEJL"
VERSION = 1
HEAD_BYTES = 64
MAX_PAYLOAD_BYTES = 65_536            # mqtt_reliability.md 2.4; a larger length is damage, not a record
_HEAD = struct.Struct("<HIQ1sQ32sx")  # after magic and crc
_CRC = struct.Struct("<I")
_BODY = struct.Struct("<IQB")         # length, seq, kind
_SEQ = struct.Struct("<Q")
_SEQ_OFFSET = 8                       # of the seq in a record
RECORD_OVERHEAD_BYTES = _CRC.size + _BODY.size
_SEARCHED_SEQS = 512                  # behind damage: a torn 64 KiB holds some hundred records


@dataclass(frozen=True, slots=True)
class Record:
    seq: int
    kind: int
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first bytes of a segment; ``created_utc_ms`` 0 = the time was not known."""

    stream: str
    epoch: int
    first_seq: int
    agent: str = ""
    created_utc_ms: int = 0
    version: int = VERSION


def encode_head(head: Head) -> bytes:
    body = _HEAD.pack(
        head.version, head.epoch, head.first_seq, head.stream.encode("ascii"), head.created_utc_ms, head.agent.encode("ascii", "replace")
    )
    return MAGIC + _CRC.pack(crc32c(body)) + body


def decode_head(data: bytes) -> Head | None:
    """None where this is no intact segment head."""
    body = data[len(MAGIC) + _CRC.size : HEAD_BYTES]
    if len(data) < HEAD_BYTES or data[: len(MAGIC)] != MAGIC or _CRC.unpack_from(data, len(MAGIC))[0] != crc32c(body):
        return None
    version, epoch, first_seq, stream, created_utc_ms, agent = _HEAD.unpack(body)
    return Head(
        stream=stream.decode("ascii", "replace"), epoch=epoch, first_seq=first_seq, agent=agent.rstrip(b"\0").decode("ascii", "replace"),
        created_utc_ms=created_utc_ms, version=version,
    )


def encode_record(record: Record) -> bytes:
    body = _BODY.pack(len(record.payload), record.seq, record.kind) + record.payload
    return _CRC.pack(crc32c(body)) + body


def decode_record(data: bytes, offset: int) -> Record | None:
    """The record at ``offset``, None where no intact and complete one lies."""
    if offset + RECORD_OVERHEAD_BYTES > len(data):
        return None
    length, seq, kind = _BODY.unpack_from(data, offset + _CRC.size)
    end = offset + RECORD_OVERHEAD_BYTES + length
    if length == 0 or length > MAX_PAYLOAD_BYTES or end > len(data):
        return None
    if _CRC.unpack_from(data, offset)[0] != crc32c(memoryview(data)[offset + _CRC.size : end]):
        return None
    return Record(seq, kind, data[offset + RECORD_OVERHEAD_BYTES : end])


def record_bytes(record: Record) -> int:
    """How many bytes the record takes in a file."""
    return RECORD_OVERHEAD_BYTES + len(record.payload)


def decode_records(data: bytes, *, offset: int, seq: int) -> Iterator[Record]:
    """Records from ``offset`` whose numbers follow on from ``seq``; ends at the first that is not intact."""
    while (record := decode_record(data, offset)) is not None and record.seq == seq:
        yield record
        offset += record_bytes(record)
        seq += 1


def find_record(data: bytes, *, offset: int, seqs: range) -> int | None:
    """Behind damage: where the first intact record with one of ``seqs`` lies, looking for the lowest numbers first; None = nowhere."""
    if not data[offset:].lstrip(b"\0"):
        return None
    for seq in seqs[:_SEARCHED_SEQS]:
        pattern = _SEQ.pack(seq)
        at = data.find(pattern, offset + _SEQ_OFFSET)
        while at != -1:
            if decode_record(data, at - _SEQ_OFFSET) is not None:
                return at - _SEQ_OFFSET
            at = data.find(pattern, at + 1)
    return None
