"""From a window to an event: what the detectors of windows tell is journaled, remembered over a restart, and learned anew by command."""

import asyncio
import json

import numpy as np

from edge_agent.config import load_config
from edge_agent.detect import find_waveform_detectors
from edge_agent.runtime.agent import Agent, make_clock
from simulator.meter.arc_circuit import ArcingCircuit, ArcSpan
from simulator.meter.sensing_unit import SensingUnit, UnitSettings
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


def test_the_agent_reads_the_units_that_its_configuration_names(tmp_path):
    """A file of frames, with an arc in the second channel, through configuration and task tree into the journal."""
    circuits = [
        ArcingCircuit(load="resistive", current_a=8.0, chance=np.random.default_rng(1)),
        ArcingCircuit(load="resistive", current_a=8.0, chance=np.random.default_rng(2), spans=(ArcSpan(begin_s=0.4, end_s=2.0),)),
    ]
    unit = SensingUnit(circuits, np.random.default_rng(3), UnitSettings(rate_hz=6400.0), begin_utc_ms=1_790_000_000_000)
    frames = b"".join(unit.frames(8))
    (tmp_path / "frames.bin").write_bytes(frames)
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[agent]\narea = "a"\nid = "e"\nstate_dir = "{tmp_path / "state"}"\ntick_s = 0.05\n'
        '[mqtt]\nurl = "mqtt://127.0.0.1:9"\n[[bus]]\nname = "b"\nurl = "tcp://127.0.0.1:9"\n'
        '[[meter]]\nid = "m1"\nbus = "b"\nunit = 1\nprofile = "eastron-sdm630-v2"\n'
        + "".join(
            f'[[waveform]]\nurl = "file://{tmp_path}/frames.bin"\nmeter = "m1"\nphase = "{phase}"\nchannel = {channel}\n'
            for channel, phase in enumerate("bc")
        )
    )
    config = load_config(path)
    agent = Agent(config, make_clock(config))

    async def run():
        task = asyncio.create_task(agent.run())
        async with asyncio.timeout(20):
            while not any(b"arc.series" in message for _, message in agent.pipeline.active_alarms()):
                assert not task.done()
                await asyncio.sleep(0.02)
        agent.stop()
        await task

    asyncio.run(run())
    agent.close()
    assert agent.pipeline.waveforms == 16
    alarms = {alarm["data"]["kind"]: alarm["data"] for alarm in (json.loads(message) for _, message in agent.pipeline.active_alarms())}
    assert (alarms["arc.series"]["node_id"], alarms["arc.series"]["phases"]) == ("m1", "c")
    assert alarms["fire.risk"]["node_id"] == "m1"
