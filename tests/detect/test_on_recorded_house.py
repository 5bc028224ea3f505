"""The first detectors on a real house: no false alarms with the right limits, and exactly the minutes that an independent count finds."""

import csv
from pathlib import Path

from edge_agent.detect.load.overload import OverloadDetector, OverloadSettings
from edge_agent.detect.quality.voltage import VoltageDetector, VoltageSettings
from edge_agent.model import Stage
from tests.detect.areas import archive, at, frame, sample

CSV = Path(__file__).parents[1] / "data" / "uci_minutes" / "house_3999_minutes.csv"


def rows() -> list[tuple[float, float] | None]:
    with CSV.open() as file:
        return [(float(row["Voltage"]), float(row["Global_intensity"])) if row["Voltage"] else None for row in csv.DictReader(file)]


def replay(*detectors):
    area, found = frame(1), []
    for minute, row in enumerate(rows()):
        area.now_utc_ms = at(60 * minute)
        if row is not None:
            area.take(sample(0, 60 * minute, voltage_v__a=row[0], current_a__a=row[1]))
        found += [finding for detector in detectors for finding in detector.update(area)]
    return found


def test_a_house_without_a_fault_raises_no_alarm():
    area = archive(1, nominal_voltage_v=230.0)
    assert len(rows()) > 3900
    assert replay(VoltageDetector(area, VoltageSettings(high_ratio=1.10)), OverloadDetector(area, OverloadSettings())) == []


def test_over_voltage_of_a_narrower_band_is_found_where_an_independent_count_finds_it():
    area = archive(1, nominal_voltage_v=220.0)       # 235.4 V: the house is above it most of the time
    found = replay(VoltageDetector(area, VoltageSettings()))
    begins = [finding.at_utc_ms for finding in found if finding.stage is Stage.BEGIN]
    # oracle: a run above 235.4 V of at least 180 s begins it, a run at or below 233.4 V of at least 180 s ends it
    expected, is_on, run_from, previous = [], False, None, None
    for minute, row in enumerate(rows()):
        if row is None:
            continue
        beyond = row[0] <= 233.4 if is_on else row[0] > 235.4
        if not beyond:
            run_from = None
        elif run_from is None or (previous is not None and minute - previous > 15):
            run_from = minute
        if beyond and run_from is not None and minute - run_from >= 3:
            if not is_on:
                expected.append(at(60 * run_from))
            is_on, run_from = not is_on, None
        previous = minute
    assert begins == expected
    assert len(begins) > 5


def test_without_delays_the_minutes_of_over_voltage_are_exactly_those_of_an_independent_count():
    volts = [row[0] for row in rows() if row is not None]
    expected = sum(value > 235.4 for value in volts)
    found = replay(VoltageDetector(archive(1), VoltageSettings(begin_s=0.0, end_s=0.0, hysteresis_ratio=0.0)))
    begins = [finding.at_utc_ms for finding in found if finding.stage is Stage.BEGIN]
    ends = [finding.at_utc_ms for finding in found if finding.stage is Stage.END]
    ends += [at(60 * len(rows()))] * (len(begins) - len(ends))
    taken = [at(60 * minute) for minute, row in enumerate(rows()) if row is not None]
    assert sum(begin <= time < end for begin, end in zip(begins, ends, strict=True) for time in taken) == expected
    assert 100 < expected < len(volts)


def test_a_dead_phase_is_an_alarm_and_a_low_one_a_warning():
    area = archive(1)
    for volts, severity in ((190.0, "warning"), (20.0, "alarm")):
        detector, place = VoltageDetector(area, VoltageSettings()), frame(1)
        found = []
        for minute in range(6):
            place.now_utc_ms = at(60 * minute)
            place.take(sample(0, 60 * minute, voltage_v__a=volts))
            found += detector.update(place)
        assert [(finding.kind, finding.severity) for finding in found] == [("voltage.low", severity)]


def test_an_overload_warns_with_the_minutes_left_and_then_alarms():
    detector, area, found = OverloadDetector(archive(1), OverloadSettings()), frame(1), []
    for minute in range(40):
        area.now_utc_ms = at(60 * minute)
        area.take(sample(0, 60 * minute, current_a__a=63.0))      # 1.05 times the rating: alarm after tau ln(x / (x - 1))
        found += detector.update(area)
    assert [(finding.stage, finding.severity) for finding in found] == [(Stage.BEGIN, "warning"), (Stage.CHANGE, "alarm")]
    left = dict(found[0].evidence)["minutes_to_alarm"]
    assert abs((found[1].at_utc_ms - found[0].at_utc_ms) / 60_000 - left) <= 1.0
