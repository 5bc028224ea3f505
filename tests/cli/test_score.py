"""``hplc-edge score``: which sets there are, what it says of folders that are none."""

import json

import pytest

from edge_agent.cli.main import main
from simulator.cli.rows import Row
from simulator.scoring import sets
from simulator.scoring.score_set import ScoreSet


@pytest.fixture
def own_sets(monkeypatch):
    """Two sets whose figure is the number of files in the folder."""

    def score(directory, say):
        count = len(list(directory.iterdir()))
        return [Row(name="files", figure=count, unit="files", goal="= 1", ok=count == 1)]

    found = {name: ScoreSet(name=name, summary="files", score=score) for name in ("first", "second")}
    monkeypatch.setattr(sets, "find_sets", lambda: found)


@pytest.mark.usefixtures("own_sets")
def test_a_set_is_scored_and_a_missed_goal_is_exit_code_1(tmp_path, capsys):
    (tmp_path / "a").touch()
    assert main(["score", "first", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"name": "files", "figure": 1, "unit": "files", "goal": "= 1", "ok": True}]
    (tmp_path / "b").touch()
    assert main(["score", "first", str(tmp_path)]) == 1


@pytest.mark.usefixtures("own_sets")
def test_all_scores_what_has_a_folder_and_says_what_has_none(tmp_path, capsys):
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "a").touch()
    assert main(["score", "all", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("second: files")
    assert "so not scored: first" in captured.err


@pytest.mark.usefixtures("own_sets")
def test_a_folder_that_is_none_is_one_line(tmp_path, capsys):
    assert main(["score", "first", str(tmp_path / "nowhere")]) == 2
    assert "does not exist; name the folder with the files of the set first" in capsys.readouterr().err
    assert main(["score", "all", str(tmp_path)]) == 2
    assert "has no folder of the name of a set" in capsys.readouterr().err
