"""Contract v1 between the agent and back ends: topics, messages, envelope, schemas. Imports nothing else of ours."""

from edge_agent.contract.envelope import (
    Header,
    RecordKind,
    decode_saved_events,
    encode,
    frame_record,
    mark_historical,
    saved_event_of,
    split_record,
)
from edge_agent.contract.messages import (
    Active,
    Birth,
    BusHealth,
    Event,
    EventBody,
    Health,
    Loss,
    LossBody,
    MeterGroup,
    QuantityInfo,
    Reading,
    SavedEvent,
    Simulation,
    State,
    SystemEvent,
    TimeQuality,
)
from edge_agent.contract.readings import ReadingEncoder
from edge_agent.contract.topics import EVENT_CLASSES, Topics

__all__ = [
    "EVENT_CLASSES", "Active", "Birth", "BusHealth", "Event", "EventBody", "Header", "Health", "Loss", "LossBody", "MeterGroup", "QuantityInfo",
    "Reading", "ReadingEncoder", "RecordKind", "SavedEvent", "Simulation", "State", "SystemEvent", "TimeQuality", "Topics", "decode_saved_events", "encode", "frame_record",
    "mark_historical", "saved_event_of", "split_record",
]
