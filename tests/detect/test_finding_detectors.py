"""Detectors are found by scanning; what would be found wrongly stops the program with the names of the files."""

import sys

import pytest

from edge_agent import detect

GOOD = """
from edge_agent.detect.base import DetectorType
DETECTOR = DetectorType(name={name!r}, settings=dict, build=lambda archive, settings: None)
"""


@pytest.fixture
def scan(tmp_path, monkeypatch):
    """Scan a package of detectors made of these files instead of the shipped one."""

    def scan_files(**sources):
        for name, source in sources.items():
            folder, _, module = name.partition("__")
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "__init__.py").touch()
            (tmp_path / folder / f"{module}.py").write_text(source)
        monkeypatch.setattr(detect, "__path__", [str(tmp_path)])
        return detect.find_detectors.__wrapped__()

    yield scan_files
    for name in [name for name in sys.modules if name.startswith("edge_agent.detect.odd")]:
        del sys.modules[name]
        vars(detect).pop(name.split(".")[2], None)


def test_every_shipped_detector_is_found():
    assert sorted(detect.find_detectors()) == [
        "conductor", "customer_side", "e_bike", "ev", "forbidden", "hot_spot", "joint", "load_steps", "loose_neutral",
        "neutral_overvoltage", "open_neutral", "overload", "phase_overload", "residual", "temperature", "transformer", "voltage",
    ]
    assert sorted(detect.find_waveform_detectors()) == ["arc"]


def test_a_new_file_is_a_new_detector(scan):
    assert set(scan(odd1__leak=GOOD.format(name="leak"), odd1__heat=GOOD.format(name="heat"))) == {"leak", "heat"}


def test_a_file_without_a_detector_is_named(scan):
    with pytest.raises(RuntimeError, match=r"odd2\.empty exposes no DETECTOR"):
        scan(odd2__empty="x = 1")


def test_a_name_used_twice_is_told_with_both_files(scan):
    with pytest.raises(RuntimeError, match=r"odd3\.one.*odd4\.two"):
        scan(odd3__one=GOOD.format(name="same"), odd4__two=GOOD.format(name="same"))
