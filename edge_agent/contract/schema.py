"""JSON Schema 2020-12 and AsyncAPI 3.0.0, generated from the message structs so that they cannot disagree with the code."""

from __future__ import annotations

from typing import Any

import msgspec

from edge_agent.contract.cim import CIM_NAMES
from edge_agent.contract.messages import SCHEMA_VERSION, Active, Birth, Event, Health, Loss, Reading, State, SystemEvent
from edge_agent.contract.topics import EVENT_CLASSES, ROOT

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID_ROOT = f"urn:hplc-edge:schema:v{SCHEMA_VERSION}"

# message -> (struct, channel address under the prefix, retained, QoS, what it is)
MESSAGES: dict[str, tuple[type[msgspec.Struct], str, bool, int, str]] = {
    "state": (State, "state", True, 1, "whether the agent is there; also its last will"),
    "birth": (Birth, "birth", True, 1, "meters, quantities, units"),
    "reading": (Reading, "m/{meter}/reading", False, 1, "one answer of one meter"),
    "event": (Event, "event/{class}", False, 1, "one revision of one event"),
    "system": (SystemEvent, "event/{class}", False, 1, "something about the agent itself"),
    "active": (Active, "active/{alarm}", True, 1, "an alarm that is on; cleared by an empty payload"),
    "loss": (Loss, "loss", False, 1, "a declared hole in a stream"),
    "health": (Health, "health", False, 0, "counters, once a minute"),
}


def json_schema(name: str) -> dict[str, Any]:
    """The schema of one message, complete in itself; ``x-cim`` names fields of events in CIM. Raises KeyError for an unknown name."""
    struct, *_ = MESSAGES[name]
    schema = msgspec.json.schema(struct)
    _name_in_cim(schema["$defs"])
    return {"$schema": DIALECT, "$id": f"{_ID_ROOT}:{name}", **schema}


def asyncapi() -> dict[str, Any]:
    """The whole contract as an AsyncAPI document; ``{area}`` and ``{agent}`` are parameters of every channel."""
    structs = [struct for struct, *_ in MESSAGES.values()]
    references, schemas = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    _name_in_cim(schemas)
    messages: dict[str, Any] = {}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for (name, (_, address, retained, qos, summary)), reference in zip(MESSAGES.items(), references, strict=True):
        messages[name] = {
            "name": name, "summary": summary, "contentType": "application/json", "payload": reference,
        }
        channel = address.split("/")[0] if name != "system" else "event"
        entry = channels.setdefault(channel, {
            "address": f"{ROOT}/{{area}}/{{agent}}/{address}", "messages": {}, "parameters": _parameters(address),
            "bindings": {"mqtt": {"bindingVersion": "0.2.0"}},
        })
        entry["messages"][name] = {"$ref": f"#/components/messages/{name}"}
        operations.setdefault(f"publish-{channel}", {
            "action": "send", "channel": {"$ref": f"#/channels/{channel}"},
            "bindings": {"mqtt": {"qos": qos, "retain": retained, "bindingVersion": "0.2.0"}},
        })
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "hplc-edge", "version": f"{SCHEMA_VERSION}.0.0",
            "description": "What an hplc-edge agent publishes. Key of a message for removing duplicates: agent, epoch, st, seq.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels, "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def _name_in_cim(schemas: dict[str, Any]) -> None:
    for field, found in schemas.get("EventBody", {}).get("properties", {}).items():
        if field in CIM_NAMES:
            found["x-cim"] = CIM_NAMES[field]


def _parameters(address: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "area": {"description": "transformer area"}, "agent": {"description": "agent, unique in its area"},
    }
    if "{meter}" in address:
        parameters["meter"] = {"description": "meter id"}
    if "{class}" in address:
        parameters["class"] = {"description": "class of event", "enum": list(EVENT_CLASSES)}
    if "{alarm}" in address:
        parameters["alarm"] = {"description": "event_id of the alarm"}
    return parameters
