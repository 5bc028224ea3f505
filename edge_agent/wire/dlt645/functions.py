"""Function codes, error bits and baud codes of DL/T 645. Source: DL/T 645-2007 section 7 and annex C."""

from __future__ import annotations

import enum


class Function(enum.IntEnum):
    """Bits 0-4 of the control code."""

    READ_1997 = 0x01
    READ_MORE_1997 = 0x02
    SECURITY = 0x03              # filing document, see recalled.py
    WRITE_1997 = 0x04
    BROADCAST_TIME = 0x08
    WRITE_ADDRESS_1997 = 0x0A
    READ = 0x11
    READ_MORE = 0x12
    READ_ADDRESS = 0x13
    WRITE = 0x14
    WRITE_ADDRESS = 0x15
    FREEZE = 0x16
    CHANGE_BAUD = 0x17
    CHANGE_PASSWORD = 0x18
    CLEAR_DEMAND = 0x19
    CLEAR_METER = 0x1A
    CLEAR_EVENTS = 0x1B
    RELAY = 0x1C                 # filing document, see recalled.py


# the words of the vectors' "function"; functions outside the base text are "?" there
FUNCTION_NAMES: dict[int, str] = {
    Function.READ_1997: "read data (1997)",
    Function.READ_MORE_1997: "read follow-up (1997)",
    Function.WRITE_1997: "write data (1997)",
    Function.BROADCAST_TIME: "broadcast time",
    Function.WRITE_ADDRESS_1997: "write address (1997)",
    Function.READ: "read data",
    Function.READ_MORE: "read follow-up",
    Function.READ_ADDRESS: "read address",
    Function.WRITE: "write data",
    Function.WRITE_ADDRESS: "write address",
    Function.FREEZE: "freeze",
    Function.CHANGE_BAUD: "change baud rate",
    Function.CHANGE_PASSWORD: "change password",
    Function.CLEAR_DEMAND: "clear maximum demand",
    Function.CLEAR_METER: "clear meter",
    Function.CLEAR_EVENTS: "clear events",
}
FUNCTIONS_1997 = frozenset({Function.READ_1997, Function.READ_MORE_1997, Function.WRITE_1997, Function.WRITE_ADDRESS_1997})
# the functions that name a data identifier first, and its bytes
IDENTIFIER_BYTES: dict[int, int] = {
    Function.READ_1997: 2, Function.READ_MORE_1997: 2, Function.WRITE_1997: 2,
    Function.READ: 4, Function.READ_MORE: 4, Function.WRITE: 4, Function.CHANGE_PASSWORD: 4,
}


class ErrorBits(enum.IntFlag):
    """The error byte of an abnormal reply. Source: DL/T 645-2007 annex C."""

    OTHER = 0x01
    NO_SUCH_DATA = 0x02
    NOT_AUTHORISED = 0x04
    BAUD_FIXED = 0x08
    TOO_MANY_ZONES = 0x10
    TOO_MANY_PERIODS = 0x20
    TOO_MANY_TARIFFS = 0x40
    RESERVED = 0x80

    @property
    def names(self) -> list[str]:
        """Every bit that is set, in words."""
        return [words for bit, words in _ERROR_WORDS.items() if bit in self]


_ERROR_WORDS = {
    ErrorBits.OTHER: "other error",
    ErrorBits.NO_SUCH_DATA: "no such data",
    ErrorBits.NOT_AUTHORISED: "password wrong / not authorised",
    ErrorBits.BAUD_FIXED: "baud rate cannot change",
    ErrorBits.TOO_MANY_ZONES: "too many yearly zones",
    ErrorBits.TOO_MANY_PERIODS: "too many day periods",
    ErrorBits.TOO_MANY_TARIFFS: "too many tariffs",
    ErrorBits.RESERVED: "reserved bit",
}

# annex C: exactly one bit is set
BAUD_CODES: dict[int, int] = {0x02: 600, 0x04: 1200, 0x08: 2400, 0x10: 4800, 0x20: 9600, 0x40: 19200}
