"""Every message of contract v1. Field names are the wire's; JSON Schema and AsyncAPI are generated from these structs.

Envelope: ``agent, epoch, st, seq`` is the key that consumers remove duplicates by; ``seq`` starts at 1 and has no holes within a stream
(a hole is declared in ``loss``). Unknown fields are to be ignored by consumers.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

SCHEMA_VERSION = 1

Id = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,32}$")]
Utc = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", description="RFC 3339, UTC, milliseconds")]
Count = Annotated[int, Meta(ge=0)]
Seq = Annotated[int, Meta(ge=1)]
Stream = Literal["a", "e", "s", "r"]
Severity = Literal["info", "warning", "alarm"]


class TimeQuality(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What ``ts`` may be trusted for; ``mono_ms`` counts since the start named ``boot`` and never steps."""

    src: Literal["ntp", "ptp", "gnss", "rtc", "meter", "none"]
    mono_ms: Count
    boot: str
    err_ms: Count | None = None


class Simulation(msgspec.Struct, kw_only=True, frozen=True):
    """Present only where what was read is simulated."""

    description: str
    speed: Annotated[float, Meta(gt=0)]


class _Envelope(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    v: Literal[1]
    agent: Id
    epoch: Annotated[int, Meta(ge=1)]
    st: Stream
    seq: Seq
    ts: Utc
    tq: TimeQuality
    sim: Simulation | None = None
    hist: Annotated[bool, Meta(description="sent more than 60 s after ts; added on sending, not part of the journaled record")] = False


class Reading(_Envelope, kw_only=True, frozen=True, omit_defaults=True):
    """One answer of one meter: ``data`` by column name (units in ``birth``); a value that was not given is left out."""

    meter: Id
    data: dict[str, float]
    q: Annotated[
        list[Literal["not_available", "implausible", "partial"]], Meta(description="what was doubtful; those values are left out of data")
    ] = []


class Precursor(msgspec.Struct, kw_only=True, frozen=True):
    """An earlier event at the place of an outage, or below or above it; ``severity`` is the worst that it had."""

    event_id: str
    kind: str
    severity: Severity
    scope: Literal["meter", "node", "area", "bus"]
    node_id: str
    begin: Utc


class Location(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Where the place is, from the archive; what is not known of it is that of the place above it."""

    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    address: str = ""
    pole: Annotated[str, Meta(description="number of pole or box, as painted on it")] = ""
    hv_line: Annotated[str, Meta(description="10 kV line: events of several areas with the same one may be one fault upstream")] = ""
    grid: Annotated[str, Meta(description="key of the responsible grid: manager, station")] = ""


class PriorityMeter(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A customer who must not wait; ``back`` once it has supply again."""

    id: Id
    tag: str
    back: bool = False


class Dispatch(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What the back end said last about a crew. It does not change what evidence says about the supply."""

    state: Literal["dispatched", "arrived", "cancelled"]
    at: Utc
    by: Annotated[str, Meta(description="crew or order")] = ""
    until: Annotated[Utc | None, Meta(description="when the back end expects the supply to be back")] = None


class EventBody(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One event at one revision. All revisions of an event go to one topic, in order.

    ``meters`` are those that the event is about now; once ``end`` is there, all that it took. ``meters_affected`` counts those still out.
    """

    event_id: str
    revision: Annotated[int, Meta(ge=1)]
    state: Literal[
        "suspected", "confirmed", "localised", "partial", "open", "unknown", "restored", "closed", "discarded"
    ]
    kind: str
    scope: Literal["meter", "node", "area", "bus"]
    node_id: str
    phases: str = ""
    begin: Utc
    end: Utc | None = None
    duration_s: Annotated[float, Meta(ge=0)] | None = None
    momentary: bool | None = None
    published: Utc
    evidence_from: Utc
    evidence_to: Utc
    score: float
    confidence: Annotated[float, Meta(ge=0, le=1)]
    observed: float | None = None
    threshold: float | None = None
    unit: str = ""
    evidence: dict[str, float] = {}
    could_be: Annotated[list[str], Meta(description="what the event could be confused with")] = []
    scope_ambiguous_with: list[str] = []
    meters_affected: Count
    original_meters_affected: Count
    meters: list[Id] = []
    suggested_action: str
    superseded_by: Annotated[str, Meta(description="the condition goes on as part of the event at this node")] = ""
    reopened: Annotated[int, Meta(ge=0, description="how often the condition came back after it had ended")] = 0
    precursors: Annotated[list[Precursor], Meta(description="of a loss of supply: events at that place that went before it")] = []
    incident: Annotated[str, Meta(description="identity of the fault within the agent: node_id may change, this does not")] = ""
    device: Literal["", "meter", "box", "branch", "feeder", "area", "bus"] = ""
    node_path: Annotated[list[str], Meta(description="area, then one name for each level down to the device")] = []
    verified: Annotated[bool | None, Meta(description="of an outage: evidence has confirmed it, once at least")] = None
    cause_kind: Literal["", "fault", "planned", "arrears", "customer", "unknown"] = ""
    work: Annotated[str, Meta(description="id of the planned work or ticket that explains it")] = ""
    reason: Annotated[str, Meta(description="why it was discarded")] = ""
    begin_uncertainty_s: Annotated[float, Meta(ge=0)] | None = None
    first_evidence: Utc | None = None
    reopened_at: Annotated[Utc | None, Meta(description="when the condition came back the last time")] = None
    retroactive: Annotated[bool, Meta(description="told from the memory of meters after it was over")] = False
    customers_served: Annotated[Count | None, Meta(description="customers at and below the place, with and without supply")] = None
    customers_restored: Count | None = None
    priority: Annotated[str, Meta(description="the most urgent tag of priority_meters")] = ""
    priority_meters: Annotated[list[PriorityMeter], Meta(description="most urgent first")] = []
    runner_up: Annotated[str, Meta(description="the second most likely explanation")] = ""
    odds: Annotated[float, Meta(ge=0, description="of what is told to the runner-up")] | None = None
    disagreeing: Annotated[list[Id], Meta(description="meters whose place or phase in the archive contradicts the evidence")] = []
    location: Location | None = None
    parent_id: Annotated[str, Meta(description="event whose restoration left this one behind")] = ""
    children: Annotated[list[str], Meta(description="events that this one's restoration left behind")] = []
    supersedes: Annotated[list[str], Meta(description="events that go on as part of this one")] = []
    superseded_by_event: str = ""
    dispatch: Dispatch | None = None
    suggested_action_zh: str = ""
    sentence_en: Annotated[str, Meta(description="one plain paragraph without symbols, to be read out")] = ""
    sentence_zh: Annotated[str, Meta(description="the same in Chinese")] = ""

    def revised(self, **changes: Any) -> EventBody:
        """A copy with other values in some fields."""
        return msgspec.structs.replace(self, **changes)


class Event(_Envelope, kw_only=True, frozen=True, omit_defaults=True):
    """``type`` is ``{kind}.start``, ``.change`` or ``.end`` (``outage.start``, ``outage.change``, ``outage.restore``).

    Also ``.close``, ``.discard``, ``.dispatch``, ``.merged`` and ``.withdrawn``.
    """

    type: str
    sev: Severity
    data: EventBody
    meter: Id | None = None
    cim: Annotated[str, Meta(description="IEC 61968-9 EndDeviceEvent code as seen in public code bases; configurable")] = ""


class Active(Event, kw_only=True, frozen=True, omit_defaults=True):
    """Retained on ``active/{event_id}`` while the event is on: its last revision, word for word. An empty payload clears it."""


class SystemEvent(_Envelope, kw_only=True, frozen=True, omit_defaults=True):
    """Something about the agent itself: a store fault, a refused topic."""

    type: str
    sev: Severity
    data: dict[str, str | int | float | bool]


class LossBody(msgspec.Struct, kw_only=True, frozen=True):
    stream: Stream
    from_seq: Seq
    to_seq: Seq
    reason: str


class Loss(_Envelope, kw_only=True, frozen=True, omit_defaults=True):
    """Records that will never come: a declared hole in a stream."""

    data: LossBody


class State(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Retained, and the last will. ``conn`` counts connections of this ``boot``: an older state cannot pass for a newer one."""

    v: Literal[1]
    agent: Id
    status: Literal["online", "offline", "lost"]
    epoch: Annotated[int, Meta(ge=1)]
    conn: Count
    boot: str
    ts: Utc
    version: str
    mqtt: Literal["5", "3.1.1"]
    refusals_visible: Annotated[bool, Meta(description="false on MQTT 3.1.1, where a broker cannot say that it refused a message")]
    birth_sha256: str = ""
    backlog: dict[str, int] = {}
    sim: Simulation | None = None


class QuantityInfo(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    unit: str
    obis: str = ""
    resolution: Annotated[float, Meta(gt=0)] | None = None


class MeterGroup(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Meters that share a profile; they give the columns named in ``quantities``."""

    profile: str
    model: str
    quantities: dict[str, QuantityInfo]
    meters: list[Id]


class Birth(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Retained: who is read, what each column means. Its hash stands in ``state``."""

    v: Literal[1]
    schema_version: int
    agent: Id
    area: Id
    epoch: Annotated[int, Meta(ge=1)]
    boot: str
    ts: Utc
    version: str
    clock: str
    groups: list[MeterGroup]
    nodes: Annotated[dict[str, list[Id]], Meta(description="path of each place that feeds meters -> its meters")] = {}
    area_meters: list[Id] = []
    sim: Simulation | None = None


class BusHealth(msgspec.Struct, kw_only=True, frozen=True):
    """Counters of one bus since the start of the agent."""

    up: bool
    counters: dict[str, float]


class Health(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How the agent is, once a minute, never stored."""

    v: Literal[1]
    agent: Id
    ts: Utc
    uptime_s: Annotated[float, Meta(ge=0)]
    rss_bytes: Count
    compiled: Annotated[bool, Meta(description="false where the plain twins of the kernels run")]
    meters: Count
    meters_answering: Count
    backlog: dict[str, int]
    journal_bytes: Count
    buses: dict[str, BusHealth]
    publish: dict[str, int]
    supply: str = ""
    sim: Simulation | None = None


class PastEvent(msgspec.Struct, kw_only=True, frozen=True):
    """What the agent keeps of an event that may turn out to have been a precursor; without an end it is on."""

    event_id: str
    kind: str
    severity: Severity
    scope: Literal["meter", "node", "area", "bus"]
    node_id: str
    phases: str
    begin_utc_ms: int
    end_utc_ms: int | None
    meters: list[Id]


class SavedEvent(msgspec.Struct, kw_only=True, frozen=True):
    """An event as the agent keeps it over a restart; ``message`` is its last revision as published, at ``sent_utc_ms``.

    ``is_unsent``: ``body`` says more than the last revision did, and waits for its turn; that one told ``sent_state``, "" = the same.
    """

    severity: Severity
    begin_utc_ms: int
    end_utc_ms: int | None
    body: EventBody
    message: str = ""
    sent_utc_ms: int = 0
    sent_state: str = ""
    is_unsent: bool = False

    def revised(self, **changes: Any) -> SavedEvent:
        """A copy with other values in some fields."""
        return msgspec.structs.replace(self, **changes)
