"""``hplc-edge decode``: what one frame says, or what a request and its reply mean by a profile."""

from __future__ import annotations

import argparse
import dataclasses
import json
import struct
import sys

from cython_ext.crc16 import crc16_modbus
from edge_agent.cli.command import Command
from edge_agent.cli.decode_frame import DESCRIBERS, frame_from, from_hex
from edge_agent.cli.profiles import find_profile
from edge_agent.errors import ConfigError, FrameError
from edge_agent.wire.modbus import EXCEPTION_BIT, READ_FUNCTIONS, ReadRequest, Reply, RtuReplyDecoder, reply_from_pdu
from firmware_profiles.explain import Row, exception_row, explain

_DONE, _FRAME_DAMAGED = 0, 1
_READ_PDU = struct.Struct(">BHH")
_MBAP_BYTES = 7
_EXCEPTION_PDU_BYTES = 2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "protocol", choices=sorted({*_FRAMINGS, *DESCRIBERS}), metavar="PROTOCOL",
        help="one frame: dlt645, gdw10376.2, modbus-rtu (with CRC), modbus-tcp (with the 7-byte header). Request and response: modbus-rtu, "
        "modbus-tcp, modbus-words (function, address and count, answered by register bytes only)",
    )
    parser.add_argument("request", metavar="HEX", help="one frame in hexadecimal, - reads it from standard input; or the request")
    parser.add_argument(
        "response", metavar="RESPONSE", nargs="?", help="hexadecimal; HEX is then the request, '' where only an exception was recorded"
    )
    parser.add_argument("--profile", metavar="NAME", help="for request and response: profile, meter or model, or a profile FILE.toml")
    parser.add_argument("--json", action="store_true", help="rows with the keys of tests/data/vectors, and ours; one frame is always JSON")


def run(args: argparse.Namespace) -> int:
    try:
        if args.response is None:
            return _one_frame(args)
        return _request_and_response(args)
    except FrameError as exc:
        print(f"hplc-edge decode: {exc}", file=sys.stderr)
        return _FRAME_DAMAGED


def _one_frame(args: argparse.Namespace) -> int:
    if args.protocol not in DESCRIBERS or args.profile is not None:
        raise ConfigError([f"decode {args.protocol} by a profile takes REQUEST, RESPONSE and --profile; one frame takes no profile"])
    described = DESCRIBERS[args.protocol](frame_from(args.request))
    print(json.dumps(described, indent=1, ensure_ascii=False))
    return _DONE


def _request_and_response(args: argparse.Namespace) -> int:
    if args.protocol not in _FRAMINGS:
        raise ConfigError([f"decode {args.protocol} takes one frame: each frame says all by itself"])
    if args.profile is None:
        raise ConfigError(["REQUEST and RESPONSE are decoded by a profile: give --profile NAME"])
    profile = find_profile(args.profile)
    request, response = from_hex("REQUEST", args.request), from_hex("RESPONSE", args.response)
    asked, reply = _FRAMINGS[args.protocol](request, response)
    if reply.exception is not None:
        rows = [exception_row(reply.exception)]
    else:
        assert asked is not None  # a reply with data is only understood together with its request
        rows = explain(profile, asked.function, asked.address, reply.data)
    _print(rows, as_json=args.json)
    return _DONE


def _print(rows: list[Row], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
        return
    for row in rows:
        shown = "-" if row.value is None else str(row.value)
        place = "" if row.address is None else f"0x{row.address:04X}"
        print(f"{place:6}  {row.quantity:28} {shown:>16} {row.unit:6} {' '.join(row.flags)}".rstrip())


def _decode_rtu(request: bytes, response: bytes) -> tuple[ReadRequest | None, Reply]:
    asked = None
    if request:
        if len(request) != 8:
            raise FrameError(f"REQUEST has {len(request)} bytes, a read request has 8: unit, function, address, count, CRC")
        _check_crc("REQUEST", request)
        asked = _read_request(request[0], request[1:6])
    if asked is not None:
        # as on a line: noise around the reply is skipped
        decoder = RtuReplyDecoder()
        decoder.expect(asked)
        decoder.feed(response)
        found = decoder.next_reply()
        if found is not None:
            return asked, found
    if len(response) < 5:
        raise FrameError(f"RESPONSE has {len(response)} bytes, the shortest reply has 5: give the whole frame with its CRC")
    _check_crc("RESPONSE", response)
    return asked, _matching(asked, reply_from_pdu(response[0], response[1:-2]))


def _decode_tcp(request: bytes, response: bytes) -> tuple[ReadRequest | None, Reply]:
    asked = None
    if request:
        asked = _read_request(request[6] if len(request) > 6 else 0, _pdu("REQUEST", request))
    reply = reply_from_pdu(response[6] if len(response) > 6 else 0, _pdu("RESPONSE", response))
    if request and request[:2] != response[:2]:
        raise FrameError(f"RESPONSE has transaction {response[:2].hex()}, REQUEST {request[:2].hex()}: it answers something else")
    return asked, _matching(asked, reply)


def _decode_words(request: bytes, response: bytes) -> tuple[ReadRequest | None, Reply]:
    asked = _read_request(0, request) if request else None
    is_exception = len(response) == _EXCEPTION_PDU_BYTES and response[0] & EXCEPTION_BIT and (asked is None or asked.count > 1)
    if is_exception:
        return asked, _matching(asked, reply_from_pdu(0, response))
    if asked is None:
        raise FrameError("REQUEST is empty: without function, address and count register bytes mean nothing")
    return asked, _matching(asked, Reply(unit=0, function=asked.function, data=response))


def _pdu(what: str, frame: bytes) -> bytes:
    if len(frame) <= _MBAP_BYTES:
        raise FrameError(f"{what} has {len(frame)} bytes: give the 7-byte header and what follows it")
    _, protocol, length = struct.unpack_from(">HHH", frame)
    if protocol != 0 or length != len(frame) - 6:
        raise FrameError(
            f"{what}: header says protocol {protocol}, {length} bytes, but {len(frame) - 6} follow: give one whole Modbus TCP frame"
        )
    return frame[_MBAP_BYTES:]


def _read_request(unit: int, pdu: bytes) -> ReadRequest:
    if len(pdu) != _READ_PDU.size or pdu[0] not in READ_FUNCTIONS:
        raise FrameError(f"REQUEST {pdu.hex(' ')} is no read of registers: function 03 or 04, address and count are expected")
    function, address, count = _READ_PDU.unpack(pdu)
    return ReadRequest(unit=unit, function=function, address=address, count=count)


def _check_crc(what: str, frame: bytes) -> None:
    if crc16_modbus(frame) != 0:
        right = crc16_modbus(frame[:-2]).to_bytes(2, "little")
        raise FrameError(f"{what}: CRC is {frame[-2:].hex(' ')}, the bytes before it give {right.hex(' ')}: the frame is damaged or cut")


def _matching(asked: ReadRequest | None, reply: Reply | None) -> Reply:
    """The reply when it answers the request."""
    if reply is None:
        raise FrameError("RESPONSE is no reply to a read of registers: its function or byte count is wrong")
    if asked is None:
        if reply.exception is None:
            raise FrameError("REQUEST is empty: the address of the registers is only in the request")
        return reply
    if (reply.unit, reply.function) != (asked.unit, asked.function):
        raise FrameError(
            f"RESPONSE is of unit {reply.unit} function {reply.function:02}, REQUEST asks unit {asked.unit} function {asked.function:02}: "
            "it answers something else"
        )
    if reply.exception is None and len(reply.data) != 2 * asked.count:
        raise FrameError(
            f"RESPONSE carries {len(reply.data)} register bytes, REQUEST asks for {2 * asked.count}: it answers something else"
        )
    return reply


_FRAMINGS = {"modbus-rtu": _decode_rtu, "modbus-tcp": _decode_tcp, "modbus-words": _decode_words}
COMMAND = Command(name="decode", summary="show what a frame, or a request and its reply, mean", configure=configure, run=run)
