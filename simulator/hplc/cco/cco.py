"""The coordinator module as the concentrator sees it: Q/GDW 10376.2 in module role over a power-line network, in virtual time.

No port, no thread, no clock: bytes in, bytes out, and the time as an argument.
"""

from __future__ import annotations

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2 import (
    Code,
    Decoder10376,
    DenyReason,
    Direction,
    Frame10376,
    confirm,
    deny,
    parse_unit,
    units,
)
from edge_agent.wire.gdw10376_2.names import NAMES
from edge_agent.wire.gdw10376_2.units import reading
from edge_agent.wire.gdw10376_2.units.unit import Unit
from simulator.hplc.cco.archive import Archive
from simulator.hplc.cco.carrier import CarrierNetwork
from simulator.hplc.cco.core import Core
from simulator.hplc.cco.misbehaviour import CcoMisbehaviour
from simulator.hplc.cco.orders import carry_out
from simulator.hplc.cco.outbox import Outbox
from simulator.hplc.cco.profile import CcoProfile
from simulator.hplc.cco.queries import answer_to, is_supported, run_mode
from simulator.hplc.cco.reading import begin_read
from simulator.hplc.cco.tasks import advance_tasks, make_parts, next_task_s, reset_parts
from simulator.hplc.cco.upward import take_arrived

_CONFIRM_OR_DENY = (units.Confirm.code, units.Deny.code)
_READS = (units.Forward.code, reading.MONITOR, reading.MONITOR_LONG, reading.CONCURRENT_READ)
_BUSY_STEP_S, _IDLE_STEP_S = 0.05, 0.5
_NEVER = float("inf")


class Cco:
    """One module. ``misbehaviour`` may be changed at any time; counters say what came that no module should see."""

    def __init__(self, carrier: CarrierNetwork, profile: CcoProfile, *, main_address: str = "000000000000") -> None:
        self.misbehaviour = CcoMisbehaviour()
        self.core = make_parts(Core(
            profile=profile, carrier=carrier, archive=Archive(profile.max_nodes, denies_known=profile.denies_known_nodes),
            outbox=Outbox(), main_address=main_address, misbehaviour=self.misbehaviour,
        ))
        self.foreign_frames = self.denied = 0
        self.decoder = Decoder10376()
        self._now_s = self._heard_s = carrier.now_s
        self._deaf_until_s = self._now_s
        self._own_report_s = self._now_s + profile.own_report_s
        self._listed_s = -_NEVER            # archive as of then is the white list
        carrier.allow(frozenset())

    @property
    def baud(self) -> int:
        """At which the next bytes go out and come in."""
        return self.core.outbox.baud

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes from the concentrator that have arrived by ``now_s``."""
        self.advance(now_s)
        if now_s < self._deaf_until_s:
            return
        if self.decoder.is_waiting_for_more and now_s - self._heard_s > self.core.profile.line_silence_s:
            self.decoder.reset()
        self._heard_s = now_s
        self.decoder.feed(data)
        while (frame := self.decoder.next_frame()) is not None:
            if not self.misbehaviour.is_silent:
                self._take(frame, now_s)

    def advance(self, now_s: float) -> None:
        """Let the network and all timers live up to ``now_s``. Raises ValueError for a time that is past."""
        if now_s < self._now_s:
            raise ValueError(f"time went from {self._now_s} back to {now_s} s")
        while True:
            at_s = min(now_s, self._now_s + self._step_s())
            at_s = min(at_s, max(self._due_s(), self._now_s + 0.001))
            self.core.carrier.run_until(at_s)
            self._now_s = at_s
            self._live(at_s)
            if at_s >= now_s:
                return

    def take_output(self) -> bytes:
        """Bytes that are due for the concentrator, at the speed that ``baud`` has before this call."""
        taken = self.core.outbox.take(self._now_s)
        return b"" if self.misbehaviour.is_silent else taken

    def next_due_s(self) -> float:
        """When to call ``advance`` at the latest: a timer, or a step of the network, in which anything may arrive."""
        return min(self._due_s(), self._now_s + self._step_s())

    def lose_archive(self) -> None:
        """A fault: all slaves forgotten, not a word about it."""
        self.core.archive.clear(self._now_s)

    def reset(self) -> None:
        """A fault, or the reset line: it starts anew, at 9600 baud. The archive outlives it."""
        profile = self.core.profile
        reset_parts(self.core)
        self.decoder = Decoder10376()
        self._deaf_until_s = self._now_s + profile.boot_s
        self._own_report_s = self._now_s + profile.own_report_s
        self._listed_s = -_NEVER

    def _step_s(self) -> float:
        return _BUSY_STEP_S if len(self.core.reads) else _IDLE_STEP_S

    def _due_s(self) -> float:
        return min(self._own_report_s, self._white_list_s(), next_task_s(self.core))

    def _white_list_s(self) -> float:
        changed_s = self.core.archive.changed_s
        if self._listed_s >= changed_s:
            return _NEVER
        return max(changed_s + self.core.profile.archive_settles_s, self._deaf_until_s)

    def _live(self, now_s: float) -> None:
        core = self.core
        if now_s >= core.reset_s:
            core.reset_s = _NEVER
            self.reset()
        for arrived in core.carrier.take_arrived():
            take_arrived(core, arrived, now_s)
        if now_s >= self._white_list_s():
            self._listed_s = now_s
            core.list_allowed()
        if now_s >= self._own_report_s:
            self._own_report_s = _NEVER
            core.reports.add(run_mode(core), now_s, tries=core.profile.own_report_tries)
        core.reports.copies = self.misbehaviour.report_copies
        advance_tasks(core, now_s)

    def _take(self, frame: Frame10376, now_s: float) -> None:
        if frame.direction is not Direction.DOWN:
            self.foreign_frames += 1
            return
        core = self.core
        if frame.code in _CONFIRM_OR_DENY:
            if not core.reports.take_confirm(frame.sequence, now_s) and frame.code == units.Deny.code:
                core.take_content(frame.sequence, None, now_s)
            return
        refusal = self._carry_out(frame, now_s)
        if refusal is not None:
            self.denied += 1
            core.send(deny(frame, refusal), now_s)

    def _carry_out(self, frame: Frame10376, now_s: float) -> DenyReason | None:
        """Do what a frame asks; None when it is answered or will be, else why not."""
        core, code = self.core, frame.code
        if not is_supported(code):
            return _unsupported(code)
        try:
            unit = parse_unit(frame)
        except FrameError:
            return DenyReason.WRONG_FORMAT
        if code in _READS:
            return begin_read(core, frame, unit, now_s)
        if isinstance(unit, units.Content):
            core.take_content(frame.sequence, unit, now_s)
            return None
        if code == reading.CONFIRM_PUSH:
            return None
        return self._order_or_answer(frame, unit, now_s)

    def _order_or_answer(self, frame: Frame10376, unit: Unit, now_s: float) -> DenyReason | None:
        done = carry_out(self.core, unit, now_s)
        if isinstance(done, DenyReason):
            return done
        if done is not None:
            self.core.send(confirm(frame, wait_s=done, is_old_form=self.core.profile.confirms_old_form), now_s)
            return None
        answer = answer_to(self.core, unit)
        if answer is None:
            return DenyReason.NOT_SUPPORTED
        self.core.answer(frame, answer, now_s)
        return None


def _unsupported(code: Code) -> DenyReason:
    """A function of another kind of module is not supported; one that no table has does not exist."""
    return DenyReason.NOT_SUPPORTED if code in NAMES else DenyReason.NO_SUCH_FUNCTION
