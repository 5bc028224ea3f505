"""How likely faults are before there is evidence, and how far evidence can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class LocateSettings:
    """Chances are of one area and one window of evidence (some minutes).

    Attributes:
        outage_chance: of an outage at all; the shares say of which kind. Source: outage.md 1.4 (an assumption there, to be replaced by the
            history of the utility); phases and the fuse of one phase of a customer have what the named kinds leave.
        comm_chance: of a failure of communication at all; outage.md 1.4. How it is shared is an assumption of ours.
        false_gasp: of a last gasp of a meter that has supply; outage.md 1.4.
        poll_success: of one try at a meter that has supply and whose way is alive; outage.md 1.4.
        stale_answer: that an answer, or a voltage, is of a time before the fault after all.
        wrong_place_share: of the boxes and phases in the archive; outage.md 9.3.
        unheard_share: of the outages of a node, in which no last gasp can arrive: the conductor that carried the signal is broken
            (outage.md 1.1: delivery near 0 then; the share is an assumption of ours).
        reroute_chance: that a meter behind a relay that failed has found another way by the time it is asked. Small, because meters that
            have none at all (most, in the first minutes) share that fate, and here each counts on its own.
        phase_bit_error: that a living meter of three phases wrongly shows no voltage on one.
        mains_error: that the concentrator's own supply says the contrary of the transformer's.
        load_spread: standard deviation of the lost current as a share of what the meters drew last; they were not read at the same second.
        load_odds: how much the area meter may say for or against, per phase: loads fall for other reasons.
        gasp_floor: a last gasp that has come had at least this chance, however little time has passed.
        least_real: what is less likely to be an outage is not told at all.
    """

    outage_chance: float = 1e-3
    meter_share: float = 0.45
    meter_phase_share: float = 0.01
    box_share: float = 0.18
    branch_share: float = 0.10
    feeder_share: float = 0.05
    area_share: float = 0.03
    phase_share: float = 0.18
    comm_chance: float = 1e-2
    module_share: float = 0.6
    relay_share: float = 0.39
    bus_share: float = 0.01
    false_gasp: float = 5e-4
    poll_success: float = 0.98
    stale_answer: float = 1e-4
    wrong_place_share: float = 0.05
    unheard_share: float = 0.05
    reroute_chance: float = 0.02
    phase_bit_error: float = 1e-7
    mains_error: float = 1e-6
    load_spread: float = 0.1
    load_odds: float = 100.0
    gasp_floor: float = 0.3
    least_real: float = 0.05
    max_faults: int = 12

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("max_faults", "load_odds", "wrong_place_share") and not 0 < value <= 1:
                raise ValueError(f"{field.name} must be above 0 and at most 1, is {value}")
        if not 0 <= self.wrong_place_share < 1 or 1.0 in (self.poll_success, self.false_gasp, self.unheard_share):
            raise ValueError("wrong_place_share, poll_success, false_gasp and unheard_share must be below 1")
        if self.load_odds < 1 or self.max_faults < 1:
            raise ValueError("load_odds and max_faults must be at least 1")
