"""The late-reply guard of RTU: after a time-out no reply can be credited to a later request.

RTU replies carry no transaction number: a reply that comes after its time-out looks like the answer to the next request of the same
unit, function and length, and every later one is then off by one (measured with a widely used library: without end and without an
error). So, for each unit, the signatures of unanswered requests are kept. While there are any, the unit is only asked something whose
reply looks different. A meter and its gateway answer in order; once that different reply is here, all older ones have come or never
will, and the unit is in step again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Signature = tuple[int, int]      # function, byte count


@dataclass(slots=True)
class _Unanswered:
    signatures: set[Signature] = field(default_factory=set)
    last_timeout_s: float = 0.0


class LateReplyGuard:
    """State of all units of a bus; pure, the time (seconds, any origin) is given."""

    def __init__(self, *, late_reply_max_s: float) -> None:
        self._late_reply_max_s = late_reply_max_s
        self._units: dict[int, _Unanswered] = {}

    def in_step(self, unit: int) -> bool:
        return unit not in self._units

    def may_ask(self, unit: int, signature: Signature) -> bool:
        """Whether the reply to such a request could not be mistaken for a late one."""
        return unit not in self._units or signature not in self._units[unit].signatures

    def is_trusted_exception(self, unit: int, function: int) -> bool:
        """An exception reply has no length: with an unanswered request of its function it may be a late one."""
        return unit not in self._units or all(asked != function for asked, _ in self._units[unit].signatures)

    def timed_out(self, unit: int, signature: Signature, now_s: float) -> None:
        entry = self._units.setdefault(unit, _Unanswered())
        entry.signatures.add(signature)
        entry.last_timeout_s = now_s

    def answered(self, unit: int) -> None:
        """A reply that ``may_ask`` had allowed came: the unit is in step."""
        self._units.pop(unit, None)

    def forget_if_quiet(self, unit: int, now_s: float) -> bool:
        """For a unit with no unused signature left: after a long silence start again. True when it may be asked anything."""
        entry = self._units.get(unit)
        if entry is not None and now_s - entry.last_timeout_s >= self._late_reply_max_s:
            del self._units[unit]
        return unit not in self._units
