"""The configuration: all problems in one list, each with its place; nothing is touched that need not be."""

from pathlib import Path

import pytest

from edge_agent.config import load_config
from edge_agent.detect import find_detectors
from edge_agent.errors import ConfigError

GOOD = """
[agent]
area = "a"
id = "e"
state_dir = "{state}"
[mqtt]
url = "mqtt://127.0.0.1:1883"
[[bus]]
name = "b1"
url = "tcp://127.0.0.1:1502"
[[meter]]
id = "m1"
bus = "b1"
unit = 1
profile = "chint-ddsu666"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(text.replace("{state}", str(tmp_path / "state")))
    return path


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert all(str(tmp_path) in problem and "\n" not in problem for problem in caught.value.problems)
    return caught.value.problems


def test_a_good_file_gives_meters_with_their_profiles(tmp_path):
    config = load_config(write(tmp_path, GOOD + 'rated_current_a = 40.0\nnode = "f/b"\n'))
    (entry,) = config.meters
    assert (entry.meter.id, entry.profile.name, entry.meter.rated_current_a, entry.meter.node) == ("m1", "chint-ddsu666", 40.0, "f/b")
    assert (entry.full_s, entry.presence_s) == (60.0, 10.0)
    assert set(config.detectors) == set(find_detectors())
    assert not (tmp_path / "state").exists()


def test_every_problem_is_told_at_once(tmp_path):
    text = (
        GOOD.replace('id = "e"', 'id = "e/+"').replace("unit = 1", 'unit = "one"')
        + """
[[meter]]
id = "m2"
bus = "b2"
unit = 2
profile = "acme"
[schedule]
ful_s = 3
[detect.voltage]
low_ratio = 2.0
[detect.ghosts]
[typo]
"""
    )
    found = problems(tmp_path, text)
    for part in (
        "[agent]: id = 'e/+'",
        "[[meter]] 1 (m1): unit = 'one'",
        "bus 'b2' does not exist",
        "profile 'acme' does not exist",
        "[schedule]: unknown key 'ful_s'; did you mean 'full_s'?",
        "[detect.voltage]: dead_ratio <= low_ratio",
        "[detect.ghosts]: unknown detector",
        "unknown table [typo]",
    ):
        assert any(part in problem for problem in found), (part, found)


def test_two_meters_at_one_address_are_told_with_both_places(tmp_path):
    (found,) = problems(tmp_path, GOOD + '[[meter]]\nid = "m2"\nbus = "b1"\nunit = 1\nprofile = "chint-ddsu666"\n')
    assert "bus 'b1' unit 1 is also [[meter]] 1 (m1); two meters at one address" in found


METER_645 = '[[meter]]\nid = "m2"\nbus = "b2"\naddress = "000012345678"\nprofile = "dlt645-2007-single"\n'
BUS_645 = '[[bus]]\nname = "b2"\nurl = "serial:///dev/ttyS9?baud=2400&format=8E1"\n'


def test_a_meter_of_645_is_told_by_its_address(tmp_path):
    config = load_config(write(tmp_path, GOOD + BUS_645 + METER_645))
    first, second = config.meters
    assert (first.unit, first.address) == (1, "")
    assert (second.unit, second.address, second.profile.protocol) == (0, "000012345678", "dlt645-2007")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (METER_645.replace('"000012345678"', '"12345678"'), "[[meter]] 2 (m2): address = '12345678': the twelve digits on the meter"),
        (METER_645.replace('"000012345678"', '"999999999999"'), "twelve nines are everybody"),
        (METER_645.replace('address = "000012345678"\n', ""), "[[meter]] 2 (m2): missing key 'address'; profile dlt645-2007-single speaks"),
        (METER_645.replace("address", "unit = 3\naddress"), "[[meter]] 2 (m2): unit is not for profile dlt645-2007-single"),
        (METER_645 + METER_645.replace("m2", "m3"), "bus 'b2' address 000012345678 is also [[meter]] 2 (m2); two meters at one address"),
        (METER_645.replace("b2", "b1"), "[[bus]] 'b1': meter m2 speaks dlt645, the bus modbus; one bus speaks one protocol"),
        (METER_645 + '[[meter]]\nid = "m3"\nbus = "b1"\nprofile = "chint-ddsu666"\n', "[[meter]] 3 (m3): missing key 'unit'"),
    ],
    ids=["short", "broadcast", "none", "unit as well", "twice", "two protocols on a bus", "modbus without unit"],
)
def test_an_address_that_does_not_fit_is_told_in_one_line(tmp_path, text, says):
    (found,) = problems(tmp_path, GOOD + BUS_645 + text)
    assert says in found


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('protocol = "modbus"', "meter m2 speaks dlt645, the bus modbus"),
        ('protocol = "knx"', "[[bus]] 2 (b2): protocol = 'knx': one of modbus, dlt645"),
        ("set_clocks_utc_offset_h = 80", "set_clocks_utc_offset_h = 80.0: hours ahead of UTC"),
    ],
)
def test_what_a_bus_says_of_itself_must_fit(tmp_path, line, says):
    assert any(says in problem for problem in problems(tmp_path, GOOD + BUS_645 + line + "\n" + METER_645))


def test_one_wire_on_two_buses_is_refused(tmp_path):
    found = problems(tmp_path, GOOD.replace("[[meter]]", '[[bus]]\nname = "b2"\nurl = "tcp://127.0.0.1:1502"\n[[meter]]'))
    assert any("one wire has one owner" in problem for problem in found)


@pytest.mark.parametrize(
    "url", ["tcp//x", "http://x", "serial://", "serial:///dev/x?baud=12345", "serial:///dev/x?format=9Z9", "tcp://h:99999", "tcp:///x"]
)
def test_an_unusable_bus_url_is_told(tmp_path, url):
    assert any("[[bus]] 1 (b1)" in problem for problem in problems(tmp_path, GOOD.replace("tcp://127.0.0.1:1502", url)))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mqtt://broker.example.org", "TLS is needed off this machine"),
        ("http://x", "write mqtts://"),
        ("mqtt://u:p@127.0.0.1", "write mqtts://"),
    ],
)
def test_an_unusable_broker_url_is_told(tmp_path, url, says):
    assert any(says in problem for problem in problems(tmp_path, GOOD.replace("mqtt://127.0.0.1:1883", url)))


def test_a_file_in_place_of_the_state_directory_is_told(tmp_path):
    (tmp_path / "state").write_text("")
    (found,) = problems(tmp_path, GOOD)
    assert "is a file, not a directory" in found


@pytest.mark.parametrize(("text", "says"), [("[agent", "not valid TOML"), ("", "[agent]: missing key 'area'")])
def test_broken_and_empty_files_are_told(tmp_path, text, says):
    assert any(says in problem for problem in problems(tmp_path, text))


def test_an_absent_file_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "absent.toml")


def test_the_shipped_example_is_right_but_for_its_directories(tmp_path):
    example = Path(__file__).parents[1] / "deploy" / "agent.example.toml"
    config = load_config(write(tmp_path, example.read_text().replace("/var/lib/hplc-edge", str(tmp_path / "state"))))
    assert [entry.address for entry in config.meters] == ["", "", "000012345678"]


def test_a_thousand_meters_load_and_their_birth_fits_a_message(tmp_path):
    from edge_agent.contract import Header
    from edge_agent.journal import Journal
    from edge_agent.runtime.announce import Announcer
    from edge_agent.runtime.clock import SystemClock

    lines = [GOOD.split("[[bus]]")[0]]
    for bus in range(8):
        lines.append(f'[[bus]]\nname = "bus-{bus}"\nurl = "tcp://127.0.0.1:{1500 + bus}"')
        lines += [
            f'[[meter]]\nid = "{bus:04d}{unit:08d}"\nbus = "bus-{bus}"\nunit = {unit}\n'
            f'profile = "chint-ddsu666"\nnode = "feeder-{bus}/branch-{unit % 4}"'
            for unit in range(1, 126)
        ]
    config = load_config(write(tmp_path, "\n".join(lines)))
    assert len(config.meters) == 1000
    journal = Journal.open(tmp_path / "journal")
    birth = Announcer(config, Header(agent="e", epoch=1, boot="b"), journal, SystemClock()).birth()
    journal.close()
    assert len(birth) < 64 * 1024
