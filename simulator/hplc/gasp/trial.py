"""One outage on a network that has formed: who is heard of, how late, over which way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from firmware_profiles.modules import ModuleProfile
from simulator.hplc.gasp.events import ReportKind
from simulator.hplc.gasp.gathering import CcoGathering
from simulator.hplc.gasp.listener import OutageListener
from simulator.hplc.gasp.station import attach_stations
from simulator.hplc.gasp.transmit import raised
from simulator.hplc.links import LinkTable
from simulator.hplc.network import Delivered, Network, StoreError, load_network, save_network
from simulator.load.streams import Streams

SETTLED_S = 600.0           # of virtual time: joined, and through one route period
_BEFORE_S = 2.0             # a loaded network runs so long before the fault, and up to one beacon period more
_PERIOD_S = 10.0


class Way(StrEnum):
    """How the CCO first heard of a meter."""

    DIRECT = "direct"
    RELAYED = "relayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed:
    """A network that has formed, as a file. Shapes (n,) by node; ``phases`` as ``Network`` takes them."""

    links: LinkTable
    macs: npt.NDArray[np.int64]
    phases: npt.NDArray[np.int8]
    module: ModuleProfile
    file: Path

    def network(self, seed: int) -> Network:
        """A fresh copy whose chances hang on ``seed``."""
        network = Network(self.links, macs=self.macs, module=self.module, seed=seed, phases=self.phases)
        load_network(network, self.file)
        return network


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of one outage. ``delays_s``: fault to the CCO's report, by node; ``heard``: first way, by node; both only of dark nodes.

    ``absorbed``: reports of meters that were known already; ``given_twice``: meters that left the gathering more than once;
    ``false``: meters with supply that were reported.
    """

    seed: int
    dark: tuple[int, ...]
    delays_s: Mapping[int, float]
    heard: Mapping[int, Way]
    absorbed: int
    given_twice: int
    false: int


class GatheringCco:
    """Application of a CCO that does nothing but gather outages."""

    def __init__(self, network: Network, module: ModuleProfile) -> None:
        self.heard: dict[int, Way] = {}               # by address
        self.given: list[tuple[int, float]] = []      # address and time, in order
        self.gathering = CcoGathering(module.coordinator)
        self._network = network
        self._listener = OutageListener(network)

    def on_frame(self, delivered: Delivered) -> None:
        self._listener.on_frame(delivered)
        for report in self._listener.take_reports():
            if report.kind is ReportKind.OUTAGE:
                for address in report.addresses:
                    self.heard.setdefault(address, Way.RELAYED if report.is_relayed else Way.DIRECT)
            was_open = self.gathering.due_s(report.kind) < float("inf")
            self.gathering.hear(report.kind, report.addresses, report.at_s)
            if not was_open and self.gathering.due_s(report.kind) < float("inf"):
                self._network.call_at(self.gathering.due_s(report.kind), self._give, report.kind)

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None:
        """It has a backup."""

    def on_lost(self, sequence: int, now_s: float) -> None:
        """An acknowledgement that is lost is asked for again."""

    def _give(self, kind: ReportKind) -> None:
        taken = self.gathering.take(kind, self._network.now_s)
        if kind is ReportKind.OUTAGE:
            self.given += [(address, self._network.now_s) for address in taken]


def form(
    links: LinkTable, module: ModuleProfile, *, macs: npt.NDArray[np.int64], phases: npt.NDArray[np.int8], seed: int, directory: Path,
) -> Formed:
    """Form a network, or take it from ``directory`` when it was formed there before from the same links, addresses and timers."""
    digest = hashlib.sha256(repr((module.network, seed, links.band, SETTLED_S)).encode())
    for part in (macs, phases, links.hears, links.mean_snr_db, *(links.success[tmi] for tmi in sorted(links.success))):
        digest.update(np.ascontiguousarray(part).tobytes())
    directory.mkdir(parents=True, exist_ok=True)
    formed = Formed(links=links, macs=macs, phases=phases, module=module, file=directory / f"formed-{digest.hexdigest()[:24]}.npz")
    try:
        formed.network(seed)
    except StoreError:
        network = Network(links, macs=macs, module=module, seed=seed, phases=phases)
        network.run_until(SETTLED_S)
        unfinished = formed.file.with_suffix(f".{os.getpid()}.part")      # another process may read or write the same one
        save_network(network, unfinished)
        unfinished.replace(formed.file)
    return formed


def run_outage(
    formed: Formed, *, dark: Sequence[int], links: LinkTable, hold_s: npt.NDArray[np.float64], seed: int, watch_s: float,
    without: Sequence[int] = (),
) -> Outcome:
    """These nodes lose their supply, the wires become ``links`` at once; then ``watch_s`` seconds pass.

    Args:
        hold_s: (n,), by node.
        without: nodes that are taken away beforehand, capacitor and all.
    """
    network, module = formed.network(seed), formed.module
    cco = GatheringCco(network, module)
    attach_stations(network, module, seed=seed)
    network.attach(0, cco)
    chance = Streams(seed).named("hplc/gasp/fault")
    fault_s = network.now_s + _BEFORE_S + float(chance.uniform(0.0, _PERIOD_S))
    network.power_off(list(without), fault_s - 1.0)
    network.set_links(raised(links, dark, module.dying.transmit_gain_db), at_s=fault_s)
    network.power_off(list(dark), fault_s, hold_s=hold_s[list(dark)])
    network.run_until(fault_s + watch_s)
    node_of = {int(mac): node for node, mac in enumerate(formed.macs)}
    given = [(node_of[address], at_s - fault_s) for address, at_s in cco.given]
    delays_s: dict[int, float] = {}
    for node, delay_s in given:
        delays_s.setdefault(node, delay_s)
    return Outcome(
        seed=seed, dark=tuple(dark), delays_s={node: delay_s for node, delay_s in delays_s.items() if node in dark},
        heard={node_of[address]: way for address, way in cco.heard.items() if node_of[address] in dark},
        absorbed=cco.gathering.absorbed, given_twice=len(given) - len(delays_s),
        false=len(delays_s.keys() - set(dark) - set(without)),
    )
