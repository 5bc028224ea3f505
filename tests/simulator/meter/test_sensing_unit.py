"""A simulated unit: its frames decode to what was sensed, and the agent's detector finds in them what burns."""

import numpy as np

from edge_agent.detect.waveform.arc import DETECTOR
from edge_agent.model import Stage, TimeSource, Waveform
from edge_agent.wire.waveform import WaveformDecoder
from simulator.meter.arc_circuit import ArcingCircuit, ArcSpan
from simulator.meter.sensing_unit import SensingUnit, UnitSettings
from tests.detect.waveform.waves import T0, archive


def frames_of(circuits, windows, **settings):
    unit = SensingUnit(circuits, np.random.default_rng(9), UnitSettings(**{"rate_hz": 6400.0} | settings), begin_utc_ms=T0)
    decoder, found = WaveformDecoder(), []
    for frame in unit.frames(windows):
        decoder.feed(frame)
        while (one := decoder.next_frame()) is not None:
            found.append(one)
    assert decoder.discarded_bytes == 0
    return found


def circuit(seed=1, spans=()):
    return ArcingCircuit(load="resistive", current_a=8.0, chance=np.random.default_rng(seed), spans=spans)


def test_frames_decode_to_the_current_within_a_count_and_noise():
    (first, second) = frames_of([circuit()], 2, noise_a=0.0)
    sensed, volts = circuit().samples(2560, 6400.0)
    assert np.abs(np.concatenate([first.current_a, second.current_a]) - sensed).max() <= 0.001001
    assert np.abs(first.voltage_v - volts[:1280]).max() <= 0.0101
    assert (second.sequence, second.taken_utc_ms) == (1, T0 + 200)


def test_a_unit_that_looks_once_a_minute_labels_its_windows_so():
    found = frames_of([circuit(), circuit(2)], 2, every_s=60.0, has_voltage=False)
    assert [(one.channel, one.taken_utc_ms) for one in found] == [(0, T0), (1, T0), (0, T0 + 60_000), (1, T0 + 60_000)]
    assert found[0].voltage is None


def test_what_is_beyond_the_range_is_clipped():
    (found,) = frames_of([circuit()], 1, range_a=5.0)
    assert found.current_a.max() == np.float32(5.0)


def test_the_agents_detector_finds_the_arc_of_the_channel_that_burns():
    detector = DETECTOR.build(archive(), DETECTOR.settings())
    circuits = [circuit(1), circuit(2, spans=(ArcSpan(begin_s=0.4, end_s=2.0),))]
    findings = []
    for frame in frames_of(circuits, 10):
        findings += detector.take(
            Waveform(
                meter=frame.channel, phase="a", taken_utc_ms=frame.taken_utc_ms, time_source=TimeSource.NTP, rate_hz=frame.rate_hz,
                mains_hz=frame.mains_hz, sequence=frame.sequence, current_a=frame.current_a, voltage_v=frame.voltage_v,
            )
        )
    assert [finding.place.id for finding in findings if finding.stage is Stage.BEGIN] == ["m1"]
    assert detector.arcing(1, "a").tolist() == circuits[1].arcing[100:200]
