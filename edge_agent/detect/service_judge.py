"""What is told of a service at the end of a block: a joint that begins, grows worse or is mended, or a bypass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.detect.service_settings import JointSettings
from edge_agent.detect.service_verdict import DAY_BLOCKS, Rise

_TELL_OHM, _TELL_SHARE, _TELL_BLOCKS = 0.015, 0.07, 4      # an estimate that moved is told again, at most twice a day
_LEAST_R0_OHM = 0.01
_ALARM_SHARE = 0.25            # of R0: what neighbours who switch together can make of a shared feeder
_SEVERE = 3.0                  # times the alarm's power, a joint that glows: for less a crew is not sent on one day's word
_SUPPORTS, _STEPS = 3, 20       # of blocks that show it by themselves: a burst of one evening is none; the alarms ask for one more

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockView:
    """What is known at the end of a block, shape (m,) each.

    ``drop`` is of its clearest window, ``day`` of the last day; ``loss_beside`` is the loss in the window of ``drop``, ``loss`` in its own.
    """

    drop: Rise
    day: Rise
    loss: Rise
    loss_beside: Rise
    is_judged: Flags
    has_loss: Flags
    r0_ohm: Floats
    peak_square: Floats            # A2, mean of ten minutes, largest of the last day
    nominal_v: Floats

    @property
    def power_w(self) -> Floats:
        """In the joint, if it is one."""
        return self.drop.rise_now * self.peak_square


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """Flags of shape (m,)."""

    begins: Flags
    changes: Flags
    ends: Flags
    is_alarm: Flags
    is_open: Flags                 # no loss is known that could tell a bypass from a joint
    bypass_begins: Flags
    bypass_ends: Flags


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """Of one kind of finding, shape (m,): ``level`` 0, 1 told, 2 as an alarm; blocks since it began and since it was told last."""

    level: npt.NDArray[np.int8]
    age: npt.NDArray[np.int32]
    told_age: npt.NDArray[np.int32]


def decide(
    view: BlockView, settings: JointSettings, *, loose: Told, bypass: Told, told_rise: Floats
) -> Decision:
    """A bypass of share a scales the apparent R by 1 / (1 - a) and loses a / (1 - a) of what is metered: rise / R0 in both.

    A joint loses 2 dR I / V of each ampere more, far less. Halfway between lies the border, where the loss is known well enough.
    """
    drop, loss, beside = view.drop, view.loss, view.loss_beside
    is_sudden = _is_plain(drop, settings.rise_ohm, 2.0 * settings.z_min)
    is_rise = view.is_judged & (is_sudden | _is_plain(view.day, settings.rise_ohm, settings.z_min))
    joint_share = 2.0 * drop.rise * np.sqrt(view.peak_square) / view.nominal_v
    bypass_share = drop.rise / np.maximum(view.r0_ohm, _LEAST_R0_OHM)
    border = 0.5 * (bypass_share + joint_share)
    can_tell = view.has_loss & (beside.se < bypass_share - joint_share)
    is_theft = can_tell & (beside.rise - beside.se > border) & (beside.rise > settings.bypass_share)
    is_no_theft = ~can_tell | (beside.rise + beside.se < border)       # in between: wait for more steps
    # where R0 is small a bypass hardly shows in R: the loss alone must then be sure, and R must agree
    fits = np.abs(drop.rise - view.r0_ohm * loss.rise) < 4.0 * drop.se
    is_sure = (loss.z > settings.alarm_z_min) & (loss.supports > _SUPPORTS) & (loss.steps >= 2 * _STEPS)
    is_lost = view.has_loss & (loss.rise > settings.bypass_alone_share) & is_sure
    is_bypass = (is_rise & is_theft) | (view.is_judged & is_lost & fits & ~(is_rise & can_tell & is_no_theft))
    is_joint = is_rise & ~is_bypass & is_no_theft & (bypass.level == 0)
    least_rise = drop.rise - 3.0 * drop.se
    is_certain = (least_rise * view.peak_square >= settings.alarm_power_w) & (least_rise > _ALARM_SHARE * view.r0_ohm)
    is_plain_to_see = (drop.z >= 2.0 * settings.alarm_z_min) & (least_rise * view.peak_square >= _SEVERE * settings.alarm_power_w)
    has_lasted = (loose.age >= DAY_BLOCKS) | is_plain_to_see
    is_alarm = is_joint & is_certain & has_lasted & (drop.z >= settings.alarm_z_min) & (drop.supports > _SUPPORTS) & (loose.level == 1)
    has_moved = np.abs(drop.rise_now - told_rise) > np.maximum(_TELL_OHM, _TELL_SHARE * told_rise)
    # the last day must lie after the begin, else it still holds what was before
    is_mended = (loose.age > DAY_BLOCKS) & (drop.day_most < settings.rise_ohm)
    is_returned = (bypass.age > DAY_BLOCKS) & (loss.day_most < settings.bypass_share) & ~is_bypass
    ends = (loose.level > 0) & (is_mended | is_bypass)
    return Decision(
        begins=is_joint & (loose.level == 0),
        changes=(is_alarm | (is_joint & (loose.level > 0) & has_moved & (loose.told_age >= _TELL_BLOCKS))) & ~ends,
        ends=ends, is_alarm=is_alarm, is_open=~can_tell,
        bypass_begins=is_bypass & (bypass.level == 0),
        bypass_ends=(bypass.level > 0) & is_returned,
    )


def _is_plain(rise: Rise, least_ohm: float, z_min: float) -> Flags:
    """What is less sure must have lasted a whole day: the R that neighbours make depends on the hour."""
    found: Flags = (rise.rise > least_ohm) & (rise.z > z_min) & (rise.supports >= _SUPPORTS) & (rise.steps >= _STEPS)
    return found
