"""The shipped detectors over a scenario at its own step, every meter read each step: what they tell, beside what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.detect import find_detectors
from edge_agent.detect.fire_risk import FireRisk
from edge_agent.model import Finding
from simulator.run.metering import Metering, Models, archive_of
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.world import World
from simulator.scoring.fire import FireScore, faults_of, score_fire
from simulator.scoring.metered import frames_of
from simulator.scoring.strain import Strain

_MODELS = Models(single_phase="dlt645-2007-single", three_phase="dlt645-2007-three")      # 0.1 V and 1 mA, as most meters show
_HOLES = 0.005        # answers lost by chance
_NO_RISK = {"load_steps", "ev", "e_bike", "forbidden"}      # detectors that never tell of one; they cost half of the time


def findings_of(scenario: Scenario, world: World, after_step: Callable[[int], None]) -> list[Finding]:
    """In the order in which they were told, fire-risk levels with them."""
    archive = archive_of(scenario.area, _MODELS)
    detectors = [found.build(archive, found.settings()) for name, found in find_detectors().items() if name not in _NO_RISK]
    risk, told = FireRisk(archive), list[Finding]()
    steps = int(scenario.duration_s / scenario.step_s)
    for step, frame in enumerate(frames_of(Metering(world, _MODELS), steps, holes=_HOLES)):
        new = [finding for detector in detectors for finding in detector.update(frame)]
        told += [*new, *risk.update(new, frame.now_utc_ms)]
        after_step(step)
    return told


def score_scenario(scenario: Scenario, say: Callable[[float], None] = lambda share: None) -> FireScore:
    """``say`` is told the share that is done. Raises NotSolvedError: a step of the grid does not converge."""
    world = scenario.world()
    strain, steps = Strain(scenario, world), int(scenario.duration_s / scenario.step_s)

    def after_step(step: int) -> None:
        strain.follow(step)
        if step % 1000 == 0:
            say(step / steps)

    told, meters = findings_of(scenario, world, after_step), [meter.id for meter in scenario.area.meters]
    return score_fire(told, faults_of(scenario, strain), meters, duration_s=scenario.duration_s)
