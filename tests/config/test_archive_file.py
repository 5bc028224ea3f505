"""Archive files: what a good one gives in each of its forms, and every problem of a bad one with its line."""

import contextlib
import json
import random

import pytest

from edge_agent.config import load_config
from edge_agent.config.archive_file import read_archive_file
from edge_agent.config.wires import read_meter_tables
from edge_agent.errors import ConfigError
from edge_agent.model import Site
from simulator.grid.areas import make_area

HEAD = "id,bus,unit,profile,node,grid_phases,tags,latitude,longitude\n"
AGENT = """
[agent]
area = "a"
id = "e"
state_dir = "{state}"
[mqtt]
url = "mqtt://127.0.0.1:1883"
[[bus]]
name = "b1"
url = "tcp://127.0.0.1:1502"
[archive]
file = "{file}"
"""
METER = """
[[meter]]
id = "m1"
bus = "b1"
unit = 1
profile = "chint-ddsu666"
"""


def read(tmp_path, text, name="archive.csv"):
    """The file, and its problems without the directory."""
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    problems = []
    listed = read_archive_file(path, problems)
    read_meter_tables([(where, {"bus": "", "profile": "", **row}) for where, row in listed.meters], problems)
    assert all("\n" not in problem for problem in problems)
    return listed, [problem.replace(f"{tmp_path}/", "") for problem in problems]


def good(tmp_path, text, name="archive.csv"):
    listed, problems = read(tmp_path, text, name)
    assert problems == []
    return listed


def bad(tmp_path, text, name="archive.csv"):
    return read(tmp_path, text, name)[1]


def nodes(listed):
    return {row["id"]: row.get("node", "") for _, row in listed.meters}


def load(tmp_path, text, more="", name="archive.csv"):
    (tmp_path / name).write_text(text)
    config = tmp_path / "agent.toml"
    config.write_text(AGENT.replace("{state}", str(tmp_path / "state")).replace("{file}", name) + more)
    return load_config(config)


def test_the_three_ways_to_name_a_place_give_the_same_tree(tmp_path):
    paths = "id,node\nm1,f1/b1/x1\nm2,f1/b1/x2\nm3,f1\n"
    columns = "id,feeder,branch,box\nm1,f1,b1,x1\nm2,f1,b1,x2\nm3,f1,,\n"
    parents = "id,node,parent\n,x1,b1\n,x2,b1\n,b1,f1\n,f1,\nm1,x1,\nm2,x2,\nm3,f1,\n"
    as_json = {
        "nodes": [{"node": "f1", "parent": None}, {"node": "b1", "parent": "f1"}, *({"node": x, "parent": "b1"} for x in ("x1", "x2"))],
        "meters": [{"id": "m1", "node": "x1"}, {"id": "m2", "node": "x2"}, {"id": "m3", "node": "f1"}],
    }
    expected = {"m1": "f1/b1/x1", "m2": "f1/b1/x2", "m3": "f1"}
    assert [nodes(good(tmp_path, text)) for text in (paths, columns, parents)] == [expected] * 3
    assert nodes(good(tmp_path, json.dumps(as_json), "archive.json")) == expected


def test_sites_of_meters_of_nodes_and_of_the_area(tmp_path):
    text = "id,node,latitude,longitude,address_text,pole,hv_line,grid\n,,,,,,10kV-7,G1\n"
    text += ",f1/x1,28.2,112.9,Lane 3,P17,,\nm1,f1/x1,,,No. 5,,,\n"
    sites = good(tmp_path, text).sites
    expected = Site(latitude=28.2, longitude=112.9, address="No. 5", pole="P17", hv_line="10kV-7", grid="G1")
    assert sites.of_meter("m1", "f1/x1") == expected


def test_a_json_file_says_the_same_as_a_table(tmp_path):
    table = good(tmp_path, "# version: 4\n" + HEAD + ",,,,f1,,,28.0,113.0\nm1,b1,1,p,f1,a,medical;elderly,28.1,113.1\n")
    text = json.dumps({
        "version": 4, "nodes": [{"node": "f1", "latitude": 28.0, "longitude": 113.0}],
        "meters": [{"id": "m1", "bus": "b1", "unit": 1, "profile": "p", "node": "f1", "grid_phases": "a", "tags": ["medical", "elderly"],
                    "latitude": 28.1, "longitude": 113.1}],
    })
    same = good(tmp_path, text, "archive.json")
    assert (same.version, same.sites) == (table.version, table.sites)
    assert [row for _, row in same.meters] == [row for _, row in table.meters]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_any_office_are_read(tmp_path, encoding, end, separator):
    lines = ["id,node,address_text", "m1,一号线/二号箱,柳树巷三号"]
    listed = good(tmp_path, end.join(line.replace(",", separator) for line in lines).encode(encoding))
    assert nodes(listed) == {"m1": "一号线/二号箱"}
    assert listed.sites.meters["m1"].address == "柳树巷三号"


def test_each_problem_is_told_with_its_line(tmp_path):
    text = HEAD + "\n".join([
        "m1,b1,1,p,f1/x1,a,,,",
        "m1,b1,2,p,f1/x1,a,,,",
        "m3,b1,1,p,f1/x1,a,,,",
        "m4,b1,4,p,f1//x1,a,,,",
        "m5,b1,5,p,f1,d,vip,95,113",
        "m6,b1,six,p,f1,aa,,28,",
        "m 7,b1,7,p,f1,a,,0,0",
        "m8,b1,8,p,f1,a,,,,too many",
        "",
        ",,,,f1/x9/y9,,,,",
        ",b1,9,,,,,,",
        ",,,,f1,,,,",
        ",,,,f1,,,,",
    ])
    found = bad(tmp_path, text)
    expected = [
        ("3 (m1)", "id 'm1' is also"), ("4 (m3)", "unit 1 is also"), ("5 (m4)", "node = 'f1//x1'"),
        ("6 (m5)", "grid_phases = 'd': one letter of a, b, c for each phase of the meter, such as 'b' or 'abc'; tags: 'vip'"),
        ("6 (m5)", "latitude = 95.0"), ("7 (m6)", "unit = 'six'"), ("7 (m6)", "go together"), ("8 (m 7)", "id = 'm 7'"),
        ("8 (m 7)", "are 0"), ("9", "10 cells below 9 columns"), ("11", "hangs on 'f1/x9'"), ("12", "without id"), ("14", "is also"),
    ]
    for line, part in expected:
        assert [problem for problem in found if problem.startswith(f"archive.csv:{line}:") and part in problem], (line, part, found)
    assert len(found) == len(expected)


def test_circles_orphans_and_nodes_under_two_parents_are_told_once_each(tmp_path):
    text = "id,node,parent\n,a,b\n,b,c\n,c,a\n,below,a\n,self,self\n,x,f1\n,f1,\n,x,f2\n,lost,nowhere\n"
    text += "m1,a,\nm2,ghost,\nm3,below,\nm4,x,f1\n"
    assert bad(tmp_path, text) == [
        "archive.csv:9: node 'x' is also archive.csv:7, there below 'f1' and here below 'f2'",
        "archive.csv:10: node 'lost' hangs on 'nowhere', which does not exist",
        "archive.csv:2: node 'a' hangs on itself by way of b and c",
        "archive.csv:6: node 'self' hangs on itself",
        "archive.csv:12 (m2): node 'ghost' does not exist",
        "archive.csv:14 (m4): parent = 'f1': a meter hangs on a node: name it in the column node",
    ]


def test_a_box_hangs_on_one_branch(tmp_path):
    found = bad(tmp_path, "id,feeder,branch,box\nm1,f1,b1,x1\nm2,f1,b2,x1\nm3,f2,b1,x3\nm4,,b9,\n")
    assert "box 'x1' hangs on 'f1/b2', but on 'f1/b1' at archive.csv:2" in found[0]
    assert "branch 'b1' hangs on 'f2', but on 'f1' at archive.csv:2" in found[1]
    assert "without a feeder" in found[2]
    assert len(found) == 3


def test_boxes_numbered_anew_below_each_branch_are_named_by_path(tmp_path):
    assert nodes(good(tmp_path, "id,node\nm1,f1/b1/x1\nm2,f1/b2/x1\n")) == {"m1": "f1/b1/x1", "m2": "f1/b2/x1"}


@pytest.mark.parametrize(("text", "part"), [
    ("", "has no head line"),
    ("id,colour\n", "unknown column 'colour'"),
    ("id,id\n", "comes twice"),
    ('id,node\nm1,"f1\n', "is not CSV"),
    ("# version: seven\nid\nm1\n", "a whole number is expected"),
    ("id,relay\nm1,ajar\n", "relay = 'ajar'"),
    ("id,pole\nm1,\x07\n", "do not print"),
    ("id,pole\nm1," + "x" * 201 + "\n", "longer than 200"),
    ("id,latitude,longitude\nm1,nan,1\n", "latitude = 'nan'"),
    ("id,node\nm1," + "/".join("abcdefghi") + "\n", "at most 8 levels"),
])  # fmt: skip
def test_tables_that_are_none(tmp_path, text, part):
    (problem,) = bad(tmp_path, text)
    assert problem.startswith("archive.csv:")
    assert part in problem


@pytest.mark.parametrize(("text", "line", "part"), [
    ('{"meters": [\n{"id": "m1"},\n{"id": "m2", }]}', 3, "is not valid JSON"),
    ('{"meters": [\n{"id": "m1"},\n{"id": "m2", "unit": NaN}]}', 3, "NaN is no number"),
    ('{"meters": [\n{"id": "m1", "latitude": 1e999, "longitude": 1}]}', 2, "1e999 is no number"),
    ('{"meters": [{"id": "m1",\n "id": "m2"}]}', 1, "comes twice"),
    ('{"meters": [\n7]}', 2, "an object {...} is expected"),
    ('{"meters": [\n{"node": "f1"}]}', 2, "a meter needs an id"),
    ('{"nodes": [\n{"id": "m1", "node": "f1"}]}', 2, "a node has no id"),
    ('{"meters": [\n{"id": "m1", "pole": "\\ud800"}]}', 2, "do not print"),
    ('{"meters": [\n{"id": "m1", "tags": "medical"}]}', 2, "tags = 'medical'"),
    ('{"meters": []}\n{}', 2, "something follows the end"),
    ('{"meters": ' + "[" * 100_000, 1, "nested too deep"),
    ("[]", 1, "'{' is expected"),
])  # fmt: skip
def test_json_that_is_none(tmp_path, text, line, part):
    (problem,) = bad(tmp_path, text, "archive.json")
    assert problem.startswith(f"archive.json:{line}")
    assert part in problem


def test_files_that_cannot_be_read_are_one_problem(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_archive_file(tmp_path / "none.csv", [])
    (tmp_path / "binary.csv").write_bytes(b"\xff\xff\xff\xff")
    with pytest.raises(ConfigError, match="neither UTF-8 nor GBK"):
        read_archive_file(tmp_path / "binary.csv", [])
    (tmp_path / "large.csv").write_bytes(b"x" * (9 << 20))
    with pytest.raises(ConfigError, match="larger than 8 MiB"):
        read_archive_file(tmp_path / "large.csv", [])
    (tmp_path / "long.csv").write_text("id\n" + "m1\n" * 20_001)
    with pytest.raises(ConfigError, match="20001 rows"):
        read_archive_file(tmp_path / "long.csv", [])


def test_a_file_cut_or_damaged_anywhere_raises_nothing_but_config_errors(tmp_path):
    seed = random.randrange(10**9)
    print("seed", seed)
    chance = random.Random(seed)
    table = ("# version: 2\nid,node,parent,tags,latitude,longitude\n,x,f\n,f,\nm1,x,,medical,1,2\n" * 2).encode()
    other = json.dumps({"version": 1, "area": {"grid": "g"}, "nodes": [{"node": "f"}], "meters": [{"id": "m", "node": "f"}]}).encode()
    for name, whole in (("a.csv", table), ("a.json", other)):
        for _ in range(300):
            content = bytearray(whole[: chance.randrange(len(whole) + 1)])
            for _ in range(chance.randrange(4)):
                if content:
                    content[chance.randrange(len(content))] = chance.randrange(256)
            with contextlib.suppress(ConfigError):
                read(tmp_path, bytes(content), name)


def test_the_agents_archive_is_that_of_the_file(tmp_path):
    config = load(tmp_path, "# version: 12\n" + HEAD + "m1,b1,1,chint-ddsu666,f1/x1,b,tobacco,28,113\n,,,,f1,,,28,112\n")
    (meter,) = config.archive.meters
    assert (meter.id, meter.node, meter.grid_phases, meter.tags, meter.index) == ("m1", "f1/x1", "b", ("tobacco",), 0)
    assert (config.archive.version, config.archive.sites.of_node("f1/x1").longitude) == (12, 112.0)
    assert config.meters[0].unit == 1


def test_a_row_without_a_way_to_its_meter_adds_to_the_meter_of_the_configuration(tmp_path):
    config = load(tmp_path, "id,node,tags,pole\nm1,f1/x1,medical,P4\n", METER)
    (meter,) = config.archive.meters
    assert (meter.node, meter.tags, config.archive.sites.meters["m1"].pole) == ("f1/x1", ("medical",), "P4")


def test_what_file_and_configuration_say_differently_is_a_problem(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "id,bus,unit,profile,node\nm1,,,,f2\nm2,,,,\nm3,b1,1,chint-ddsu666,\nm1,,,,\n", METER + 'node = "f1"\n')
    found = [problem.split("archive.csv")[1] for problem in caught.value.problems]
    assert found[0] == ":2 (m1): node = 'f2', but [[meter]] 1 (m1) says 'f1'"
    assert "m2' does not exist: neither this row nor a [[meter]] says how to reach it" in found[1]
    assert ":5 (m1): id 'm1' is also" in found[2]
    assert found[3] == ":4 (m3): bus 'b1' unit 1 is also [[meter]] 1 (m1); two meters at one address"
    assert len(found) == 4


def test_phases_must_be_those_of_the_profile(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "id,bus,unit,profile,phases,grid_phases\nm1,b1,1,chint-ddsu666,abc,\nm2,b1,2,chint-ddsu666,,abc\n")
    assert ["phases = 'abc': profile chint-ddsu666 has 'a'" in problem for problem in caught.value.problems] == [True, False]
    assert "one letter for each of the phases 'a'" in caught.value.problems[1]


def test_an_open_relay_is_a_ticket_without_end(tmp_path):
    config = load(tmp_path, "id,bus,unit,profile,relay\nm1,b1,1,chint-ddsu666,open\nm2,b1,2,chint-ddsu666,closed\n")
    (ticket,) = config.standing_tickets
    assert (ticket.kind, ticket.meter) == ("disconnect", "m1")


def test_an_area_of_a_thousand_meters_comes_back_as_it_was_written(tmp_path):
    area = make_area("urban_cable", meters=1000, seed=5)
    text = "id,bus,unit,profile,node,grid_phases\n" + "".join(
        f"{meter.id},b{number // 200},{number % 200 + 1},p,{meter.node},{meter.phases}\n" for number, meter in enumerate(area.meters)
    )
    assert nodes(good(tmp_path, text)) == {meter.id: meter.node for meter in area.meters}
