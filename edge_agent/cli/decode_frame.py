"""One frame in hexadecimal as a JSON object with the keys of ``tests/data/vectors``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from edge_agent.cli.decode_modbus import describe_rtu, describe_tcp
from edge_agent.errors import ConfigError
from edge_agent.wire.dlt645 import describe as describe_645
from edge_agent.wire.gdw10376_2 import describe as describe_10376_2

_FROM_STDIN = "-"
# The longest frame has 64 KiB (10376.2 carries a two-byte length); three characters a byte leave room for spaces.
_MAX_CHARACTERS = 3 * 65536


DESCRIBERS: dict[str, Callable[[bytes], dict[str, object]]] = {
    "dlt645": describe_645,
    "gdw10376.2": describe_10376_2,
    "modbus-rtu": describe_rtu,
    "modbus-tcp": describe_tcp,
}


def from_hex(what: str, text: str) -> bytes:
    """Bytes of ``text``; spaces, line ends and colons between pairs are allowed. Raises ConfigError on anything else."""
    try:
        return bytes.fromhex(text.replace(":", " "))
    except ValueError as exc:
        raise ConfigError([f"{what} is not hexadecimal ({text[:40]!r}): give pairs of 0-9 a-f, spaces are allowed"]) from exc


def frame_from(text: str, stdin: TextIO | None = None) -> bytes:
    """The frame in ``text``, or on standard input where that is "-". Raises ConfigError where it is not hexadecimal or too long."""
    if text == _FROM_STDIN:
        # one character more than allowed is enough to know; an endless input is never read to its end
        try:
            text = (stdin or sys.stdin).read(_MAX_CHARACTERS + 1)
        except UnicodeDecodeError as exc:
            raise ConfigError(["standard input is no text: give the frame in hexadecimal"]) from exc
    if len(text) > _MAX_CHARACTERS:
        raise ConfigError([f"HEX has more than {_MAX_CHARACTERS} characters: give one frame"])
    return from_hex("HEX", text)
