"""Phases from zero crossings, asked for and answered over the network."""

from __future__ import annotations

from tests.simulator.hplc.network.networks import scattered_network


def test_the_cco_finds_the_phase_of_every_station() -> None:
    network = scattered_network(60, seed=7)
    network.run_until(150.0)
    network.phase_identification.collect(0, list(range(1, 61)))
    network.run_until(200.0)
    found = network.phase_identification.identified
    assert found == {node: int(network.stations.phases[node]) for node in range(1, 61)}


def test_one_noisy_crossing_can_mislead_and_sixteen_do_not(monkeypatch) -> None:
    monkeypatch.setattr("simulator.hplc.network.identify.ZERO_CROSS_SCATTER_MS", 3.0)
    network = scattered_network(60, seed=7)
    network.run_until(150.0)
    wrong = []
    for samples in (1, 16):
        network.phase_identification.identified.clear()
        network.phase_identification.collect(0, list(range(1, 61)), samples=samples)
        network.run_until(network.now_s + 60.0)
        found = network.phase_identification.identified
        wrong.append(sum(phase != network.stations.phases[node] for node, phase in found.items()))
    assert wrong[0] > 5
    assert wrong[1] == 0
