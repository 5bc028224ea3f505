"""``hplc-edge archive check``: the tree of a good file, every problem of a bad one, and the exit codes of both."""

import json

import pytest

from edge_agent.cli.main import main

GOOD = """# version: 7
id,node,grid_phases,tags,relay,latitude,longitude
,f1/b1,,,,28.1,113.0
m1,f1/b1/x1,a,medical,,,
m2,f1/b1/x1,b,,open,,
m3,f1/b10,abc,,,,
m4,,,,,,
"""


@pytest.fixture
def file(tmp_path):
    def write(text, name="archive.csv"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def test_the_tree_in_short(file, capsys):
    assert main(["archive", "check", file(GOOD)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("version 7, 4 meters below 1 feeder, 2 branches, 1 box")
    assert lines[1:4] == ["1 of 4 meters without a place", "2 of 4 meters without coordinates", "1 of 4 meters with an open relay"]
    assert [line.split()[0] for line in lines[4:]] == ["f1", "b1", "x1", "b10"]
    assert lines[6].split() == ["x1", "2", "meters", "a:1", "b:1", "medical:1", "m1", "m2"]


def test_the_tree_for_a_machine(file, capsys):
    assert main(["archive", "check", file(GOOD), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["version"], found["meters"], found["relays_open"]) == (True, 7, 4, ["m2"])
    box = next(place for place in found["places"] if place["node"] == "f1/b1/x1")
    assert (box["level"], box["meters"], box["phases"], box["tags"]) == ("box", ["m1", "m2"], {"a": 1, "b": 1}, {"medical": 1})
    assert box["has_coordinates"]


def test_problems_are_on_stderr_one_a_line_and_the_code_is_1(file, capsys):
    path = file(GOOD + "m1,f1,q,,,,\n")
    assert main(["archive", "check", path]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.startswith(f"{path}:8 (m1): ") for line in captured.err.splitlines()] == [True, True, False]


def test_problems_for_a_machine(file, capsys):
    assert main(["archive", "check", file(GOOD + "m1,f1,q,,,,\n"), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], len(found["problems"])) == (False, 2)


def test_announced_work_is_checked_against_the_archive(file, capsys):
    archive = file(GOOD)
    work = {"id": "w", "nodes": ["f1/b1"], "from": "2026-11-26T09:00:00+08:00", "until": "2026-11-26T12:00:00+08:00"}
    assert main(["archive", "check", archive, "--work", file(json.dumps({"planned": [work]}), "w.json")]) == 0
    assert "1 planned works, 0 tickets" in capsys.readouterr().out
    assert main(["archive", "check", archive, "--work", file(json.dumps({"planned": [work | {"nodes": ["f9"]}]}), "w.json")]) == 1
    assert "w.json:1: node 'f9' is no place of the archive" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_wrong_use(tmp_path, capsys):
    assert main(["archive", "check", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err
