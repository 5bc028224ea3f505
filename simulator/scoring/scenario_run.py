"""The shipped detectors over a scenario at its own step, every meter read each step: what they tell, beside what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.detect import find_detectors
from edge_agent.detect.fire_risk import FireRisk
from edge_agent.model import Finding
from simulator.run.metering import Metering, Models, archive_of
from simulator.scenario.scenario_file import Scenario
from simulator.scoring.fire import FireScore, faults_of, score_fire
from simulator.scoring.metered import frames_of

_MODELS = Models(single_phase="dlt645-2007-single", three_phase="dlt645-2007-three")      # 0.1 V and 1 mA, as most meters show
_HOLES = 0.005        # answers lost by chance
_NO_RISK = {"load_steps", "ev", "e_bike", "forbidden"}      # detectors that never tell of one; they cost half of the time


def findings_of(scenario: Scenario, say: Callable[[float], None] = lambda share: None) -> list[Finding]:
    """In the order in which they were told, fire-risk levels with them. ``say`` is told the share that is done."""
    archive = archive_of(scenario.area, _MODELS)
    detectors = [found.build(archive, found.settings()) for name, found in find_detectors().items() if name not in _NO_RISK]
    risk, told = FireRisk(archive), list[Finding]()
    steps = int(scenario.duration_s / scenario.step_s)
    for step, frame in enumerate(frames_of(Metering(scenario.world(), _MODELS), steps, holes=_HOLES)):
        new = [finding for detector in detectors for finding in detector.update(frame)]
        told += [*new, *risk.update(new, frame.now_utc_ms)]
        if step % 1000 == 0:
            say(step / steps)
    return told


def score_scenario(scenario: Scenario, say: Callable[[float], None] = lambda share: None) -> FireScore:
    """Raises NotSolvedError: a step of the grid does not converge."""
    meters = [meter.id for meter in scenario.area.meters]
    return score_fire(findings_of(scenario, say), faults_of(scenario, scenario.world()), meters, duration_s=scenario.duration_s)
