"""``[[waveform]]``: which circuit a channel senses; what does not fit is told with its place."""

import pytest

from edge_agent.acquire.waveform_source import Sensed
from edge_agent.config import load_config
from edge_agent.errors import ConfigError
from tests.test_config import GOOD, problems, write

THREE = '[[meter]]\nid = "m2"\nbus = "b1"\nunit = 2\nprofile = "chint-dtsu666-a"\n'
UNIT = '[[waveform]]\nurl = "unix:///run/unit.sock"\nmeter = "m1"\n'


def test_channels_of_one_unit_are_one_unit(tmp_path):
    config = load_config(write(tmp_path, GOOD + THREE + UNIT + UNIT.replace("m1", "m2") + 'phase = "c"\nchannel = 4\n'))
    (unit,) = config.units
    assert unit.url == "unix:///run/unit.sock"
    assert unit.channels == {0: Sensed(meter=0, phase="a"), 4: Sensed(meter=1, phase="c")}


def test_settings_of_detectors_of_windows_are_those_of_detect(tmp_path):
    config = load_config(write(tmp_path, GOOD + "[detect.arc]\nend_s = 5.0\n"))
    assert config.waveform_detectors["arc"].end_s == 5.0
    assert "arc" not in config.detectors
    assert config.units == ()
    assert any("release_half_cycles" in problem for problem in problems(tmp_path, GOOD + "[detect.arc]\nalarm_half_cycles = 3\n"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (UNIT.replace("m1", "m9"), "[[waveform]] 1: meter 'm9' does not exist"),
        (UNIT.replace("unix://", "tcp://"), "[[waveform]] 1: url 'tcp:///run/unit.sock': write unix:///path"),
        (UNIT + 'phase = "b"\n', "[[waveform]] 1: phase 'b': meter m1 has 'a'"),
        (UNIT + 'phase = "n"\n', "phase = 'n': one of a, b, c"),
        (UNIT + "channel = -1\n", "channel = -1: 0 to 65535"),
        (UNIT + UNIT, "[[waveform]] 2: channel 0 of unix:///run/unit.sock is named before"),
        (UNIT + UNIT.replace("unit.sock", "other.sock"), "[[waveform]] 2: phase a of meter m1 is also [[waveform]] 1"),
        (UNIT + "uid = -5\n", "uid = -5"),
        ('[waveform]\nurl = "unix:///x"\nmeter = "m1"\n', "[waveform]: write [[waveform]]"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(tmp_path, text, says):
    found = problems(tmp_path, GOOD + text)
    assert any(says in problem for problem in found), found


def test_a_problem_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError):
        load_config(write(tmp_path, GOOD + UNIT.replace("m1", "m9")))
