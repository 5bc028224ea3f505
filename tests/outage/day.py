"""An engine beside meters that are polled in turn: who is dark does not answer."""

from edge_agent.model import Evidence, Stage
from edge_agent.outage import OutageEngine, OutageSettings
from tests.detect.areas import archive, at, frame, sample

N = 12  # m0 m3 m6 m9 on f1/b1, m1 m4 m7 m10 on f1/b2, m2 m5 m8 m11 on f2/b1
B1 = (0, 3, 6, 9)
F1 = (0, 1, 3, 4, 6, 7, 9, 10)
ALL = tuple(range(N))
LIVE, DEAD = (230, 230, 230), (0, 0, 0)


class Day:
    """Polls every 10 s; who is dark does not answer."""

    def __init__(self, *, nodes=("f1/b1", "f1/b2", "f2/b1"), gasping_buses=(), **settings):
        self.engine = OutageEngine(archive(N, nodes=nodes), OutageSettings(**settings), gasping_buses=gasping_buses)
        self.frame = frame(N)
        self.seconds = 0
        self.findings = []

    def run(self, seconds, dark=(), supply=None, down=(), unread=()):
        for _ in range(seconds // 10):
            self.seconds += 10
            now_ms = at(self.seconds)
            self.frame.tick(now_ms)
            self.frame.supply_v[:] = float("nan") if supply is None else supply
            for index in range(N):
                self.frame.reachable[index] = index not in down
                if index in down or index in unread:
                    continue
                if index in dark:
                    self.frame.poll_failed(index, now_ms)
                else:
                    self.frame.take(sample(index, self.seconds, voltage_v__a=220.0))
            self.findings += self.engine.update(self.frame)
        return self

    def hear(self, kind, *meters, until=0):
        self.engine.take(Evidence(kind=kind, at_utc_ms=at(self.seconds), meters=meters, until_utc_ms=until), at(self.seconds))
        return self

    def told(self):
        """What began and ended."""
        return [
            (finding.kind, finding.stage.value, finding.place.kind, finding.place.id) for finding in self.findings
            if finding.stage is not Stage.CHANGE and (finding.outage is None or finding.outage.state != "closed")
        ]

    def states(self):
        return [finding.outage.state for finding in self.findings if finding.outage is not None]

    def begun(self, kind):
        return next(finding for finding in self.findings if finding.kind == kind and finding.stage is Stage.BEGIN)

    def last(self, kind):
        return [finding for finding in self.findings if finding.kind == kind][-1]
