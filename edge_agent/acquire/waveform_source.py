"""Sampled windows from a sensing unit: a local socket that its driver serves, or a file of frames.

The agent connects: it opens no door of its own, not even a local one, and comes back by itself when the unit's driver starts anew. Who
serves the socket must be root, this user, or the user that the configuration names: anybody may create one in a shared directory.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.errors import ConfigError, LinkError
from edge_agent.model import Clock, TimeSource, Waveform
from edge_agent.wire.waveform import WaveformDecoder, WaveformFrame

log = logging.getLogger("hplc_edge.acquire")

_CONNECT_S = 5.0
_SILENT_S = 5.0               # a frame that has begun comes within this: the socket is local
_DEAD_S = 180.0               # a unit that looks once a minute has missed three times
_RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
_CHUNK_BYTES = 65_536
_TIME_OFF_MS = 60_000         # a unit's clock further from ours than this labels nothing
_MOST_AHEAD_S = 5.0           # of samples more than time has passed: who sends more would keep the agent from its meters
_PEER = struct.Struct("3i")   # pid, uid, gid; unix(7), SO_PEERCRED


@dataclass(slots=True)
class WaveformCounters:
    """``refused``: windows of a channel that nobody named, or faster than time passes; ``relabelled``: with a time that cannot be."""

    connections: int = 0
    link_failures: int = 0
    windows: int = 0
    refused: int = 0
    relabelled: int = 0
    discarded_bytes: int = 0
    checksum_errors: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensed:
    """What a channel senses: which meter's circuit, which of its phases."""

    meter: int
    phase: str


def waveform_path(url: str) -> tuple[str, Path]:
    """Scheme and path of ``unix:///path`` or ``file:///path``. Raises ConfigError."""
    parts = urlsplit(url)
    if parts.scheme not in ("unix", "file") or parts.netloc or not parts.path.startswith("/") or parts.query or parts.fragment:
        raise ConfigError([f"url {url!r}: write unix:///path/of/socket, or file:///path of recorded frames"])
    return parts.scheme, Path(parts.path)


class WaveformSource:
    """One unit. ``on_waveform`` is called in the event loop for each window; ``uid`` may serve the socket besides root and this user."""

    def __init__(
        self, *, url: str, channels: Mapping[int, Sensed], clock: Clock, on_waveform: Callable[[Waveform], None], uid: int | None = None
    ) -> None:
        self._scheme, self._path = waveform_path(url)
        self._channels, self._clock, self._on_waveform = dict(channels), clock, on_waveform
        self._uids = {0, os.getuid()} | ({uid} if uid is not None else set())
        self._ahead_s: dict[int, tuple[float, float]] = {}      # channel -> samples ahead of time, as of when
        self._is_up: bool | None = None
        self.name = str(self._path)
        self.counters = WaveformCounters()

    async def run(self) -> None:
        """Until it is cancelled; a file only to its end."""
        if self._scheme == "file":
            await self._read_file()
            return
        failures = 0
        while True:
            try:
                failures = 0 if await self._read_socket() else failures
            except LinkError as exc:
                self.counters.link_failures += 1
                self._say(False, str(exc))
            await self._clock.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
            failures += 1

    async def _read_socket(self) -> bool:
        """Raises LinkError when the unit cannot be reached; True when it gave windows before it went."""
        reader, writer = await self._connect()
        self.counters.connections += 1
        before = self.counters.windows
        decoder = WaveformDecoder()
        silent_s = 0.0
        try:
            while silent_s < _DEAD_S:
                try:
                    async with asyncio.timeout(_SILENT_S):
                        chunk = await reader.read(_CHUNK_BYTES)
                except TimeoutError:
                    silent_s += _SILENT_S
                    decoder.reset()
                else:
                    if not chunk:
                        break
                    silent_s = 0.0
                    decoder.feed(chunk)
                self._hand_over(decoder, is_limited=True)
                await asyncio.sleep(0)        # a read that finds bytes does not wait: let the meters have their turn
            self._say(False, "closed by the unit" if silent_s < _DEAD_S else f"silent for {_DEAD_S:.0f} s")
        except OSError as exc:
            raise LinkError(f"{self.name}: {exc.strerror or exc}") from exc
        finally:
            writer.transport.abort()
        return self.counters.windows > before

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_unix_connection(str(self._path), limit=_CHUNK_BYTES)
        except TimeoutError as exc:
            raise LinkError(f"{self.name}: no answer within {_CONNECT_S:.0f} s") from exc
        except OSError as exc:
            raise LinkError(f"{self.name}: cannot be reached: {exc.strerror or exc}; does the unit's driver run?") from exc
        uid = self._served_by(writer)
        if uid not in self._uids:
            writer.transport.abort()
            known = ", ".join(map(str, sorted(self._uids)))
            raise LinkError(f"{self.name}: is served by user {uid}, not by one of {known}; name it with uid, or remove the socket")
        return reader, writer

    def _served_by(self, writer: asyncio.StreamWriter) -> int:
        """The user of the process at the other end, as the kernel knows it."""
        _, uid, _ = _PEER.unpack(writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        return int(uid)

    async def _read_file(self) -> None:
        decoder = WaveformDecoder()
        try:
            with self._path.open("rb") as file:
                while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                    decoder.feed(chunk)
                    self._hand_over(decoder, is_limited=False)
                    await asyncio.sleep(0)
        except OSError as exc:
            self.counters.link_failures += 1
            log.warning("waveforms %s: cannot be read: %s", self.name, exc.strerror or exc)
            return
        decoder.reset()
        self._hand_over(decoder, is_limited=False)
        log.info("waveforms %s: %d windows read to the end", self.name, self.counters.windows)

    def _hand_over(self, decoder: WaveformDecoder, *, is_limited: bool) -> None:
        while (frame := decoder.next_frame()) is not None:
            sensed = self._channels.get(frame.channel)
            if sensed is None or (is_limited and self._is_too_much(frame)):
                self.counters.refused += 1
                continue
            self.counters.windows += 1
            self._say(True, "windows come")       # a unit that connects and says nothing is no news
            self._on_waveform(self._waveform(frame, sensed, is_now=is_limited))
        self.counters.discarded_bytes += decoder.discarded_bytes
        self.counters.checksum_errors += decoder.checksum_errors
        decoder.discarded_bytes = decoder.checksum_errors = 0

    def _waveform(self, frame: WaveformFrame, sensed: Sensed, *, is_now: bool) -> Waveform:
        """``is_now``: the window has just been taken, so its time must be near ours."""
        now_ms, taken_ms = self._clock.utc_ms(), frame.taken_utc_ms
        source = TimeSource(frame.time_source)
        if source is TimeSource.NONE or (is_now and abs(taken_ms - now_ms) > _TIME_OFF_MS):
            self.counters.relabelled += source is not TimeSource.NONE
            source, taken_ms = TimeSource.NONE, now_ms - round(1000 * len(frame.current) / frame.rate_hz)
        return Waveform(
            meter=sensed.meter, phase=sensed.phase, taken_utc_ms=taken_ms, time_source=source, rate_hz=frame.rate_hz,
            mains_hz=frame.mains_hz, sequence=frame.sequence, current_a=frame.current_a, voltage_v=frame.voltage_v,
        )

    def _is_too_much(self, frame: WaveformFrame) -> bool:
        now_s = self._clock.monotonic_s()
        ahead_s, as_of_s = self._ahead_s.get(frame.channel, (0.0, now_s))
        ahead_s = max(0.0, ahead_s - (now_s - as_of_s)) + len(frame.current) / frame.rate_hz
        is_too_much = ahead_s > _MOST_AHEAD_S
        if not is_too_much:
            self._ahead_s[frame.channel] = ahead_s, now_s
        return is_too_much

    def _say(self, is_up: bool, what: str) -> None:
        """Once for each change."""
        if is_up != self._is_up:
            self._is_up = is_up
            log.log(logging.INFO if is_up else logging.WARNING, "waveforms %s: %s", self.name, what)
