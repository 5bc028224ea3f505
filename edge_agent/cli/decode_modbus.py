"""What one Modbus frame says by itself, without the other half of the exchange: as a JSON object.

Source: Modbus Application Protocol V1.1b3 sections 6 and 7; Modbus over Serial Line V1.02; Messaging on TCP/IP V1.0b.
"""

from __future__ import annotations

import struct

from cython_ext.crc16 import crc16_modbus
from edge_agent.errors import FrameError
from edge_agent.wire.modbus import EXCEPTION_BIT

_FUNCTIONS = {
    1: "read coils", 2: "read discrete inputs", 3: "read holding registers", 4: "read input registers", 5: "write single coil",
    6: "write single register", 15: "write multiple coils", 16: "write multiple registers",
}
_EXCEPTIONS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure", 5: "acknowledge", 6: "device busy",
    8: "memory parity error", 10: "gateway path unavailable", 11: "gateway target does not respond",
}
_BIT_READS, _REGISTER_READS = (1, 2), (3, 4)
_SINGLE_WRITES, _MULTIPLE_WRITES = (5, 6), (15, 16)
_MBAP_BYTES = 7
_SHORTEST_RTU = 4             # unit, function, CRC

Described = dict[str, object]


def describe_rtu(frame: bytes) -> Described:
    """``frame`` with its CRC. Raises FrameError, one line, where it is damaged, cut or of no known form."""
    if len(frame) < _SHORTEST_RTU:
        raise FrameError(f"{len(frame)} bytes: the shortest frame has unit, function and CRC, {_SHORTEST_RTU} bytes")
    if crc16_modbus(frame) != 0:
        right = crc16_modbus(frame[:-2]).to_bytes(2, "little")
        raise FrameError(
            f"CRC is {frame[-2:].hex(' ')}, the bytes before it give {right.hex(' ')}: the frame is damaged, cut or followed by other bytes"
        )
    return {"framing": "rtu", "unit": frame[0], "crc_ok": True, **_describe_pdu(frame[1:-2])}


def describe_tcp(frame: bytes) -> Described:
    """``frame`` with its 7-byte header. Raises FrameError, one line, where it is damaged, cut or of no known form."""
    if len(frame) <= _MBAP_BYTES:
        raise FrameError(f"{len(frame)} bytes: give the 7-byte header and what follows it")
    transaction, protocol, length, unit = struct.unpack_from(">HHHB", frame)
    if protocol != 0 or length != len(frame) - 6:
        raise FrameError(f"header says protocol {protocol}, {length} bytes, but {len(frame) - 6} follow: give one whole Modbus TCP frame")
    return {"framing": "tcp", "transaction": transaction, "unit": unit, **_describe_pdu(frame[_MBAP_BYTES:])}


def _describe_pdu(pdu: bytes) -> Described:
    function = pdu[0] & ~EXCEPTION_BIT
    said: Described = {"function": function, "function_name": _FUNCTIONS.get(function, "?")}
    if pdu[0] & EXCEPTION_BIT:
        if len(pdu) != 2:
            raise FrameError(f"function {pdu[0]:02X} is an exception reply, which has 1 byte behind it: {len(pdu) - 1} are there")
        return {**said, "kind": "exception", "exception": pdu[1], "exception_name": _EXCEPTIONS.get(pdu[1], "?")}
    if function not in _FUNCTIONS:
        return {**said, "kind": "request or reply", "data": pdu[1:].hex()}
    readings = [reading for reading in (_as_request(function, pdu[1:]), _as_reply(function, pdu[1:])) if reading is not None]
    if not readings:
        # a 00 behind a frame leaves its CRC right
        raise FrameError(
            f"function {function:02X} with {len(pdu) - 1} data bytes is neither a request nor a reply: cut, or followed by other bytes"
        )
    if len(readings) == 1:
        return said | readings[0]
    return {**said, "kind": "request or reply", "readings": readings}


def _as_request(function: int, data: bytes) -> Described | None:
    head = _address_and_second(data)
    if head is None:
        return None
    address, second = head
    if function in (*_BIT_READS, *_REGISTER_READS) and len(data) == 4:
        return {"kind": "request", "address": address, "count": second}
    if function in _SINGLE_WRITES and len(data) == 4:
        return {"kind": "request", "address": address, "value": second}
    if function in _MULTIPLE_WRITES and len(data) > 5 and data[4] == len(data) - 5:
        said: Described = {"kind": "request", "address": address, "count": second, "byte_count": data[4]}
        return said | _content(data[5:], is_registers=function == 16)
    return None


def _as_reply(function: int, data: bytes) -> Described | None:
    is_read = function in (*_BIT_READS, *_REGISTER_READS)
    if is_read and data and data[0] == len(data) - 1 and data[0] and (function in _BIT_READS or data[0] % 2 == 0):
        said: Described = {"kind": "reply", "byte_count": data[0]}
        return said | _content(data[1:], is_registers=function in _REGISTER_READS)
    head = _address_and_second(data)
    if head is None or len(data) != 4 or is_read:
        return None
    return {"kind": "reply", "address": head[0], "value" if function in _SINGLE_WRITES else "count": head[1]}


def _address_and_second(data: bytes) -> tuple[int, int] | None:
    if len(data) < 4:
        return None
    address, second = struct.unpack_from(">HH", data)
    return address, second


def _content(data: bytes, *, is_registers: bool) -> Described:
    if not is_registers or len(data) % 2:
        return {"data": data.hex()}
    return {"registers": list(struct.unpack(f">{len(data) // 2}H", data)), "data": data.hex()}
