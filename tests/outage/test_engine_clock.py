"""A clock that is set in the middle of an outage, with and without a restart: one outage before, one after, each at its place."""

import pytest

from edge_agent.model import AreaFrame, EvidenceKind
from edge_agent.outage import OutageEngine, OutageSettings
from tests.outage.test_engine_gasps import Night, archive


class SetNight(Night):
    """Its clock can be set."""

    def set(self, seconds, *, restarts):
        if restarts:
            saved, self.engine = self.engine.save(), OutageEngine(self.archive, OutageSettings(), gasping_buses=["cco"])
            self.engine.load(saved)
            self.frame = AreaFrame.empty(len(self.archive.meters))
        self._due = [(due_s + seconds, meter) for due_s, meter in self._due]
        self.second += seconds
        return self


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("step_s", [86_400, 60, -60, -3600])
@pytest.mark.parametrize("when", ["before", "suspected", "localised"])
def test_each_outage_is_one_event_that_ends(when, step_s, restarts):
    night = SetNight(archive()).run(300)
    if when == "before":
        night.set(step_s, restarts=restarts).run(5)
    night.dark = set(range(8))
    night.run(40).hear(0, 1, 3, 6).run(2)
    if when == "suspected":
        night.set(step_s, restarts=restarts)
    night.run(100)
    if when == "localised":
        night.set(step_s, restarts=restarts)
    night.run(60)
    night.dark = set()
    night.run(20).hear(*range(8), kind=EvidenceKind.POWER_BACK).run(700)
    ends = {finding.outage.incident: (finding.outage.state, finding.place.id) for finding in night.findings}
    assert list(ends.values()) == [("closed", "f1/b1/x0")]
    assert night.engine.conditions() == set()
    night.dark = set(range(16, 24))
    night.run(40).hear(16, 17, 19, 22).run(100)
    assert night.states()[-1] == ("localised", "f1/b1/x2", "")
