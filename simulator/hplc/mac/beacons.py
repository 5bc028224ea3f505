"""Beacons of a whole period at once: who sent (only who knows the schedule can) and who decoded which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.hplc.links import LinkTable
from simulator.hplc.mac.assumptions import CAPTURE_DB
from simulator.hplc.mac.contention import Mask
from simulator.hplc.mac.period import BeaconKind, BeaconSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconReception:
    """Of one network's slots: ``sent`` shape (slots,), ``decoded`` (slots, n), ``informed`` (n,): heard at least one."""

    slots: tuple[BeaconSlot, ...]
    sent: Mask
    decoded: Mask
    informed: Mask


def receive_beacons(
    links: LinkTable, networks: Sequence[tuple[BeaconSlot, ...]], *, can_send: Mask, alive: Mask, members: Sequence[Mask],
    rng: np.random.Generator,
) -> list[BeaconReception]:
    """What comes of the beacon slots of each network.

    A station learns its slot from a beacon of this period, so that of a station that heard none before its slot stays empty. ``members``
    (one mask for each network): who takes the schedule from this network. Slots of two networks that lie at the same time spoil each
    other wherever both are heard and neither is stronger by the capture limit.
    """
    nodes = len(alive)
    senders = [np.array([slot.sender for slot in slots], np.intp) for slots in networks]
    decoded = []
    for slots, who in zip(networks, senders, strict=True):
        chance = np.stack([links.success[slot.tmi][slot.sender] for slot in slots]) if slots else np.zeros((0, nodes), np.float32)
        decoded.append((rng.random(chance.shape, np.float32) < chance) & alive)
        decoded[-1][np.arange(len(who)), who] = False
    for one in range(len(networks)):
        for other in range(len(networks)):
            if one != other:
                _spoil(links, networks[one], networks[other], decoded[one])
    results = []
    for slots, heard, own in zip(networks, decoded, members, strict=True):
        informed = np.zeros(nodes, np.bool_)
        sent = np.zeros(len(slots), np.bool_)
        for place, slot in enumerate(slots):
            sent[place] = can_send[slot.sender] and (slot.kind is BeaconKind.CENTRAL or (informed[slot.sender] and own[slot.sender]))
            if sent[place]:
                informed |= heard[place]
        heard &= sent[:, None]
        results.append(BeaconReception(slots=slots, sent=sent, decoded=heard, informed=informed))
    return results


def _spoil(links: LinkTable, slots: tuple[BeaconSlot, ...], others: tuple[BeaconSlot, ...], decoded: Mask) -> None:
    snr_db, hears = links.mean_snr_db, links.hears
    for place, slot in enumerate(slots):
        for other in others:
            if other.begin_s < slot.end_s and slot.begin_s < other.end_s:
                decoded[place] &= ~(hears[other.sender] & (snr_db[slot.sender] < snr_db[other.sender] + CAPTURE_DB))
                decoded[place, other.sender] = False
