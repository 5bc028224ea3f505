"""What is on the air, as far as it matters: who, to whom, how coded, what for. Source: Q/GDW 12087.42-2020, MPDU and MAC frame."""

from __future__ import annotations

from dataclasses import dataclass

BROADCAST = -1          # a receiver that is no node: all that hear it


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One SOF frame of a sender. ``sender`` and ``receiver`` are nodes of the link table; TEIs are in the body.

    ``length_bytes``: MSDU with its MAC head and CRC-32. ``send_limit``: transmissions after which a unicast frame is given up,
    whatever its SACKs said (send-count limit of the MAC head). ``body`` belongs to the layer above.
    """

    sender: int
    receiver: int
    link_id: int
    tmi: int
    pbs: int
    length_bytes: int
    send_limit: int
    body: object

    @property
    def is_broadcast(self) -> bool:
        return self.receiver == BROADCAST
