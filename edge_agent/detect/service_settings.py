"""What may be set of the detection of loose joints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JointSettings:
    """Thresholds: detection.md section 1; bypass: section 7."""

    rise_ohm: float = 0.06          # of the impedance of the service
    z_min: float = 4.0
    alarm_power_w: float = 10.0     # in the joint, over ten minutes (method C); the rise is then taken three standard errors lower
    alarm_z_min: float = 6.0
    intermittent_ratio: float = 4.0
    intermittent_s: float = 1800.0
    bypass_share: float = 0.12      # unmetered current per metered current that makes a rise a bypass: a / (1 - a), from a = 0.11
    bypass_alone_share: float = 0.25     # the same without a rise of the impedance that can be told from none
    learn_days: float = 2.0
    learn_days_most: float = 7.0
    x_min_a: float = 0.3            # smaller steps of the current say nothing (class 1, 0.01 A)
    x_min_alone_a: float = 2.0      # the same for a meter that nothing can be compared with
    bin_s: float = 60.0
    block_s: float = 10800.0        # judged at the end of each block

    def __post_init__(self) -> None:
        if not 0.01 <= self.rise_ohm <= 5.0:
            raise ValueError(f"rise_ohm = {self.rise_ohm}: a service has some 0.05 to 0.5 ohm; 0.01 to 5 can be meant")
        if not 3.0 <= self.z_min <= self.alarm_z_min:
            raise ValueError("3 <= z_min <= alarm_z_min must hold: below three standard errors chance alarms every day")
        if not 1.0 <= self.alarm_power_w <= 1000.0:
            raise ValueError(f"alarm_power_w = {self.alarm_power_w}: a joint glows at 30 to 40 W; 1 to 1000 can be meant")
        if self.intermittent_ratio <= 1.0 or self.intermittent_s <= 0.0:
            raise ValueError("intermittent_ratio must be above 1, intermittent_s above 0")
        if not 0.02 <= self.bypass_share <= self.bypass_alone_share <= 20.0:
            raise ValueError("0.02 <= bypass_share <= bypass_alone_share <= 20 must hold: unmetered current per metered current")
        if not 0.0 < self.learn_days <= self.learn_days_most:
            raise ValueError("0 < learn_days <= learn_days_most must hold")
        if not 0.0 < self.x_min_a <= self.x_min_alone_a <= 50.0:
            raise ValueError("0 < x_min_a <= x_min_alone_a <= 50 must hold")
        if not 10.0 <= self.bin_s <= 900.0 or self.block_s < 10.0 * self.bin_s or self.block_s > 86_400.0:
            raise ValueError("bin_s must be 10 to 900, block_s at least ten bins and at most a day")
