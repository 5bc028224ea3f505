"""The one table that turns findings into a fire-risk level: watch, warn, act.

``act`` sends a crew today, so it stays for what is measured directly (a displaced neutral, a terminal above its limit, counted arcs), for a
contact that turns as much power into heat as glows, and for two findings that do not rest on the same measurement. What is statistical
alone stays at watch or warn (detection.md sections 1 to 4; levels: needs.md 2.2).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.model.finding import Severity


class RiskLevel(enum.IntEnum):
    NONE = 0
    WATCH = 1      # keep an eye on it: look at the next visit
    WARN = 2       # plan a visit
    ACT = 3        # a crew today


SEVERITY_OF: Mapping[RiskLevel, Severity] = {RiskLevel.WATCH: "info", RiskLevel.WARN: "warning", RiskLevel.ACT: "alarm"}
LEVEL_OF: Mapping[str, RiskLevel] = {severity: level for level, severity in SEVERITY_OF.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``group``: what is measured. Findings of one group rest on the same measurement and do not confirm each other."""

    group: str
    warning: RiskLevel
    alarm: RiskLevel

    def level(self, severity: Severity) -> RiskLevel:
        return {"info": RiskLevel.NONE, "warning": self.warning, "alarm": self.alarm}[severity]


_NONE, _WATCH, _WARN, _ACT = RiskLevel
RULES: Mapping[str, Rule] = {
    # regression of voltage on current: a service joint and its neutral show in the same impedance
    "joint.loose": Rule(group="contact", warning=_WATCH, alarm=_ACT),
    "joint.intermittent": Rule(group="contact", warning=_WATCH, alarm=_WARN),
    "neutral.loose": Rule(group="contact", warning=_WATCH, alarm=_WARN),
    "neutral.intermittent": Rule(group="contact", warning=_WARN, alarm=_WARN),
    # the star point measured in closed form
    "neutral.open": Rule(group="star point", warning=_ACT, alarm=_ACT),
    "neutral.overvoltage": Rule(group="star point", warning=_WARN, alarm=_ACT),
    # currents against what the conductor or transformer bears
    "overload": Rule(group="load", warning=_WATCH, alarm=_WARN),
    "phase.overload": Rule(group="load", warning=_WATCH, alarm=_WARN),
    "conductor.hot": Rule(group="load", warning=_WARN, alarm=_ACT),
    "transformer.overload": Rule(group="load", warning=_WATCH, alarm=_WARN),
    "transformer.hot_spot": Rule(group="load", warning=_WARN, alarm=_ACT),
    "load.forbidden": Rule(group="load", warning=_WATCH, alarm=_WATCH),
    # sensors of their own
    "residual.level": Rule(group="leakage", warning=_WARN, alarm=_WARN),
    "residual.step": Rule(group="leakage", warning=_WATCH, alarm=_WATCH),
    "residual.trend": Rule(group="leakage", warning=_WATCH, alarm=_WATCH),
    "temperature.level": Rule(group="heat", warning=_WARN, alarm=_ACT),
    "temperature.rise": Rule(group="heat", warning=_WATCH, alarm=_WARN),
    "temperature.uneven": Rule(group="heat", warning=_WATCH, alarm=_WARN),
    "arc.series": Rule(group="arc", warning=_WARN, alarm=_ACT),
}
# together they are worse than one step more than the worse of them: the current that overloads also heats the contact
ACT_TOGETHER: tuple[tuple[str, str], ...] = (("overload", "joint.loose"), ("conductor.hot", "joint.loose"))


def combined_level(severities: Mapping[str, Severity]) -> RiskLevel:
    """Of all findings that are on at one place: kind -> its worst severity. Kinds without a rule say nothing of fire.

    The worst single level; one step more where findings of two groups are on.
    """
    levels = {kind: RULES[kind].level(severity) for kind, severity in severities.items() if kind in RULES}
    counting = {kind: level for kind, level in levels.items() if level}
    if not counting:
        return RiskLevel.NONE
    if any(one in counting and other in counting for one, other in ACT_TOGETHER):
        return RiskLevel.ACT
    independent = len({RULES[kind].group for kind in counting}) > 1
    return RiskLevel(min(RiskLevel.ACT, max(counting.values()) + independent))
