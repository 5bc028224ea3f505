"""From a window to an event: what the detectors of windows tell is journaled, remembered over a restart, and learned anew by command."""

import numpy as np

from edge_agent.detect import find_waveform_detectors
from tests.detect.waveform.waves import archive, current, pattern, windows
from tests.runtime.pipelines import SettableClock, journaled, make_pipeline


def pipeline_at(directory, clock):
    kind, area = find_waveform_detectors()["arc"], archive()
    return make_pipeline(directory, clock, area, {"arc": kind.build(area, kind.settings(end_s=1.0))})


def arc(pipeline, clock, half_cycles):
    for window in windows(current(half_cycles)):
        clock.set_ms = window.taken_utc_ms + 200 - int(1000 * clock.running_s)
        pipeline.take_waveform(window)
        pipeline.tick()


def kinds(journal, stream="a"):
    return [(message["type"], message["data"].get("kind")) for message in journaled(journal, stream)]


def test_an_arc_becomes_an_event_that_begins_and_ends(tmp_path):
    clock = SettableClock()
    pipeline, journal = pipeline_at(tmp_path, clock)
    arc(pipeline, clock, pattern(40, 60, 300))
    told = [entry for entry in kinds(journal) if entry[1] == "arc.series"]
    assert [name.rpartition(".")[2] for name, _ in told][::len(told) - 1] == ["start", "end"]
    assert pipeline.waveforms == 20


def test_an_arc_that_is_on_is_still_on_after_a_restart(tmp_path):
    clock = SettableClock()
    pipeline, journal = pipeline_at(tmp_path, clock)
    arc(pipeline, clock, pattern(40, 160, 0))
    journal.commit()
    pipeline.save()
    journal.close()
    pipeline, journal = pipeline_at(tmp_path, clock)
    pipeline.restore()
    assert any(b"arc.series" in message for _, message in pipeline.active_alarms())


def test_an_operator_has_the_circuit_learned_anew(tmp_path):
    clock = SettableClock()
    pipeline, journal = pipeline_at(tmp_path, clock)
    arc(pipeline, clock, pattern(40, 160, 0))
    pipeline.relearn(["m0"], ["arc"])
    (window,) = windows(current(np.zeros(20, dtype=bool)), begin_s=2.0, sequence=10)
    pipeline.take_waveform(window)
    pipeline.tick()
    assert [name for name, kind in kinds(journal) if kind == "arc.series"][-1].endswith(".end")
