"""A meter's current at the sensor: power and reactive power are those of the profile; a household switches without looking like an arc."""

import numpy as np
import pytest

from edge_agent.detect.waveform.arc import DETECTOR
from edge_agent.model import Stage, TimeSource, Waveform
from simulator.load.household import make_household
from simulator.load.profile import LoadProfile
from simulator.load.streams import Streams
from simulator.load.weather import Weather
from simulator.meter.arc_circuit import ArcingCircuit, ArcSpan
from simulator.meter.sensed_service import SensedService
from simulator.meter.sensing_unit import SensingUnit, UnitSettings
from tests.detect.waveform.waves import T0, archive

RATE_HZ = 6_400.0


def test_power_and_reactive_power_are_those_of_the_profile():
    service = SensedService(LoadProfile.of_power([0.0], 10.0, 2300.0, 0.8))
    current_a, voltage_v = service.samples(1280, RATE_HZ)
    assert np.mean(current_a * voltage_v) == pytest.approx(2300.0)
    assert np.mean(current_a * np.roll(voltage_v, 32)) == pytest.approx(2300.0 * 0.6 / 0.8)     # the voltage a quarter cycle late


def test_a_load_switches_with_the_half_cycle():
    service = SensedService(LoadProfile.of_power([5.02], 10.0, 2300.0), begin_s=5.0)
    current_a, _ = service.samples(320, RATE_HZ)
    assert np.abs(current_a[:128]).max() == 0.0
    assert np.abs(current_a[129:192]).max() == pytest.approx(10.0 * np.sqrt(2), rel=0.15)      # third harmonic included


def findings_of(service, seconds):
    detector, found = DETECTOR.build(archive(), DETECTOR.settings()), []
    unit = SensingUnit([service], np.random.default_rng(3), UnitSettings(rate_hz=RATE_HZ, noise_a=0.02), begin_utc_ms=T0)
    for frame in unit.windows(5 * seconds):
        found += detector.take(
            Waveform(
                meter=0, phase="a", taken_utc_ms=frame.taken_utc_ms, time_source=TimeSource.NTP, rate_hz=frame.rate_hz,
                mains_hz=frame.mains_hz, sequence=frame.sequence, current_a=frame.current_a, voltage_v=frame.voltage_v,
            )
        )
    return found


@pytest.fixture(scope="module")
def household():
    streams = Streams(1)
    return make_household(streams, "home", Weather.drawn(streams, first_day=200, days=1))


def test_an_evening_of_switching_is_no_arc(household):
    power_w = household.mean_power(18 * 3600.0, 1.0, 120)[0]
    switched = LoadProfile.sum([household, LoadProfile.of_power(18 * 3600.0 + np.arange(10) * 11.3, 4.0, 1500.0)])
    assert findings_of(SensedService(switched, begin_s=18 * 3600.0), 120) == []
    assert power_w.mean() > 0


def test_an_arc_among_the_loads_of_a_household_is_told(household):
    heater = ArcingCircuit(load="resistive", current_a=8.0, chance=np.random.default_rng(2), spans=(ArcSpan(begin_s=1.5, end_s=9.0),))
    findings = findings_of(SensedService(household, begin_s=3.0 * 3600.0, arcing=heater), 4)
    assert [finding.stage for finding in findings][:1] == [Stage.BEGIN]
    assert 1_500 <= findings[0].evidence_to_utc_ms - T0 <= 2_500
