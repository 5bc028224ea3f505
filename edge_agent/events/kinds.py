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
    is_supply: bool = False  # states are suspected, confirmed, restored
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
    "meter.silent": EventKind(
        event_class="comm",
        type_name="meter.silent",
        stream="e",
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
}
_OTHER = EventKind(event_class="anomaly", type_name="anomaly", stream="e", action="Look at the evidence.")


def kind_of(finding_kind: str) -> EventKind:
    """What is known of a kind of finding; an unlisted one is an anomaly, so that no finding is ever dropped."""
    return KINDS.get(finding_kind, _OTHER)
