"""Puts the parts of a long reply together. Source: DL/T 645-2007 section 7.2."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_agent.wire.dlt645.functions import Function
from edge_agent.wire.dlt645.reading import ReadMore
from edge_agent.wire.dlt645.replies import Reply645

MAX_SEQ = 255                 # one byte; bounds a payload to 50 kB


@dataclass(slots=True)
class PayloadAssembly:
    """Payload of one identifier: give every reply to :meth:`add`, send what :meth:`next_request` says until ``payload`` is there.

    A repeated, foreign or out-of-order part changes nothing and is counted in ``ignored_replies``: its request is to be sent again.
    """

    di: str
    ignored_replies: int = 0
    _parts: list[bytes] = field(default_factory=list)
    _is_complete: bool = False

    def add(self, reply: Reply645) -> bool:
        """Whether ``reply`` was the part that comes next."""
        function, seq = (Function.READ_MORE, len(self._parts)) if self._parts else (Function.READ, None)
        is_next = (reply.function, reply.di, reply.seq) == (function, self.di, seq) and reply.error is None
        if self._is_complete or not is_next:
            self.ignored_replies += 1
            return False
        self._parts.append(reply.payload)
        self._is_complete = not reply.has_more
        return True

    @property
    def payload(self) -> bytes | None:
        """The whole, or None while parts are missing."""
        return b"".join(self._parts) if self._is_complete else None

    def next_request(self) -> ReadMore | None:
        """The follow-up to ask for, or None before the first part, after the last, or when the sequence numbers are used up."""
        if self._is_complete or not 1 <= len(self._parts) <= MAX_SEQ:
            return None
        return ReadMore(di=self.di, seq=len(self._parts))
