"""Channel access and exchanges: who sends when, who collides with whom, who decodes what, who is acknowledged.

All receivers of a frame are one numpy row; whoever does not hear a sender may talk into its frame (hidden nodes need no code of their own).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from simulator.hplc.links import LinkTable
from simulator.hplc.mac.assumptions import CAPTURE_DB, MAX_FAILURES, SACK_GAP_S
from simulator.hplc.mac.backoff import backoff_rule
from simulator.hplc.mac.contention import Contention, Mask
from simulator.hplc.mac.frames import Frame
from simulator.hplc.mac.on_air import Entry, MacCounters, MacListener, OnAir
from simulator.hplc.mac.timeline import Timeline
from simulator.hplc.mac.timing import DETECTION_S, exchange_s, frame_s, head_s, unread_s
from simulator.hplc.phy import CIFS_S, SYMBOL_S

QUEUE_FRAMES = 64           # of a node; a module's memory is small, and what waits longer than this is late anyway
_DRAWS = 4096               # random numbers are asked for in blocks: one at a time costs more than a frame


class Csma:
    """The shared medium of all nodes of a link table. Times are virtual seconds of ``timeline``."""

    def __init__(self, links: LinkTable, *, timeline: Timeline, rng: np.random.Generator, listener: MacListener) -> None:
        nodes = len(links.hears)
        self.counters = MacCounters()
        self.alive: Mask = np.ones(nodes, np.bool_)
        self._timeline = timeline
        self._rng = rng
        self._listener = listener
        self._rule = backoff_rule(SYMBOL_S)
        self._timers = Contention(nodes, detection_s=DETECTION_S)
        self._queues: list[list[Entry]] = [[] for _ in range(nodes)]
        self._sending: Mask = np.zeros(nodes, np.bool_)
        self._on_air: list[OnAir] = []
        self._draws: Iterator[float] = iter(())
        self._owner: int | None = None
        self._bound_link_id: int | None = None
        self._slice_end_s = 0.0
        self._band = links.band
        self.set_links(links)

    def set_links(self, links: LinkTable) -> None:
        """From now the wires are these; frames on air are judged by them at their end."""
        self._links = links
        self._success = {tmi: np.ascontiguousarray(matrix) for tmi, matrix in links.success.items()}

    def set_alive(self, node: int, is_alive: bool) -> None:
        """A node without power neither hears nor sends; what it had queued is gone."""
        self.alive[node] = is_alive
        if not is_alive:
            self._queues[node].clear()
            self._timers.disarm(node)

    def queued(self, node: int) -> int:
        return len(self._queues[node])

    def enqueue(self, frame: Frame) -> bool:
        """Queue a frame at its sender, behind those as urgent; False (and counted) when the queue is full or the node is dead."""
        queue = self._queues[frame.sender]
        if len(queue) >= QUEUE_FRAMES or not self.alive[frame.sender]:
            self.counters.refused += 1
            return False
        place = len(queue)
        # the head has its timer running or is on air: nothing overtakes it
        while place > 1 and queue[place - 1].frame.link_id < frame.link_id:
            place -= 1
        queue.insert(place, Entry(frame, frame.pbs, frame.pbs))
        if len(queue) == 1:
            self._arm(frame.sender, self._timeline.now_s)
        return True

    def open_slice(
        self, begin_s: float, end_s: float, members: Mask, *, owner: int | None = None, link_id: int | None = None,
    ) -> None:
        """From ``begin_s`` (now) contention among ``members`` (shape (n,)); all others only listen.

        Args:
            owner: a TDMA slot: this node alone sends frame after frame without back-off, as many as end inside.
            link_id: bound CSMA: only frames of this link.
        """
        self._slice_end_s = end_s
        self._owner = owner
        self._bound_link_id = link_id
        if link_id is not None:
            heads = np.array([queue[0].frame.link_id if queue else link_id for queue in self._queues])
            members = members & (heads == link_id)
        if owner is not None:
            members = np.zeros_like(members)
            members[owner] = True
            if self._queues[owner]:
                self._arm(owner, begin_s)
        self._timers.open_slice(begin_s, end_s, members & self.alive)

    def run_until(self, time_s: float) -> None:
        """All exchanges and calls before ``time_s``, which is then the time; not beyond the end of the open slice."""
        timeline, timers = self._timeline, self._timers
        while True:
            starts_s, node = timers.next_end()
            if min(starts_s, timeline.next_s) >= time_s:
                break
            if timeline.next_s <= starts_s:
                timeline.step()
            else:
                timeline.now_s = max(timeline.now_s, starts_s)
                self._begin(node, timeline.now_s)
        timeline.run_until(time_s)

    def close_slice(self) -> None:
        """Timers stop until the next slice; those that had ended without room for their frame are drawn again."""
        owner, self._owner = self._owner, None
        self._bound_link_id = None
        late = self._timers.close_slice()
        if owner is not None and self._queues[owner] and owner not in late:
            late.append(owner)
        for node in late:
            self._arm(node, self._slice_end_s)

    def run_slice(
        self, begin_s: float, end_s: float, members: Mask, *, owner: int | None = None, link_id: int | None = None,
    ) -> None:
        """A whole slice at once."""
        self._timeline.run_until(begin_s)
        self.open_slice(begin_s, end_s, members, owner=owner, link_id=link_id)
        self.run_until(end_s)
        self.close_slice()

    def _uniform(self) -> float:
        draw = next(self._draws, None)
        if draw is None:
            self._draws = iter(self._rng.random(_DRAWS).tolist())
            draw = next(self._draws)
        return draw

    def _arm(self, node: int, from_s: float) -> None:
        entry = self._queues[node][0]
        slots = 0 if node == self._owner else self._rule.slots(entry.failures, self._uniform())
        need_s = exchange_s(entry.frame, self._band, entry.left)
        link_id = entry.frame.link_id
        self._timers.arm(node, from_s=from_s, slots=slots, slot_s=self._rule.slot_of(link_id), need_s=need_s,
                         may_send=self._bound_link_id in (None, link_id))

    def _begin(self, node: int, now_s: float) -> None:
        entry = self._queues[node][0]
        frame = entry.frame
        on_air = self._put_on_air(node, now_s, frame_s(frame.tmi, self._band, entry.left))
        until_s = now_s + exchange_s(frame, self._band, entry.left)
        self._occupy(on_air, until_s)
        self._timers.disarm(node)
        self.counters.frames += 1
        self.counters.busy_s += until_s - now_s
        over = self._broadcast_over if frame.is_broadcast else self._unicast_over
        self._timeline.at(on_air.end_s, over, on_air, entry, until_s)

    def _put_on_air(self, node: int, now_s: float, duration_s: float) -> OnAir:
        on_air = OnAir(node, now_s, now_s + head_s(self._band), now_s + duration_s, list(self._on_air))
        for other in self._on_air:
            other.overlapping.append(on_air)
        self._on_air.append(on_air)
        self._sending[node] = True
        return on_air

    def _occupy(self, on_air: OnAir, until_s: float) -> None:
        """Virtual carrier sense: who hears the preamble waits for the end of the exchange, or EIFS when two frame controls overlap."""
        hears = self._links.hears
        # a node that sends is deaf; the sender's own timer begins anew after the exchange
        hearers = hears[on_air.sender] & ~self._sending
        until: float | npt.NDArray[np.float64] = until_s
        if on_air.overlapping:
            until = np.full(len(hearers), until_s)
            for other in on_air.overlapping:
                if other.head_end_s > on_air.begin_s:
                    until[hears[other.sender]] = on_air.begin_s + unread_s(self._band)
                else:
                    hearers &= ~hears[other.sender]     # busy reading the other frame: a preamble within it goes unnoticed
        self._timers.occupy(hearers, from_s=on_air.begin_s, until_s=until)

    def _lands(self, on_air: OnAir, receiver: int) -> bool:
        """Whether nothing keeps ``receiver`` from reading the frame control."""
        links, sender = self._links, on_air.sender
        if not (links.hears[sender, receiver] and self.alive[receiver]):
            return False
        return not any(
            other.sender == receiver
            or (links.hears[other.sender, receiver]
                and links.mean_snr_db[sender, receiver] - links.mean_snr_db[other.sender, receiver] < CAPTURE_DB)
            for other in on_air.overlapping
        )

    def _broadcast_over(self, on_air: OnAir, entry: Entry, until_s: float) -> None:
        links, sender, frame = self._links, on_air.sender, entry.frame
        decoded = self._rng.random(len(self.alive), np.float32) < self._success[frame.tmi][sender] ** entry.left
        decoded &= self.alive
        for other in on_air.overlapping:
            snr_db = links.mean_snr_db
            drowned = links.hears[other.sender] & (snr_db[sender] < snr_db[other.sender] + CAPTURE_DB)
            self.counters.collisions += bool((decoded & drowned).any())
            decoded &= ~drowned
            decoded[other.sender] = False
        self._off_air(on_air)
        is_sent = bool(self.alive[sender])
        receivers = np.flatnonzero(decoded)
        if is_sent and len(receivers):
            self._listener.on_received(frame, receivers, on_air.end_s)
        self._finish(entry, is_sent, until_s)

    def _unicast_over(self, on_air: OnAir, entry: Entry, until_s: float) -> None:
        frame = entry.frame
        receiver = frame.receiver
        self._on_air.remove(on_air)
        is_read = self.alive[frame.sender] and self._lands(on_air, receiver) and not self._sending[receiver]
        has_met = bool(on_air.overlapping)
        on_air.overlapping.clear()      # or each frame would keep all before it in memory
        if not is_read:
            self.counters.collisions += has_met
            self._timeline.at(until_s, self._unacknowledged, on_air, entry, until_s)
            return
        if entry.missing:
            chance = float(self._success[frame.tmi][frame.sender, receiver])
            entry.missing -= sum(self._uniform() < chance for _ in range(entry.missing))
            if not entry.missing:
                self._listener.on_received(frame, np.array([receiver], np.intp), on_air.end_s)
        self._timeline.at(on_air.end_s + SACK_GAP_S, self._acknowledge, on_air, entry, until_s)

    def _acknowledge(self, asked: OnAir, entry: Entry, until_s: float) -> None:
        receiver = entry.frame.receiver
        if not self.alive[receiver] or self._sending[receiver]:
            self._timeline.at(until_s, self._unacknowledged, asked, entry, until_s)
            return
        sack = self._put_on_air(receiver, self._timeline.now_s, head_s(self._band))
        self._occupy(sack, sack.end_s + CIFS_S)
        self._timeline.at(sack.end_s, self._acknowledged, sack, asked, entry, until_s)

    def _acknowledged(self, sack: OnAir, asked: OnAir, entry: Entry, until_s: float) -> None:
        frame = entry.frame
        is_read = self._lands(sack, frame.sender)
        self._off_air(sack)
        if not is_read:
            self._timeline.at(until_s, self._unacknowledged, asked, entry, until_s)
            return
        entry.left = entry.missing
        entry.sends += 1
        self._sending[frame.sender] = False
        if not entry.left:
            self._finish(entry, True, until_s)
        elif entry.sends >= frame.send_limit:
            self._give_up(entry, until_s)
        elif self._is_head(entry):
            self._arm(frame.sender, until_s)

    def _unacknowledged(self, asked: OnAir, entry: Entry, until_s: float) -> None:
        self.counters.unacknowledged += 1
        entry.failures += 1
        entry.sends += 1
        self._sending[entry.frame.sender] = False
        resumes_s = max(until_s, asked.begin_s + unread_s(self._band))
        if entry.failures > MAX_FAILURES or entry.sends >= entry.frame.send_limit:
            self._give_up(entry, resumes_s)
        elif self._is_head(entry):
            self._arm(entry.frame.sender, resumes_s)

    def _is_head(self, entry: Entry) -> bool:
        """False when the node lost its power meanwhile, and its queue with it."""
        queue = self._queues[entry.frame.sender]
        return bool(queue) and queue[0] is entry

    def _give_up(self, entry: Entry, resumes_s: float) -> None:
        self.counters.given_up += 1
        self._finish(entry, False, resumes_s)

    def _finish(self, entry: Entry, is_delivered: bool, resumes_s: float) -> None:
        node = entry.frame.sender
        self._timers.hold(node, resumes_s)
        if self._is_head(entry):
            self._queues[node].pop(0)
            if self._queues[node]:
                self._arm(node, resumes_s)
            self._listener.on_sent(entry.frame, is_delivered, self._timeline.now_s)

    def _off_air(self, on_air: OnAir) -> None:
        self._on_air.remove(on_air)
        self._sending[on_air.sender] = False
        on_air.overlapping.clear()
