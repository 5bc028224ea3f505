"""When an outage is told, and how firmly."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageSettings:
    """Times in seconds of the agent's clock. Source: outage.md 1.1 to 1.6, unless said otherwise.

    ``hold_s`` and ``hold_polled_s``: nothing is confirmed that has not lasted so long, through power lines and on polled buses; what is
    over before is momentary. ``silent_polls`` and ``silent_s``: when a meter that nothing else explains is told as silent.
    """

    suspect_from: float = 0.5
    confirm_from: float = 0.95
    confirm_single_from: float = 0.70     # ours: one last gasp and two failed polls come to 0.80 to 0.88, of a relay to 0.73
    localise_odds: float = 20.0           # ours: of the place told to the second
    discard_below: float = 0.1            # ours: a suspicion that has become this unlikely is taken back
    confirm_gasps: int = 3                # of one place, or one with ``confirm_polls`` failed polls
    confirm_polls: int = 2
    hold_s: float = 60.0
    hold_polled_s: float = 5.0
    silent_polls: int = 3
    silent_s: float = 30.0
    together_s: float = 60.0              # ours: how far one meter's last answer may lie behind another's first failure
    settle_s: float = 300.0               # ours: by then every meter in question has been asked more than once
    restored_share: float = 0.95
    stable_s: float = 180.0
    rejoin_s: float = 600.0
    gasp_after_s: float = 32.0            # no last gasp is reported sooner after a fault: the coordinator gathers first
    gasp_within_s: float = 82.0           # nor later, through one relay
    out_ratio: float = 0.60               # of the concentrator's mains, DL/T 698.45 object 3106
    in_ratio: float = 0.80
    nominal_voltage_v: float = 220.0
    supply_out_s: float = 1.0             # ours: a dip of the mains is no outage
    most_asked: int = 0                   # questions to meters for one unclear fault; 0 = as many as it takes
    asked_at_once: int = 10               # ours: whose answer is waited for; a coordinator has 20 reads in flight, the living need some
    witness_s: float = 75.0               # ours: nobody of a box behind a coordinator has answered for so long: one is asked; 0 = nobody
    ask_again_s: float = 10.0             # two polls at different times are two pieces of evidence

    def __post_init__(self) -> None:
        if not 0.0 < self.discard_below < self.suspect_from <= self.confirm_single_from <= self.confirm_from < 1.0:
            raise ValueError(
                "0 < discard_below < suspect_from <= confirm_single_from <= confirm_from < 1 must hold: they are probabilities"
            )
        if self.localise_odds < 1.0:
            raise ValueError(f"localise_odds = {self.localise_odds}: 1 or more")
        if min(self.confirm_gasps, self.confirm_polls, self.silent_polls) < 1 or min(self.most_asked, self.asked_at_once) < 0:
            raise ValueError("confirm_gasps, confirm_polls and silent_polls must be at least 1; most_asked and asked_at_once not negative")
        if not 0.0 < self.restored_share <= 1.0 or not 0.0 < self.out_ratio < self.in_ratio or self.nominal_voltage_v <= 0.0:
            raise ValueError("0 < restored_share <= 1, 0 < out_ratio < in_ratio and nominal_voltage_v above 0 must hold")
        times = (
            self.hold_s, self.hold_polled_s, self.silent_s, self.together_s, self.settle_s, self.stable_s, self.rejoin_s, self.gasp_after_s,
            self.gasp_within_s - self.gasp_after_s, self.supply_out_s, self.ask_again_s, self.witness_s,
        )
        if min(times) < 0.0:
            raise ValueError("times must not be negative, and gasp_within_s not below gasp_after_s")
