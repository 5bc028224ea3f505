"""What was saved is there after any power cut: the new content or the one before, never a mixture, never nothing."""

import errno
import random
from pathlib import Path

import pytest

from edge_agent.errors import ConfigError
from edge_agent.state import StateStore
from tests.journal.sim_fs import PowerCut, SimFs

DIRECTORY = Path("/state")


def test_what_was_saved_last_is_loaded(tmp_path):
    store = StateStore(tmp_path / "state")
    assert store.load("events") is None
    for data in (b"first", b"", b"third"):
        store.save("events", data)
        assert StateStore(tmp_path / "state").load("events") == data
    assert store.load("detectors") is None


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1] + b"?", lambda raw: raw[:3], lambda raw: bytes(len(raw)), None])
def test_a_damaged_newest_falls_back_to_the_one_before(damage):
    fs = SimFs()
    store = StateStore(DIRECTORY, fs=fs)
    store.save("events", b"before")
    store.save("events", b"newest")
    fs.damage(DIRECTORY / "events.state", damage)
    assert store.load("events") == b"before"
    store.save("events", b"after")
    assert store.load("events") == b"after"
    fs.damage(DIRECTORY / "events.state", damage)
    assert store.load("events") == b"before", "the damaged one did not push it out"


def test_a_power_cut_at_any_call_leaves_the_old_or_the_new_content():
    saved = [b"%d" % number * 200 for number in range(5)]
    for cut_at in range(1, 200):
        fs = SimFs(cut_at=cut_at)
        done, is_over = 0, False
        store = StateStore(DIRECTORY, fs=fs)
        try:
            for data in saved:
                store.save("events", data)
                done += 1
            is_over = True
        except PowerCut:
            pass
        for seed in range(8):
            found = StateStore(DIRECTORY, fs=fs.restart(random.Random(seed), loses_all=seed == 0)).load("events")
            if done:
                assert found in saved[done - 1 : done + 1], f"cut at call {cut_at}, seed {seed}"
            else:
                assert found in (None, saved[0])
        if is_over:
            return
    pytest.fail("the script never ended")


def test_a_save_that_the_disk_refuses_leaves_what_was_there():
    for call in range(1, 9):
        fs = SimFs()
        store = StateStore(DIRECTORY, fs=fs)
        store.save("events", b"old")
        fs.faults = {fs.calls + call: errno.ENOSPC}
        try:
            store.save("events", b"new")
        except OSError:
            assert store.load("events") in (b"old", b"new")
            store.save("events", b"newer")
            assert store.load("events") == b"newer"
        else:
            assert store.load("events") == b"new"


@pytest.mark.parametrize("name", ["", "../events", "Events", "a.b", "x" * 41])
def test_names_that_could_leave_the_directory_are_refused(name):
    store = StateStore(DIRECTORY, fs=SimFs())
    with pytest.raises(ValueError, match="small letters"):
        store.save(name, b"")
    with pytest.raises(ValueError, match="small letters"):
        store.load(name)


def test_a_file_in_place_of_the_directory_is_one_line(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(ConfigError, match="choose another state_dir"):
        StateStore(tmp_path / "state")
