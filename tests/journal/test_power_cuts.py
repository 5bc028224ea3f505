"""mqtt_reliability R2: a power cut at every write and sync call."""

import random

import pytest

from edge_agent.journal import STREAMS
from tests.journal.journal_script import DIRECTORY, Run, check_after_cut, read_all
from tests.journal.sim_fs import PowerCut, SimFs


def calls_of_script(records=300):
    run = Run(SimFs())
    run.script_and_close(records)
    return run.fs.calls


def cut_run(cut_at, records=300):
    run = Run(SimFs(cut_at=cut_at))
    with pytest.raises(PowerCut):
        run.script_and_close(records)
    return run


def test_a_cut_at_every_call_leaves_all_that_was_committed_and_an_exact_prefix():
    for cut_at in range(1, calls_of_script() + 1):
        run = cut_run(cut_at)
        for seed in range(2):
            check_after_cut(run, run.fs.restart(random.Random(seed * 100_003 + cut_at), loses_all=seed == 0))


def test_a_second_cut_during_recovery_takes_nothing_either():
    calls = calls_of_script(60)
    for cut_at in range(1, calls + 1, 3):
        run = cut_run(cut_at, 60)
        first = run.fs.restart(random.Random(cut_at))
        for recovery_cut in range(1, 30):
            fs = first.restart(random.Random(0))
            fs.cut_at = recovery_cut
            try:
                Run(fs).open()
            except PowerCut:
                check_after_cut(run, fs.restart(random.Random(recovery_cut)))
            else:
                break


def test_a_number_that_was_committed_never_stands_for_another_record():
    run = cut_run(calls_of_script() // 2)
    fs = run.fs.restart(random.Random(1), loses_all=True)
    again = Run(fs, salt="second life")
    again.open()
    for stream in STREAMS:
        again.append(stream)
        assert next(iter(again.appended[stream])) > run.committed[stream]
    again.commit()
    for stream in STREAMS:
        for record in read_all(again.journal, stream):
            if record.seq <= run.committed[stream]:
                assert record.payload == run.appended[stream][record.seq]


def segment_names(fs, stream):
    return sorted(name for name in fs.names(DIRECTORY) if name.startswith(f"{stream}-") and name.endswith(".seg"))


TAILS = {
    "cut": lambda data, at, chance: data[:at],
    "cut, then garbage": lambda data, at, chance: data[:at] + chance.randbytes(chance.randint(1, 3000)),
    "cut, then zeros": lambda data, at, chance: data[:at] + bytes(chance.randint(1, 3000)),
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_a_torn_tail_leaves_an_exact_prefix_and_the_journal_starts(tail):
    for seed in range(200):
        chance = random.Random(seed)
        run = Run(SimFs())
        run.script(80, seed)
        run.journal.close()
        newest = DIRECTORY / segment_names(run.fs, "r")[-1]
        run.fs.damage(newest, lambda data: tail(data, chance.randint(64, len(data)), chance))  # noqa: B023
        first_seq = int(newest.name[2:22])
        again = Run(run.fs)
        again.open()
        found = read_all(again.journal, "r")
        assert [record.payload for record in found] == list(run.appended["r"].values())[: len(found)], f"seed {seed}"
        assert len(found) >= first_seq - 1
        again.append("r")
        again.commit()
        assert read_all(again.journal, "r")[-1].seq == again.journal.committed("r")
        again.journal.close()
