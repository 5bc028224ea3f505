"""When a report leaves the CCO after a fault, as the timers of a module file alone imply; waiting for the medium comes on top."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_profiles.modules import ModuleProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Seconds after the fault."""

    least_s: float
    most_s: float

    def __contains__(self, delay_s: float) -> bool:
        return self.least_s <= delay_s <= self.most_s


def direct_window(module: ModuleProfile) -> Window:
    """The CCO hears the dying module itself: check, delays, any of the repeats, the CCO's gathering. Family A: 32 to 52 s."""
    dying, gather_s = module.dying, module.coordinator.gather_s
    sure_s = dying.check_s + dying.report_delay_s
    return Window(least_s=sure_s + dying.first_send_least_s + gather_s, most_s=sure_s + dying.sends * dying.repeat_s + gather_s)


def relay_window(module: ModuleProfile) -> Window:
    """Over one station with supply, which gathers as well. Family A: 62 to 82 s."""
    direct, relay = direct_window(module), module.relay
    return Window(least_s=direct.least_s + relay.gather_s, most_s=direct.most_s + relay.gather_s + relay.gather_random_s)
