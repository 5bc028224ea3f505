"""Readings are the bulk of all messages: a thousand a second pass here, so the parts that never change are prepared once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edge_agent.contract.envelope import Header, utc_text

_encode = msgspec.json.encode


class ReadingEncoder:
    """Encodes readings of one agent; the result is what ``encode(Reading(...))`` gives, field by field in the same order."""

    def __init__(self, header: Header) -> None:
        self._head = f'{{"v":1,"agent":"{header.agent}","epoch":{header.epoch},"st":"r","seq":'
        self._boot = f',"boot":{_encode(header.boot).decode()}}}'
        self._sim = f',"sim":{_encode(header.sim).decode()}' if header.sim is not None else ""
        self._second = -1
        self._second_text = ""

    def encode(
        self, *, seq: int, utc_ms: int, time_source: str, mono_ms: int, meter: str, names: Sequence[str], values: Sequence[float],
        doubts: Sequence[str] = (),
    ) -> bytes:
        """``names`` and ``values`` go together; values are finite (what was not given is not in the list)."""
        second, ms = divmod(utc_ms, 1000)
        if second != self._second:
            self._second, self._second_text = second, utc_text(second * 1000)[:-4]
        data = _encode(dict(zip(names, values, strict=True))).decode()
        doubt = f',"q":{_encode(list(doubts)).decode()}' if doubts else ""
        return (
            f'{self._head}{seq},"ts":"{self._second_text}{ms:03d}Z","tq":{{"src":"{time_source}","mono_ms":{mono_ms}{self._boot}'
            f'{self._sim},"meter":"{meter}","data":{data}{doubt}}}'
        ).encode("ascii")
