"""CRC-32C (Castagnoli): polynomial 1EDC6F41h reflected, start and final XOR FFFFFFFFh. The check of every journal record.

Kernel because each record is checked when written and when read: 0.2 us for 200 bytes against 17 us in plain Python.
Source: RFC 3720, section 12.1 and appendix B.4.
"""

from cython_ext import load

_kernel = load("crc32c")


def crc32c(data: bytes | bytearray | memoryview, value: int = 0) -> int:
    """The CRC of ``data``, 0..2^32 - 1. ``value`` is the CRC of what came before, for a check over several pieces."""
    result: int = _kernel.crc32c(data, value)
    return result
