"""The late-reply guard: after a time-out no reply can be credited to a later request.

Replies of RTU and of DL/T 645 carry no transaction number: a reply that comes after its time-out looks like the answer to the next
request of the same meter, function and length (or data identifier), and every later one is then off by one (measured with a widely used
library: without end and without an error). So, for each meter, the signatures of unanswered requests are kept. While there are any, it
is only asked something whose reply looks different. A meter and its gateway answer in order; once that different reply is here, all
older ones have come or never will, and the meter is in step again. It is in step as well when every late reply has been seen to arrive.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Signature = tuple[int, int | str]     # function, and by what else a reply is told from another: byte count, data identifier


@dataclass(slots=True)
class _Unanswered:
    counts: dict[Signature, int] = field(default_factory=dict)     # how many replies of this form may still come
    last_event_s: float = 0.0                                      # time-out or late reply, whichever was last


class LateReplyGuard:
    """State of all units of a bus; pure, the time (seconds, any origin) is given."""

    def __init__(self, *, late_reply_max_s: float) -> None:
        self._late_reply_max_s = late_reply_max_s
        self._units: dict[int | str, _Unanswered] = {}

    def in_step(self, unit: int | str) -> bool:
        return unit not in self._units

    def may_ask(self, unit: int | str, signature: Signature) -> bool:
        """Whether the reply to such a request could not be mistaken for a late one."""
        return unit not in self._units or signature not in self._units[unit].counts

    def is_trusted_exception(self, unit: int | str, function: int) -> bool:
        """An exception reply has no length: with an unanswered request of its function it may be a late one."""
        return unit not in self._units or all(asked != function for asked, _ in self._units[unit].counts)

    def timed_out(self, unit: int | str, signature: Signature, now_s: float) -> None:
        entry = self._units.setdefault(unit, _Unanswered())
        entry.counts[signature] = entry.counts.get(signature, 0) + 1
        entry.last_event_s = now_s

    def answered(self, unit: int | str) -> None:
        """A reply that ``may_ask`` had allowed came: the unit is in step."""
        self._units.pop(unit, None)

    def came_late(self, unit: int | str, function: int, form: int | str | None, now_s: float) -> bool:
        """An intact frame came that is not the expected one: whether it is a late reply. ``form`` None = an exception reply."""
        entry = self._units.get(unit)
        if entry is None:
            return False
        fitting = [sign for sign in entry.counts if sign[0] == function and form in (None, sign[1])]
        if not fitting:
            return False
        entry.last_event_s = now_s
        if len(fitting) == 1:  # else nobody knows which of the requests was refused
            entry.counts[fitting[0]] -= 1
            if not entry.counts[fitting[0]]:
                del entry.counts[fitting[0]]
            if not entry.counts:
                del self._units[unit]
        return True

    def quiet_in_s(self, unit: int | str, now_s: float) -> float:
        """How long a unit with no unused signature left must stay quiet before it may be asked anything."""
        entry = self._units.get(unit)
        return 0.0 if entry is None else max(0.0, entry.last_event_s + self._late_reply_max_s - now_s)

    def forget_if_quiet(self, unit: int | str, now_s: float) -> bool:
        """After that silence start again. True when the unit may be asked anything."""
        if unit in self._units and self.quiet_in_s(unit, now_s) == 0.0:
            del self._units[unit]
        return unit not in self._units
