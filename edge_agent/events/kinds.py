"""Kinds of findings and what they are to a back end: class, type, code, advice. Data, in one place.

The IEC 61968-9 codes differ between public code bases (mqtt_reliability.md 1.5), so they are configurable ([events] cim).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """``stream`` "a" is written to disk before anything else happens, "e" within 100 ms."""

    event_class: str
    type_name: str
    stream: str
    end_word: str = "end"
    cim_start: str = ""
    cim_end: str = ""
    is_supply: bool = False  # customers are without supply: it may be momentary, and it counts in the indices
    state_on: str = "open"   # of a finding that tells no state of its own
    cause: str = ""          # where a finding does not say
    could_be: tuple[str, ...] = ()     # where a finding does not say
    action: str


KINDS: dict[str, EventKind] = {
    "supply.lost": EventKind(
        event_class="outage",
        type_name="outage",
        stream="a",
        end_word="restore",
        cim_start="3.26.0.85",
        cim_end="3.26.0.216",
        is_supply=True,
        action="Send a crew to the place named; ask the meters listed again before switching.",
    ),
    "comm.lost": EventKind(
        event_class="comm",
        type_name="comm.lost",
        stream="e",
        action="Supply is present: check the concentrator's own bus, gateway and cabling before sending a line crew.",
    ),
    "supply.planned": EventKind(
        event_class="outage",
        type_name="supply.planned",
        stream="a",
        end_word="restore",
        is_supply=True,
        cause="planned",
        action="None; announced work. Check that supply is back when the time announced is over.",
    ),
    "supply.disconnected": EventKind(
        event_class="outage",
        type_name="supply.disconnected",
        stream="e",
        end_word="reconnect",
        cause="arrears",
        action="None; the customer was cut off by command. After payment check that supply is back.",
    ),
    "meter.silent": EventKind(
        event_class="comm",
        type_name="meter.silent",
        stream="e",
        state_on="unknown",       # outage.md 1.4: dead or mute, and never shown as healthy
        could_be=("supply lost at this meter", "module or meter failure"),
        action="One meter does not answer while its neighbours do: ask the customer whether there is supply; check meter and wiring.",
    ),
    "overload": EventKind(
        event_class="overload",
        type_name="overload",
        stream="e",
        cim_start="3.8.0.177",
        action="Ask the customer to switch load off; check terminals and conductor for heat at the next visit.",
    ),
    "voltage.low": EventKind(
        event_class="voltage",
        type_name="voltage.low",
        stream="e",
        cim_start="3.26.131.223",
        action="Compare with neighbours: one meter points to its service line, many to the tap position or an overloaded branch.",
    ),
    "voltage.high": EventKind(
        event_class="voltage",
        type_name="voltage.high",
        stream="e",
        cim_start="3.26.131.248",
        action="Compare with neighbours: check the tap position, feed-in nearby and, where phases differ, the neutral.",
    ),
    **{
        kind: EventKind(event_class=event_class, type_name=kind, stream=stream, action=action)
        for kind, event_class, stream, action in (
            ("transformer.overload", "overload", "a", "Shed or move load before the limit named is reached; read the oil temperature."),
            ("transformer.heavy_load", "overload", "e", "Plan relief: move load to another phase or transformer."),
            ("transformer.hot_spot", "overload", "a", "Shed load now: at the time named the winding reaches the limit."),
            ("phase.overload", "overload", "e", "One phase carries too much: move single-phase customers to another phase."),
            ("conductor.hot", "overload", "a", "Switch load off behind this conductor: its insulation is at the limit."),
            ("module.unplugged", "comm", "e", "Put the module back into its meter at the next visit; its silence is no outage."),
            ("meter.swapped", "comm", "e", "None; the meter is being replaced. Enter the new one in the archive."),
            ("area.transferred", "comm", "e", "Move the meter to the archive of the area named: it is supplied from there."),
            ("load.on", "load", "e", "None; a load was switched on."),
            ("load.ev", "load", "e", "None; where many charge at once, see the transformer's load."),
            ("load.e_bike", "load", "e", "Ask the customer where the e-bike is charged: never in a stairwell."),
            ("load.forbidden", "load", "e", "A resistive load that is not permitted here is on: ask the customer to switch it off."),
            ("customer.side_loss", "load", "e", "The meter lives, its load is gone: call the customer at once about a tripped breaker."),
            ("joint.loose", "fire", "a", "Tighten the terminals of this meter's service, live parts included; look for heat marks."),
            ("joint.intermittent", "fire", "a", "A contact opens and closes: find and tighten it at the next visit."),
            ("bypass.suspected", "tamper", "e", "The meter sees only part of the current: inspect it for a bypass."),
            ("neutral.open", "fire", "a", "Switch the place off: single-phase customers there have up to 380 V. Mend the neutral."),
            ("neutral.loose", "fire", "a", "Tighten the neutral's joints between this place and the transformer."),
            ("neutral.intermittent", "fire", "a", "The neutral opens and closes: find the joint before it burns open."),
            ("neutral.overvoltage", "fire", "a", "Switch the customers named off: their voltage is dangerous after a neutral was lost."),
            ("residual.level", "fire", "a", "Current leaks to earth above the limit: switch circuits off one by one, then release it."),
            ("residual.step", "fire", "e", "New leakage has appeared: look at what the customer named switched on."),
            ("residual.trend", "fire", "e", "Leakage rises day by day: measure the insulation."),
            ("temperature.level", "fire", "a", "A terminal is too hot: take load off and tighten it, then release the alarm."),
            ("temperature.rise", "fire", "a", "A terminal heats too fast or too much: take load off and tighten it."),
            ("temperature.uneven", "fire", "e", "One phase's terminal is hotter than the others: tighten it."),
            ("arc.series", "fire", "a", "A series arc burns in this circuit: switch it off and find the loose contact."),
            ("fire.risk", "fire", "a", "See the findings that make up this level; act means a crew today."),
        )
    },
}
_OTHER = EventKind(event_class="anomaly", type_name="anomaly", stream="e", action="Look at the evidence.")


def kind_of(finding_kind: str) -> EventKind:
    """What is known of a kind of finding; an unlisted one is an anomaly, so that no finding is ever dropped."""
    return KINDS.get(finding_kind, _OTHER)
