"""What a meter or its line may do wrong, for tests of those who read it: each is a change of the bytes or of their time."""

from __future__ import annotations

import enum


class Misbehaviour(enum.Enum):
    EXCEPTION = "exception"            # code 4, device failure
    WRONG_CRC = "wrong crc"
    WRONG_UNIT = "wrong unit"
    WRONG_LENGTH = "wrong length"
    GARBAGE_BEFORE = "garbage before"
    LATE = "late"                      # after the reader's time-out
    SILENT = "silent"
    ENDLESS = "endless"                # bytes without end


GARBAGE = bytes.fromhex("00 ff 01 83")
