"""A line whose replies come late now and then: RTU over TCP, 30 ms turnaround; are values ever credited to the wrong request?

Register 0-1 is the clock of the moment at which the meter answered, the first float is the unit address: a reply that was taken for
another unit shows in the one, a reply that was taken for a later request in the other.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time

TURNAROUND_S, LATE_FROM_S, LATE_TO_S = 0.03, 0.3, 1.6


def crc16(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


class LateLine:
    """Serves one reader; ``share`` of the replies come late, everything on the line in order."""

    def __init__(self, share: float, seed: int = 1) -> None:
        self._share, self._chance = share, random.Random(seed)
        self.replies = self.late = 0

    async def start(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await reader.readexactly(8)
                is_late = self._chance.random() < self._share
                await asyncio.sleep(self._chance.uniform(LATE_FROM_S, LATE_TO_S) if is_late else TURNAROUND_S)
                unit, function, address, count = struct.unpack(">BBHH", request[:6])
                image = struct.pack(">II", int(time.time() * 1000) & 0xFFFFFFFF, 0) + struct.pack(">13f", float(unit), *[1.0] * 12)
                data = image[2 * address : 2 * (address + count)]
                frame = bytes([unit, function, len(data)]) + data
                writer.write(frame + crc16(frame))
                self.replies += 1
                self.late += is_late
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
