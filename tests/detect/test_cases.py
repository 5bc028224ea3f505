"""The cases of each detector under tests/cases: what goes in and every finding that must come out, as data."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from edge_agent.detect import find_detectors
from edge_agent.model import COLUMN_INDEX, N_COLUMNS, Archive, AreaFrame, Finding, Meter, Role, Sample, TimeSource, Transformer
from tests.detect.areas import T0, at

CASES = Path(__file__).parents[1] / "cases"
FILES = sorted(CASES.glob("*/*.toml"))


def run(path: Path) -> tuple[list[Finding], list[dict]]:
    """The findings of a case, and what it expects."""
    case = tomllib.loads(path.read_text())
    given = [meter | {"role": Role(meter.get("role", "customer"))} for meter in case["meter"]]
    meters = [Meter(**{"profile": "p", "bus": "b", "index": index} | meter) for index, meter in enumerate(given)]
    archive = Archive("area-1", tuple(meters), transformer=Transformer(**case["transformer"]) if "transformer" in case else None)
    kind = find_detectors()[path.parent.name]
    detector = kind.build(archive, kind.settings(**case.get("settings", {})))
    frame, findings, second = AreaFrame.empty(len(archive.meters), T0), [], 0.0
    for span in case["span"]:
        frame.supply_v[:] = span.get("supply_v", [np.nan] * 3)
        for _ in range(round(span["for_s"] / case["every_s"])):
            frame.now_utc_ms = at(second)
            for meter in archive.meters:
                poll(frame, meter, span)
            findings += detector.update(frame)
            second += case["every_s"]
    return findings, case.get("expect", [])


def poll(frame: AreaFrame, meter: Meter, span: dict) -> None:
    frame.reachable[meter.index] = meter.id not in span.get("down", [])
    if meter.id in span.get("down", []):
        return
    if meter.id in span.get("dark", []):
        frame.poll_failed(meter.index, frame.now_utc_ms)
        return
    values = np.full(N_COLUMNS, np.nan)
    for column, value in span.get("of", {}).get(meter.id, span.get("values", {})).items():
        values[COLUMN_INDEX[column]] = value
    frame.take(Sample(meter=meter.index, taken_utc_ms=frame.now_utc_ms, time_source=TimeSource.NTP, values=values))


def said(finding: Finding, fields: dict) -> dict:
    everything = {
        "kind": finding.kind, "stage": finding.stage.value, "place": finding.place.id, "severity": finding.severity,
        "at_s": (finding.at_utc_ms - T0) / 1000, "threshold": finding.threshold, "observed": finding.observed,
        "confidence": finding.confidence, "meters": list(finding.meters),
    }  # fmt: skip
    return {field: everything[field] for field in fields}


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def test_a_case_gives_exactly_the_findings_it_expects(path):
    findings, expected = run(path)
    assert [(finding.kind, finding.stage.value, finding.place.id) for finding in findings] == [
        (fields["kind"], fields["stage"], fields["place"]) for fields in expected
    ]
    assert [said(finding, fields) for finding, fields in zip(findings, expected, strict=True)] == expected


def test_every_detector_has_cases_and_every_folder_of_cases_a_detector():
    assert {path.parent.name for path in FILES} == set(find_detectors())
